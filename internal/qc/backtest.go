package qc

import (
	"bytes"
	"context"
	"encoding/json"
)

// Backtest is a backtest as the API tells it.
type Backtest struct {
	ID           string            `json:"backtestId"`
	Project      int64             `json:"projectId"`
	Name         string            `json:"name"`
	Note         string            `json:"note"`
	Status       string            `json:"status"`
	Progress     float64           `json:"progress"`
	Completed    bool              `json:"completed"`
	Created      Time              `json:"created"`
	Start        Time              `json:"backtestStart"`
	End          Time              `json:"backtestEnd"`
	Error        string            `json:"error"`
	StackTrace   string            `json:"stacktrace"`
	Node         string            `json:"nodeName"`
	Tags         []string          `json:"tags"`
	Days         int               `json:"tradeableDates"`
	Parameters   Object            `json:"parameterSet"`
	Statistics   Object            `json:"statistics"`
	Runtime      Object            `json:"runtimeStatistics"`
	Server       Object            `json:"serverStatistics"`
	Charts       Object            `json:"charts"`
	Optimization string            `json:"optimizationId"`
	Rest         map[string]Number `json:"-"`
}

// Object is a JSON object; the API writes [] for an empty one.
type Object map[string]json.RawMessage

// UnmarshalJSON reads an object, and [] or null as none.
func (o *Object) UnmarshalJSON(raw []byte) error {
	*o = nil
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	return json.Unmarshal(raw, (*map[string]json.RawMessage)(o))
}

// Texts are the members as text: strings as they are, others as JSON.
func (o Object) Texts() map[string]string {
	out := make(map[string]string, len(o))
	for k, raw := range o {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			s = string(raw)
		}
		out[k] = s
	}
	return out
}

// Number is a JSON number.
type Number = json.Number

// numbers are the statistics of an entry in the list of backtests.
var numbers = []string{
	"sharpeRatio", "alpha", "beta", "compoundingAnnualReturn", "drawdown", "lossRate", "netProfit", "psr", "sortinoRatio", "trades", "treynorRatio", "winRate",
}

// CreateBacktest begins a backtest.
func (c *Client) CreateBacktest(ctx context.Context, project int64, compile, name string, parameters map[string]json.RawMessage) (Backtest, error) {
	in := body{"projectId": project, "compileId": compile, "backtestName": name}
	if len(parameters) > 0 {
		in["parameters"] = parameters
	}
	var out struct{ Backtest Backtest }
	return out.Backtest, c.Call(ctx, "backtests/create", in, &out)
}

// Backtest reads a backtest.
func (c *Client) Backtest(ctx context.Context, project int64, id string) (Backtest, error) {
	var out struct{ Backtest Backtest }
	return out.Backtest, c.Call(ctx, "backtests/read", one(project, id), &out)
}

func one(project int64, id string) body { return body{"projectId": project, "backtestId": id} }

// Backtests lists a project's backtests, with numbers where statistics is set.
func (c *Client) Backtests(ctx context.Context, project int64, statistics bool) ([]Backtest, error) {
	var out struct{ Backtests []json.RawMessage }
	if err := c.Call(ctx, "backtests/list", body{"projectId": project, "includeStatistics": statistics}, &out); err != nil {
		return nil, err
	}
	list := make([]Backtest, len(out.Backtests))
	for i, raw := range out.Backtests {
		if err := json.Unmarshal(raw, &list[i]); err != nil {
			return nil, err
		}
		var all map[string]json.RawMessage
		if !statistics || json.Unmarshal(raw, &all) != nil {
			continue
		}
		list[i].Rest = map[string]Number{}
		for _, name := range numbers {
			var n Number
			if json.Unmarshal(all[name], &n) == nil && n != "" {
				list[i].Rest[name] = n
			}
		}
	}
	return list, nil
}

// UpdateBacktest changes name and note, where they are given.
func (c *Client) UpdateBacktest(ctx context.Context, project int64, id string, name, note *string) error {
	in := one(project, id)
	put(in, "name", name)
	put(in, "note", note)
	return c.Call(ctx, "backtests/update", in, nil)
}

