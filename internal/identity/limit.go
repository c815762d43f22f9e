package identity

import (
	"sync"
	"time"
)

// Limits are calls a minute.
type Limits struct {
	// All counts every call, Trade those that trade.
	All, Trade int
}

// Limiter counts calls of users over a sliding minute: at no moment have more
// than the limit been let through in the minute before it.
type Limiter struct {
	// Platform bounds users of platforms, Local the local user.
	Platform, Local Limits
	// Now is the wall clock; nil means time.Now.
	Now func() time.Time

	mu    sync.Mutex
	users map[string]*windows
}

type windows struct{ all, trade window }

// window holds the moments of the last calls in a ring.
type window struct {
	ring []time.Time
	next int
}

const minute = time.Minute

// wait tells how long until one more call fits, zero when it fits now.
func (w *window) wait(limit int, now time.Time) time.Duration {
	if limit <= 0 {
		return minute
	}
	if len(w.ring) != limit {
		w.resize(limit)
	}
	oldest := w.ring[w.next]
	if oldest.IsZero() {
		return 0
	}
	return max(0, minute-now.Sub(oldest))
}

func (w *window) take(now time.Time) {
	w.ring[w.next] = now
	w.next = (w.next + 1) % len(w.ring)
}

// resize keeps the newest moments when an operator changes a limit.
func (w *window) resize(limit int) {
	old := append(append([]time.Time(nil), w.ring[w.next:]...), w.ring[:w.next]...)
	if len(old) > limit {
		old = old[len(old)-limit:]
	}
	w.ring = append(make([]time.Time, limit-len(old)), old...)
	w.next = 0
}

// Allow counts a call of the user, or tells how long to wait for it to fit. A
// call that is refused is not counted.
func (l *Limiter) Allow(p Principal, trade bool) (wait time.Duration) {
	now := time.Now()
	if l.Now != nil {
		now = l.Now()
	}
	lim := l.Platform
	if p.Local {
		lim = l.Local
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.users == nil {
		l.users = map[string]*windows{}
	}
	w := l.users[p.User]
	if w == nil {
		l.forget(now)
		w = &windows{}
		l.users[p.User] = w
	}
	wait = w.all.wait(lim.All, now)
	if trade {
		wait = max(wait, w.trade.wait(lim.Trade, now))
	}
	if wait > 0 {
		return wait
	}
	w.all.take(now)
	if trade {
		w.trade.take(now)
	}
	return 0
}

// maxUsers bounds memory: beyond it, users idle for a minute are forgotten.
const maxUsers = 10_000

func (l *Limiter) forget(now time.Time) {
	if len(l.users) < maxUsers {
		return
	}
	for id, w := range l.users {
		newest := w.all.ring[(w.all.next+len(w.all.ring)-1)%len(w.all.ring)]
		if now.Sub(newest) > minute {
			delete(l.users, id)
		}
	}
}
