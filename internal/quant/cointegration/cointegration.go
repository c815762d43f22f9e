// Package cointegration tests whether prices keep together: Engle-Granger and
// Johansen, for one set of series or all pairs of a universe.
//
//	eg, err := cointegration.EngleGranger(logY, [][]float64{logX}, cointegration.EGParams{})
//	jo, err := cointegration.Johansen([]string{"Y", "X"}, [][]float64{logY, logX}, cointegration.JohansenParams{})
//
// A test says how surprising the data are without cointegration. Do not test the
// residual of a regression again with the tables for one series: they refuse too
// often.
package cointegration
