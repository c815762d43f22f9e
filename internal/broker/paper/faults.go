package paper

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"quantdesk/internal/num"
)

// Fault is one scripted misbehaviour.
type Fault struct {
	// Kind is reject (a refusal with Code and Text), partial_fill (a fill takes
	// at most Quantity), late_ack (the answer waits DelayMS), duplicate_ack (the
	// acceptance is told twice), disconnect (the call fails and nothing is
	// recorded) or lost_answer (the call fails and all is recorded).
	Kind string `json:"kind"`
	// Call is what it happens to: place (when empty), replace or cancel. Only
	// late_ack, disconnect and lost_answer happen to the latter two.
	Call string `json:"call,omitempty"`
	// Symbol limits it to one instrument, empty to none.
	Symbol string `json:"symbol,omitempty"`
	// It happens from the Nth such call (or fill) on, counted from 1, Times
	// times; zero means 1 for both.
	Nth   int `json:"nth,omitempty"`
	Times int `json:"times,omitempty"`
	// DelayMS is in milliseconds of the wall clock, at most ten minutes.
	DelayMS  int         `json:"delay_ms,omitempty"`
	Quantity num.Decimal `json:"quantity,omitzero"`
	Code     string      `json:"code,omitempty"`
	Text     string      `json:"text,omitempty"`
}

const (
	faultReject       = "reject"
	faultPartialFill  = "partial_fill"
	faultLateAck      = "late_ack"
	faultDuplicateAck = "duplicate_ack"
	faultDisconnect   = "disconnect"
	faultLostAnswer   = "lost_answer"
)

func (f Fault) delay() time.Duration { return time.Duration(f.DelayMS) * time.Millisecond }

// FaultScript is a list of faults with what has been counted so far. A nil
// script has none. It is safe for concurrent use.
type FaultScript struct {
	mu     sync.Mutex
	faults []Fault
	counts []int
}

// ParseFaults reads a JSON list of faults. Unknown fields and kinds, and values
// that make no sense, are errors.
func ParseFaults(raw []byte) (*FaultScript, error) {
	var s FaultScript
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s.faults); err != nil {
		return nil, fmt.Errorf("fault script: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("fault script: there is more after the list")
	}
	for i := range s.faults {
		f := &s.faults[i]
		f.Nth, f.Times = max(f.Nth, 1), max(f.Times, 1)
		if f.Call == "" {
			f.Call = string(callPlace)
		}
		if f.Kind == faultReject && f.Code == "" {
			f.Code, f.Text = "scripted", "refused by script"
		}
		switch bad := fmt.Sprintf("fault %d of the script", i+1); {
		case !slices.Contains([]string{faultReject, faultPartialFill, faultLateAck, faultDuplicateAck, faultDisconnect, faultLostAnswer}, f.Kind):
			return nil, fmt.Errorf("%s: kind %q is not known: use reject, partial_fill, late_ack, duplicate_ack, disconnect or lost_answer", bad, f.Kind)
		case !slices.Contains([]call{callPlace, callReplace, callCancel}, call(f.Call)):
			return nil, fmt.Errorf("%s: call %q is not known: use place, replace or cancel", bad, f.Call)
		case f.Call != string(callPlace) && (f.Kind == faultReject || f.Kind == faultPartialFill || f.Kind == faultDuplicateAck):
			return nil, fmt.Errorf("%s: %s happens to place only", bad, f.Kind)
		case f.Kind == faultPartialFill && f.Quantity.Sign() <= 0:
			return nil, fmt.Errorf("%s: partial_fill needs a quantity above zero", bad)
		case f.DelayMS < 0 || f.DelayMS > 600_000:
			return nil, fmt.Errorf("%s: delay_ms must be from 0 to 600000", bad)
		}
	}
	s.counts = make([]int, len(s.faults))
	return &s, nil
}

// call counts a call and gives the first fault that happens to it.
func (s *FaultScript) call(c call, symbol string) (Fault, bool) {
	if s == nil {
		return Fault{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var hit Fault
	found := false
	for i, f := range s.faults {
		if f.Kind == faultPartialFill || f.Call != string(c) || f.Symbol != "" && f.Symbol != symbol {
			continue
		}
		s.counts[i]++
		if n := s.counts[i]; !found && n >= f.Nth && n < f.Nth+f.Times {
			hit, found = f, true
		}
	}
	return hit, found
}

// capped tells the most the next fill in an instrument may take, if a fault
// limits it.
func (s *FaultScript) capped(symbol string) (num.Decimal, bool) {
	if s == nil {
		return num.Zero, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		next := s.counts[i] + 1
		if f.Kind == faultPartialFill && (f.Symbol == "" || f.Symbol == symbol) && next >= f.Nth && next < f.Nth+f.Times {
			return f.Quantity, true
		}
	}
	return num.Zero, false
}

// filled counts a fill.
func (s *FaultScript) filled(symbol string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Kind == faultPartialFill && (f.Symbol == "" || f.Symbol == symbol) {
			s.counts[i]++
		}
	}
}
