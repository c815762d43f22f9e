package feed

import "time"

// Clock is a venue's clock.
type Clock interface {
	Now() time.Time
	// Back is the venue's time a stretch of wall time ago.
	Back(wall time.Duration) time.Time
}

// Wall is a venue that lives in real time.
type Wall struct{}

// Now is the real time.
func (Wall) Now() time.Time { return time.Now() }

// Back is the real time a while ago.
func (Wall) Back(d time.Duration) time.Time { return time.Now().Add(-d) }

// Replay is a venue that runs a recorded stretch of time over and over.
type Replay struct {
	open, close time.Time
	speed       float64
	now         func() time.Time
	begun       time.Time
}

// NewReplay begins the stretch [open, close) now and runs it speed times as fast
// as real time.
func NewReplay(open, closes time.Time, speed float64, now func() time.Time) *Replay {
	if now == nil {
		now = time.Now
	}
	if speed <= 0 {
		speed = 1
	}
	return &Replay{open: open, close: closes, speed: speed, now: now, begun: now()}
}

// Now is the recorded time that is being replayed.
func (r *Replay) Now() time.Time { return r.at(r.now().Sub(r.begun)) }

// Back is the recorded time a stretch of wall time ago, not before the open.
func (r *Replay) Back(d time.Duration) time.Time {
	if t := r.Now().Add(-time.Duration(float64(d) * r.speed)); t.After(r.open) {
		return t
	}
	return r.open
}

// Speed is how many times as fast as real time it runs.
func (r *Replay) Speed() float64 { return r.speed }

// Span is the recorded stretch.
func (r *Replay) Span() (open, closes time.Time) { return r.open, r.close }

func (r *Replay) at(passed time.Duration) time.Time {
	span := r.close.Sub(r.open)
	into := time.Duration(float64(passed) * r.speed)
	if span > 0 {
		into %= span
	}
	return r.open.Add(into)
}
