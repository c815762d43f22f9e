package qcapi

import (
	"encoding/json"
	"math"

	"quantdesk/internal/fault"
)

// span is the part of a chart that is asked for.
type span struct {
	count      int
	start, end int64 // unix seconds, both inclusive
}

// defaultCount bounds the points of a series where nobody says.
const defaultCount = 1000

// chartSpan reads the bounds: none, or 0 and 0, mean everything.
func chartSpan(count, start, end *int64) (span, error) {
	s := span{count: defaultCount, end: math.MaxInt64}
	if count != nil {
		if *count < 1 {
			return s, fault.E("qcapi.chartSpan", fault.Invalid, "count must be 1 or more")
		}
		s.count = int(min(*count, 100_000))
	}
	if start != nil {
		s.start = *start
	}
	if end != nil && (*end != 0 || s.start != 0) {
		s.end = *end
	}
	if s.start < 0 || s.start > s.end {
		return s, fault.E("qcapi.chartSpan", fault.Invalid, "start must not be after end")
	}
	return s, nil
}

// cut keeps the points of the span, thinned evenly to the count with the last
// one among them.
func (s span) cut(raw json.RawMessage) (map[string]json.RawMessage, error) {
	var chart map[string]json.RawMessage
	if err := json.Unmarshal(raw, &chart); err != nil {
		return nil, err
	}
	if len(chart["series"]) == 0 || chart["series"][0] != '{' {
		return chart, nil
	}
	var series map[string]map[string]json.RawMessage
	if err := json.Unmarshal(chart["series"], &series); err != nil {
		return nil, err
	}
	for _, one := range series {
		var points []json.RawMessage
		if len(one["values"]) == 0 || one["values"][0] != '[' {
			continue
		}
		if err := json.Unmarshal(one["values"], &points); err != nil {
			return nil, err
		}
		kept, err := json.Marshal(s.thin(points))
		if err != nil {
			return nil, err
		}
		one["values"] = kept
	}
	var err error
	chart["series"], err = json.Marshal(series)
	return chart, err
}

func (s span) thin(points []json.RawMessage) []json.RawMessage {
	in := []json.RawMessage{}
	for _, p := range points {
		if at, ok := moment(p); !ok || at >= s.start && at <= s.end {
			in = append(in, p)
		}
	}
	n := len(in)
	if n <= s.count {
		return in
	}
	if s.count == 1 {
		return in[n-1:]
	}
	out := make([]json.RawMessage, s.count)
	for i := range out {
		out[i] = in[i*(n-1)/(s.count-1)]
	}
	return out
}

// moment is the time of a point: [seconds, …] or {"x": seconds}.
func moment(p json.RawMessage) (int64, bool) {
	var list []json.RawMessage
	if json.Unmarshal(p, &list) == nil && len(list) > 0 {
		return seconds(list[0])
	}
	var object struct{ X json.RawMessage }
	if json.Unmarshal(p, &object) == nil && object.X != nil {
		return seconds(object.X)
	}
	return 0, false
}

func seconds(raw json.RawMessage) (int64, bool) {
	var v float64
	if json.Unmarshal(raw, &v) != nil {
		return 0, false
	}
	return int64(v), true
}
