package server

import (
	"context"
	"sync"
	"time"

	"quantdesk/internal/tws"
)

// limiter counts a client's messages in the last second.
type limiter struct {
	times    []time.Time
	breaches int
}

// maxBreaches is how often a client may be too fast before it is cut off.
const maxBreaches = 3

// pace holds a client to the message rate: it is told (code 100) and cut off at
// the third breach, or made to wait where it asked for that. It tells whether
// the client stays.
func (c *client) pace(ctx context.Context) bool {
	most := c.s.cfg.Pace
	if c.s.faults.pacing() {
		c.fail(-1, 100, "Max rate of messages per second has been exceeded:max=%d rec=%d (%d)", most, most+1, 1)
	}
	if most <= 0 {
		return true
	}
	now := time.Now()
	l := &c.limit
	if len(l.times) < most {
		l.times = append(l.times, now)
		return true
	}
	oldest := l.times[0]
	copy(l.times, l.times[1:])
	l.times[len(l.times)-1] = now
	early := time.Second - now.Sub(oldest)
	if early <= 0 {
		return true
	}
	if c.queue {
		select {
		case <-time.After(early):
			l.times[len(l.times)-1] = time.Now()
			return true
		case <-ctx.Done():
			return false
		}
	}
	l.breaches++
	l.times = l.times[:0] // one breach for a burst
	c.fail(-1, 100, "Max rate of messages per second has been exceeded:max=%d rec=%d (%d)", most, most+1, l.breaches)
	if l.breaches < maxBreaches {
		return true
	}
	c.close("it sends too fast")
	return false
}

// pacing is TWS's limits on historical data for small bars.
type pacing struct {
	mu   sync.Mutex
	asks []historyAsk
}

type historyAsk struct {
	at            time.Time
	contract, all string
	weight        int
}

// The limits: a window, and what it may hold.
const (
	sameWithin   = 15 * time.Second
	burstWithin  = 2 * time.Second
	burstMost    = 6
	windowWithin = 10 * time.Minute
	windowMost   = 60
)

// take counts a request and tells why it is too many, or nothing.
func (p *pacing) take(now time.Time, m *tws.ReqHistoricalData, contract string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := contract + "|" + m.Contract.Exchange + "|" + m.WhatToShow
	all := key + "|" + m.End + "|" + m.Duration + "|" + m.BarSize
	weight := 1
	if m.WhatToShow == "BID_ASK" {
		weight = 2
	}
	kept, burst, window := p.asks[:0], 0, 0
	same := false
	for _, a := range p.asks {
		age := now.Sub(a.at)
		if age >= windowWithin {
			continue
		}
		kept = append(kept, a)
		window += a.weight
		same = same || age < sameWithin && a.all == all
		if age < burstWithin && a.contract == key {
			burst += a.weight
		}
	}
	p.asks = kept
	switch {
	case same:
		return "identical requests within 15 seconds"
	case burst+weight > burstMost:
		return "six or more requests for the same contract within 2 seconds"
	case window+weight > windowMost:
		return "more than 60 requests within 10 minutes"
	}
	p.asks = append(p.asks, historyAsk{now, key, all, weight})
	return ""
}
