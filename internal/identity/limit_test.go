package identity_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"quantdesk/internal/identity"
)

// TestLimiter makes calls at random moments and looks at every minute: never
// more than the limit, and no call refused while there was room.
func TestLimiter(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 1))
		now := time.Unix(1_700_000_000, 0)
		lim := identity.Limits{All: 1 + rng.IntN(12), Trade: 1 + rng.IntN(6)}
		l := &identity.Limiter{Platform: lim, Local: lim, Now: func() time.Time { return now }}
		var all, trades []time.Time
		within := func(list []time.Time) (n int) {
			for _, at := range list {
				if now.Sub(at) < time.Minute {
					n++
				}
			}
			return n
		}
		for call := range 600 {
			now = now.Add(time.Duration(rng.Int64N(int64(14 * time.Second))))
			if rng.IntN(4) == 0 { // exactly when the oldest leaves
				if k := within(all); k > 0 {
					now = all[len(all)-k].Add(time.Minute)
				}
			}
			trade := rng.IntN(3) == 0
			room := within(all) < lim.All && (!trade || within(trades) < lim.Trade)
			wait := l.Allow(identity.Principal{User: "u", Local: seed%2 == 0}, trade)
			if (wait == 0) != room {
				t.Fatalf("seed %d call %d: wait %s with %d of %d, trades %d of %d", seed, call, wait, within(all), lim.All, within(trades), lim.Trade)
			}
			if wait == 0 {
				all = append(all, now)
				if trade {
					trades = append(trades, now)
				}
				continue
			}
			if wait < 0 || wait > time.Minute {
				t.Fatalf("seed %d: wait %s", seed, wait)
			}
			// A nanosecond before the time told it does not fit, then it does.
			now = now.Add(wait - 1)
			if l.Allow(identity.Principal{User: "u", Local: seed%2 == 0}, trade) == 0 {
				t.Fatalf("seed %d call %d: it fitted before its time", seed, call)
			}
			now = now.Add(1)
			if again := l.Allow(identity.Principal{User: "u", Local: seed%2 == 0}, trade); again != 0 {
				t.Fatalf("seed %d call %d: told to wait %s, then %s more", seed, call, wait, again)
			}
			all = append(all, now)
			if trade {
				trades = append(trades, now)
			}
		}
	}
}

// TestLimiterRefusedIsNotCounted hammers a full window: it opens on time.
func TestLimiterRefusedIsNotCounted(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	l := &identity.Limiter{Platform: identity.Limits{All: 3, Trade: 1}, Now: func() time.Time { return now }}
	p := identity.Principal{User: "u"}
	if l.Allow(p, true) != 0 || l.Allow(p, true) == 0 {
		t.Fatal("want one trade")
	}
	// The refused trade took nothing of the other calls.
	for n, fits := range []bool{true, true, false} {
		if got := l.Allow(p, false) == 0; got != fits {
			t.Fatalf("call %d after the trade: let through %v, want three calls in all", n+1, got)
		}
	}
	for range 1000 {
		now = now.Add(59 * time.Millisecond)
		if l.Allow(p, false) == 0 {
			t.Fatalf("a fourth call after %s", now.Sub(time.Unix(1_700_000_000, 0)))
		}
	}
	now = time.Unix(1_700_000_060, 0)
	if wait := l.Allow(p, true); wait != 0 {
		t.Errorf("after a minute: wait %s", wait)
	}
	if l.Allow(identity.Principal{User: "other"}, true) != 0 {
		t.Error("another user has to wait")
	}
}

// TestLimiterChanges lowers, raises and closes a limit while it is in use, and
// sees more users than it remembers.
func TestLimiterChanges(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	l := &identity.Limiter{Platform: identity.Limits{All: 5, Trade: 5}, Now: func() time.Time { return now }}
	p := identity.Principal{User: "u"}
	for range 5 {
		if l.Allow(p, false) != 0 {
			t.Fatal("want five calls")
		}
	}
	l.Platform.All = 2
	if l.Allow(p, false) == 0 {
		t.Error("a lower limit lets one more through")
	}
	l.Platform.All = 6
	if l.Allow(p, false) != 0 || l.Allow(p, false) == 0 {
		t.Error("a higher limit wants exactly one more")
	}
	l.Platform.All = 0
	for i := range 10_050 { // nothing is let through, and nothing breaks
		if l.Allow(identity.Principal{User: fmt.Sprint(i)}, true) == 0 {
			t.Fatal("a closed limit lets one through")
		}
	}
}
