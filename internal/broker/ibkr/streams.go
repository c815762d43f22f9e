package ibkr

import (
	"context"
	"slices"
	"sync"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
)

// Streams are what users follow at TWS, each user's apart: the same name of two
// users is two streams.
type Streams struct {
	mu   sync.Mutex
	open map[streamKey]*Stream
}

type streamKey struct{ user, name string }

// mostStreams bounds what one user follows; TWS serves 100 lines of prices.
const mostStreams = 90

// NewStreams follows nothing yet.
func NewStreams() *Streams { return &Streams{open: map[streamKey]*Stream{}} }

// Fold takes one message into what a stream has; it tells whether that changed
// anything.
type Fold func(m tws.Message) (changed bool)

// Opener begins a subscription: what it folds into data.
type Opener func() (sub *client.Sub, fold Fold, data any, err error)

// Stream is a subscription with what has come of it. It runs while it is kept or
// somebody follows it.
type Stream struct {
	s    *Streams
	key  streamKey
	sub  *client.Sub
	fold Fold
	data any

	mu      sync.Mutex
	grown   chan struct{} // closed at the next change
	updates int
	last    time.Time
	ended   error
	over    bool

	kept  bool // guarded by Streams.mu, as is users
	users int
}

// Kept begins a stream that runs until Stop; already tells that it ran.
func (s *Streams) Kept(user, name string, open Opener) (st *Stream, already bool, err error) {
	if st, err = s.take(user, name, open); err != nil {
		return nil, false, err
	}
	s.mu.Lock()
	already, st.kept = st.kept, true
	st.users--
	s.mu.Unlock()
	return st, already, nil
}

// Follow begins a stream, or joins it where it runs; Leave it afterwards.
func (s *Streams) Follow(user, name string, open Opener) (*Stream, error) {
	return s.take(user, name, open)
}

func (s *Streams) take(user, name string, open Opener) (*Stream, error) {
	key := streamKey{user, name}
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.open[key]; st != nil {
		st.users++
		return st, nil
	}
	own := 0
	for k := range s.open {
		if k.user == user {
			own++
		}
	}
	if own >= mostStreams {
		return nil, fault.E("ibkr.Streams", fault.RateLimited, "you follow %d streams already", own).Hinted("Stop one first.")
	}
	sub, fold, data, err := open()
	if err != nil {
		return nil, faultOf("ibkr.Streams", err)
	}
	st := &Stream{s: s, key: key, sub: sub, fold: fold, data: data, grown: make(chan struct{}), users: 1}
	s.open[key] = st
	go st.run()
	return st, nil
}

// Stop ends what Kept began; false where there was nothing. Who follows the
// stream goes on to.
func (s *Streams) Stop(user, name string) bool {
	s.mu.Lock()
	st := s.open[streamKey{user, name}]
	was := st != nil && st.kept
	if was {
		st.kept = false
	}
	s.mu.Unlock()
	if was {
		st.rest()
	}
	return was
}

// Find gives a user's stream that runs.
func (s *Streams) Find(user, name string) (*Stream, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.open[streamKey{user, name}]
	return st, st != nil
}

// Names lists a user's streams that are kept, sorted.
func (s *Streams) Names(user string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for k, st := range s.open {
		if k.user == user && st.kept {
			out = append(out, k.name)
		}
	}
	slices.Sort(out)
	return out
}

// Leave ends a Follow.
func (st *Stream) Leave() {
	st.s.mu.Lock()
	st.users--
	st.s.mu.Unlock()
	st.rest()
}

// rest ends a stream that nobody wants any more.
func (st *Stream) rest() {
	st.s.mu.Lock()
	idle := !st.kept && st.users <= 0
	if idle && st.s.open[st.key] == st {
		delete(st.s.open, st.key)
	}
	st.s.mu.Unlock()
	if idle {
		st.sub.Close()
	}
}

func (st *Stream) run() {
	for m := range st.sub.C {
		st.mu.Lock()
		if st.fold(m) {
			st.updates++
			st.last = time.Now().UTC()
			close(st.grown)
			st.grown = make(chan struct{})
		}
		st.mu.Unlock()
	}
	st.s.mu.Lock()
	if st.s.open[st.key] == st {
		delete(st.s.open, st.key)
	}
	st.s.mu.Unlock()
	st.mu.Lock()
	defer st.mu.Unlock()
	st.over, st.ended = true, st.sub.Err()
	close(st.grown)
	st.grown = make(chan struct{})
}

// Look calls f while nothing changes, with the data, the number of changes so far
// and the time of the last.
func (st *Stream) Look(f func(data any, updates int, last time.Time)) {
	st.mu.Lock()
	defer st.mu.Unlock()
	f(st.data, st.updates, st.last)
}

// Wait waits until there were more than so many changes. It fails where the
// stream or ctx has ended.
func (st *Stream) Wait(ctx context.Context, after int) error {
	for {
		st.mu.Lock()
		grown, more, over, why := st.grown, st.updates > after, st.over, st.ended
		st.mu.Unlock()
		switch {
		case more:
			return nil
		case over && why != nil:
			return faultOf("ibkr.Streams", why)
		case over:
			return fault.E("ibkr.Streams", fault.Unavailable, "the stream has ended").Hinted("Begin it again.")
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
