package golden

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"quantdesk/internal/quant"
)

// call is a case that runs.
type call struct {
	goldenCase
	t *testing.T
	f *file
}

// params reads the case's parameters into v.
func (c *call) params(v any) {
	c.t.Helper()
	if len(c.Params) == 0 {
		return
	}
	if err := json.Unmarshal(c.Params, v); err != nil {
		c.t.Fatal(err)
	}
}

// input reads an input that is no series into v; it tells whether it is there.
func (c *call) input(name string, v any) bool {
	c.t.Helper()
	raw, ok := c.Inputs[name]
	if ok {
		if err := json.Unmarshal(raw, v); err != nil {
			c.t.Fatal(err)
		}
	}
	return ok
}

// source is how an input names what it takes.
type source struct {
	Whole      *string         `json:"$series"`
	Series     *string         `json:"series"`
	Prices     *string         `json:"prices"`
	Values     json.RawMessage `json:"values"`
	Column     *int            `json:"column"`
	Columns    []int           `json:"columns"`
	Rows       []int           `json:"rows"`
	ReturnKind string          `json:"return_kind"`
	Transform  string          `json:"transform"`
}

// columns are the columns of an input, and nil where there is no such input. An
// input that is missing may be made from the case's prices.
func (c *call) columns(name string) [][]float64 {
	c.t.Helper()
	if raw, ok := c.Inputs[name]; ok {
		return c.resolve(raw)
	}
	raw, ok := c.Inputs["prices"]
	if !ok {
		return nil
	}
	var named string
	if json.Unmarshal(raw, &named) == nil { // the inputs are the source themselves
		whole, err := json.Marshal(c.Inputs)
		if err != nil {
			c.t.Fatal(err)
		}
		return c.resolve(whole)
	}
	var how source
	c.input("return_kind", &how.ReturnKind)
	c.input("transform", &how.Transform)
	return transform(c.resolve(raw), how)
}

// series is the one column of an input, nil where there is none.
func (c *call) series(name string) []float64 {
	c.t.Helper()
	cols := c.columns(name)
	switch len(cols) {
	case 0:
		return nil
	case 1:
		return cols[0]
	}
	c.t.Fatalf("%s has %d columns", name, len(cols))
	return nil
}

func (c *call) resolve(raw json.RawMessage) [][]float64 {
	c.t.Helper()
	var s source
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		if err := json.Unmarshal(raw, &s); err != nil {
			c.t.Fatal(err)
		}
	} else {
		s.Values = raw
	}
	values := s.Values
	for _, name := range []*string{s.Whole, s.Series, s.Prices} {
		if name != nil {
			if values = c.f.Series[*name]; values == nil {
				c.t.Fatalf("there is no series %s", *name)
			}
		}
	}
	cols := c.matrix(values)
	if s.Column != nil {
		s.Columns = []int{*s.Column}
	}
	if s.Columns != nil {
		var some [][]float64
		for _, i := range s.Columns {
			some = append(some, cols[i])
		}
		cols = some
	}
	if len(s.Rows) == 2 {
		for i := range cols {
			cols[i] = cols[i][s.Rows[0]:s.Rows[1]]
		}
	}
	return transform(cols, s)
}

func transform(cols [][]float64, s source) [][]float64 {
	for i, x := range cols {
		switch {
		case s.ReturnKind == "simple":
			cols[i] = quant.Returns(x)
		case s.ReturnKind == "log":
			cols[i] = quant.LogReturns(x)
		case s.Transform == "log":
			cols[i] = quant.Logs(x)
		}
	}
	return cols
}

// matrix reads a vector, or rows, into columns; null becomes NaN.
func (c *call) matrix(raw json.RawMessage) [][]float64 {
	c.t.Helper()
	var vector []*float64
	if json.Unmarshal(raw, &vector) == nil {
		return [][]float64{numbers(vector)}
	}
	var rows [][]*float64
	if err := json.Unmarshal(raw, &rows); err != nil {
		c.t.Fatal(err)
	}
	cols := make([][]float64, len(rows[0]))
	for i := range rows[0] {
		cols[i] = make([]float64, len(rows))
		for k, row := range rows {
			cols[i][k] = numbers(row[i : i+1])[0]
		}
	}
	return cols
}

func numbers(list []*float64) []float64 {
	out := make([]float64, len(list))
	for i, v := range list {
		if out[i] = math.NaN(); v != nil {
			out[i] = *v
		}
	}
	return out
}
