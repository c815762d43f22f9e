package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"quantdesk/internal/order"
)

// Fault is something that goes wrong when it is asked for.
type Fault struct {
	// Kind is drop (the connection of Client breaks; of all where it is not
	// given), lost (code 1100: the link to the market breaks, and no prices come),
	// restored (1102, or 1101 where data_lost is set: subscriptions are gone),
	// pacing (code 100 with the next message), delay_ack (what becomes of the next
	// orders is told so much later) or double_ack (it is told twice).
	Kind     string `json:"kind"`
	Client   *int64 `json:"client,omitempty"`
	DataLost bool   `json:"data_lost,omitempty"`
	// AfterMS waits before it happens; DelayMS is for delay_ack.
	AfterMS int `json:"after_ms,omitempty"`
	DelayMS int `json:"delay_ms,omitempty"`
	// Times is how often; 0 is once.
	Times int `json:"times,omitempty"`
}

var faultKinds = []string{"drop", "lost", "restored", "pacing", "delay_ack", "double_ack"}

// longest bounds the waits of faults.
const longest = 10 * 60 * 1000

// Check tells what is wrong with a fault.
func (f Fault) Check() error {
	switch {
	case !slices.Contains(faultKinds, f.Kind):
		return fmt.Errorf("the fault %q is not known: use %q", f.Kind, faultKinds)
	case f.AfterMS < 0 || f.AfterMS > longest || f.DelayMS < 0 || f.DelayMS > longest:
		return fmt.Errorf("a wait is 0 to %d ms", longest)
	case f.Kind == "delay_ack" && f.DelayMS == 0:
		return fmt.Errorf("delay_ack needs delay_ms")
	case f.Times < 0:
		return fmt.Errorf("times must not be below zero")
	}
	return nil
}

// faults are those that wait for their occasion.
type faults struct {
	mu      sync.Mutex
	lost    bool
	pace    int
	delay   time.Duration
	delays  int
	doubles int
}

// Inject makes a fault happen.
func (s *Server) Inject(f Fault) error {
	if err := f.Check(); err != nil {
		return err
	}
	time.AfterFunc(time.Duration(f.AfterMS)*time.Millisecond, func() { s.strike(f) })
	return nil
}

func (s *Server) strike(f Fault) {
	times := max(1, f.Times)
	x := &s.faults
	switch f.Kind {
	case "drop":
		s.each(func(c *client) {
			if f.Client == nil || *f.Client == c.id {
				c.cut()
			}
		})
	case "lost":
		x.mu.Lock()
		x.lost = true
		x.mu.Unlock()
		s.notice(1100, "Connectivity between IBKR and Trader Workstation has been lost.")
	case "restored":
		x.mu.Lock()
		x.lost = false
		x.mu.Unlock()
		if f.DataLost {
			s.each((*client).forget)
			s.notice(1101, "Connectivity between IBKR and Trader Workstation has been restored - data lost. Market data and account data subscription requests must be resubmitted.")
			return
		}
		s.notice(1102, "Connectivity between IBKR and Trader Workstation has been restored - data maintained.")
	case "pacing":
		x.mu.Lock()
		x.pace += times
		x.mu.Unlock()
	case "delay_ack":
		x.mu.Lock()
		x.delay, x.delays = time.Duration(f.DelayMS)*time.Millisecond, x.delays+times
		x.mu.Unlock()
	case "double_ack":
		x.mu.Lock()
		x.doubles += times
		x.mu.Unlock()
	}
}

// forget ends a client's subscriptions to data, as a lost link does.
func (c *client) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for t, stop := range c.tasks {
		if slices.Contains([]string{kindPrices, kindTicks, kindBars, kindDepth, kindKept, kindScan}, t.kind) {
			stop()
			delete(c.tasks, t)
		}
	}
}

// dataLost tells that no prices come.
func (x *faults) dataLost() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.lost
}

// pacing takes one breach of the message rate.
func (x *faults) pacing() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.pace == 0 {
		return false
	}
	x.pace--
	return true
}

// acknowledge is called before what an event says is told: it waits, until ctx
// ends at most, and gives how often to tell it.
func (x *faults) acknowledge(ctx context.Context, e order.Event) (times int) {
	if e.Kind != order.EventAccepted && e.Kind != order.EventReplaced {
		return 1
	}
	x.mu.Lock()
	times = 1
	var wait time.Duration
	if x.delays > 0 {
		x.delays--
		wait = x.delay
	}
	if x.doubles > 0 {
		x.doubles--
		times = 2
	}
	x.mu.Unlock()
	if wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
	return times
}

// Control is an HTTP handler for faults on demand: POST one as JSON.
func (s *Server) Control() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "POST a fault as JSON", http.StatusMethodNotAllowed)
			return
		}
		var f Fault
		dec := json.NewDecoder(io.LimitReader(r.Body, 1<<16))
		dec.DisallowUnknownFields()
		err := dec.Decode(&f)
		if err == nil {
			err = s.Inject(f)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
