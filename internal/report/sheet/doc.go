// Package sheet draws what research found: a tear sheet of two pages, and charts,
// as PDF with vectors and text, as PNG and as SVG, and writes the numbers behind
// them as CSV, XLSX and Parquet. The same input gives the same bytes.
//
// It knows neither research nor tools: the caller fills the structs.
//
//	d, err := sheet.Tearsheet{Title: "Four stocks", Times: times, Returns: returns}.Drawing()
//	pdf, err := d.Render(sheet.PDF)
package sheet
