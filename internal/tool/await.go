package tool

import (
	"context"
	"time"
)

// Wait is embedded in the input of tools that may wait for what they began. It
// stays within the gate's deadline.
type Wait struct {
	Seconds float64 `json:"wait_seconds,omitempty" jsonschema:"Wait up to so long for the end, with progress. Default: do not wait." minimum:"0" maximum:"50"`
}

// Await looks until the work is done or the time is over, and reports progress
// between looks. That the time is over is no error: the last look counts.
func (c *Call) Await(ctx context.Context, w Wait, look func() (done bool, p Progress, err error)) error {
	const first, slowest = 50 * time.Millisecond, time.Second
	over := time.NewTimer(time.Duration(w.Seconds * float64(time.Second)))
	defer over.Stop()
	for pause := first; ; pause = min(pause*3/2, slowest) {
		done, p, err := look()
		if err != nil || done || w.Seconds <= 0 {
			return err
		}
		c.Report(p)
		select {
		case <-time.After(pause):
		case <-over.C:
			_, _, err := look()
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