// DeleteBacktest deletes a backtest; one that runs is stopped.
func (c *Client) DeleteBacktest(ctx context.Context, project int64, id string) error {
	return c.Call(ctx, "backtests/delete", one(project, id), nil)
}

// Chart is one chart with its points, or how far its backtest is.
type Chart struct {
	Name   string            `json:"name"`
	Series map[string]Series `json:"series"`
	// Loading is set while the backtest runs; Progress tells how far.
	Loading  bool    `json:"-"`
	Progress float64 `json:"-"`
}

// Series is one line of a chart; a point begins with its unix second.
type Series struct {
	Name   string            `json:"name"`
	Unit   string            `json:"unit"`
	Values []json.RawMessage `json:"values"`
}

// Span bounds what is read of a chart; zero bounds mean everything.
type Span struct {
	Count      int
	Start, End int64 // unix seconds
}

// Chart reads a chart, thinned to the span's count.
func (c *Client) Chart(ctx context.Context, project int64, id, name string, s Span) (Chart, error) {
	in := one(project, id)
	in["name"], in["count"], in["start"], in["end"] = name, s.Count, s.Start, s.End
	var out struct {
		Chart    json.RawMessage
		Status   string
		Progress float64
	}
	if err := c.Call(ctx, "backtests/chart/read", in, &out); err != nil {
		return Chart{}, err
	}
	if len(out.Chart) == 0 || string(out.Chart) == "null" {
		return Chart{Name: name, Loading: out.Status == "loading", Progress: out.Progress}, nil
	}
	var chart struct {
		Name   string
		Series Object
	}
	if err := json.Unmarshal(out.Chart, &chart); err != nil {
		return Chart{}, err
	}
	made := Chart{Name: chart.Name, Series: map[string]Series{}}
	for k, raw := range chart.Series {
		var one Series
		if err := json.Unmarshal(raw, &one); err != nil {
			return Chart{}, err
		}
		made.Series[k] = one
	}
	return made, nil
}

// Order is an order of a backtest.
type Order struct {
	ID     int64 `json:"id"`
	Symbol struct {
		Value string `json:"value"`
		ID    string `json:"id"`
	} `json:"symbol"`
	Type      int          `json:"type"`
	Status    int          `json:"status"`
	Direction int          `json:"direction"`
	Quantity  json.Number  `json:"quantity"`
	Price     json.Number  `json:"price"`
	Currency  string       `json:"priceCurrency"`
	Value     json.Number  `json:"value"`
	Limit     *json.Number `json:"limitPrice"`
	Stop      *json.Number `json:"stopPrice"`
	Tag       string       `json:"tag"`
	Created   Time         `json:"createdTime"`
	Time      Time         `json:"time"`
	LastFill  Time         `json:"lastFillTime"`
	Events    []struct {
		Fee *json.Number `json:"orderFeeAmount"`
	} `json:"events"`
}

// Orders reads the orders from start to before end, at most 100, and tells how
// many there are.
func (c *Client) Orders(ctx context.Context, project int64, id string, start, end int) ([]Order, int, error) {
	in := one(project, id)
	in["start"], in["end"] = start, end
	var out struct {
		Orders []Order
		Length int
	}
	err := c.Call(ctx, "backtests/orders/read", in, &out)
	return out.Orders, out.Length, err
}

// Insight is a prediction of an alpha model.
type Insight struct {
	ID         string       `json:"id"`
	Source     string       `json:"sourceModel"`
	Generated  Time         `json:"generatedTime"`
	Close      Time         `json:"closeTime"`
	Ticker     string       `json:"ticker"`
	Type       string       `json:"type"`
	Direction  string       `json:"direction"`
	Period     float64      `json:"period"`
	Magnitude  *json.Number `json:"magnitude"`
	Confidence *json.Number `json:"confidence"`
	Weight     *json.Number `json:"weight"`
	Tag        string       `json:"tag"`
}

// Insights reads the insights from start to before end, at most 100, and tells
// how many there are.
func (c *Client) Insights(ctx context.Context, project int64, id string, start, end int) ([]Insight, int, error) {
	in := one(project, id)
	in["start"], in["end"] = start, end
	var out struct {
		Insights []Insight
		Length   int
	}
	err := c.Call(ctx, "backtests/read/insights", in, &out)
	return out.Insights, out.Length, err
}
