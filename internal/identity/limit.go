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

// window holds the moments of the calls of the last minute, oldest first, in
// nanoseconds: its memory follows the calls, not the limit.
type window struct {
	times []int64
	head  int // those before it are older than a minute
}

const minute = time.Minute

// wait tells how long until one more call fits, zero when it fits now.
func (w *window) wait(limit int, now time.Time) time.Duration {
	if limit <= 0 {
		return minute
	}
	cut := now.Add(-minute).UnixNano()
	for w.head < len(w.times) && w.times[w.head] <= cut {
		w.head++
	}
	if w.head > len(w.times)/2 {
		w.times, w.head = w.times[:copy(w.times, w.times[w.head:])], 0
	}
	if live := w.times[w.head:]; len(live) >= limit {
		return time.Duration(live[len(live)-limit] - cut)
	}
	return 0
}

func (w *window) take(now time.Time) { w.times = append(w.times, now.UnixNano()) }

func (w *window) newest() time.Time {
	if len(w.times) == 0 {
		return time.Time{}
	}
	return time.Unix(0, w.times[len(w.times)-1])
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
		if now.Sub(w.all.newest()) > minute {
			delete(l.users, id)
		}
	}
}
