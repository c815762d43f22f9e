package client

import (
	"context"
	"sync"
	"time"

	"quantdesk/internal/tws"
)

// pace keeps to so many messages a second.
type pace struct {
	mu   sync.Mutex
	most int
	sent []time.Time // of the last second, oldest first
}

// wait waits for the turn of one message.
func (p *pace) wait(ctx context.Context) error {
	if p.most <= 0 {
		return nil
	}
	for {
		p.mu.Lock()
		now := time.Now()
		for len(p.sent) > 0 && now.Sub(p.sent[0]) >= time.Second {
			p.sent = p.sent[1:]
		}
		if len(p.sent) < p.most {
			p.sent = append(p.sent, now)
			p.mu.Unlock()
			return nil
		}
		until := p.sent[0].Add(time.Second).Sub(now)
		p.mu.Unlock()
		if err := sleep(ctx, until); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// history keeps to the limits on bars of 30 seconds and less.
type history struct {
	mu   sync.Mutex
	asks []asked
}

type asked struct {
	at       time.Time
	key, all string
	weight   int
}

// The limits: of one and the same request, of one contract, of all.
const (
	sameApart   = 15 * time.Second
	burst       = 5
	burstWithin = 2 * time.Second
	most        = 60
	mostWithin  = 10 * time.Minute
)

var small = map[string]bool{"1 sec": true, "1 secs": true, "5 secs": true, "10 secs": true, "15 secs": true, "30 secs": true}

// wait waits until a request is within the limits, and counts it.
func (h *history) wait(ctx context.Context, m *tws.ReqHistoricalData) error {
	if !small[m.BarSize] {
		return nil
	}
	key := m.Contract.Symbol + "|" + m.Contract.LocalSymbol + "|" + m.Contract.Exchange + "|" + m.WhatToShow
	a := asked{key: key, all: key + "|" + m.End + "|" + m.Duration + "|" + m.BarSize, weight: 1}
	if m.WhatToShow == "BID_ASK" {
		a.weight = 2
	}
	for {
		h.mu.Lock()
		a.at = time.Now()
		until := h.next(a)
		if until <= 0 {
			h.asks = append(h.asks, a)
		}
		h.mu.Unlock()
		if until <= 0 {
			return nil
		}
		if err := sleep(ctx, until); err != nil {
			return err
		}
	}
}

// next is how long a request must wait yet.
func (h *history) next(a asked) (until time.Duration) {
	kept := h.asks[:0]
	window, recent := 0, 0
	var oldest, first time.Time
	for _, x := range h.asks {
		age := a.at.Sub(x.at)
		if age >= mostWithin {
			continue
		}
		kept = append(kept, x)
		if window += x.weight; oldest.IsZero() {
			oldest = x.at
		}
		if x.all == a.all && age < sameApart {
			until = max(until, sameApart-age)
		}
		if x.key == a.key && age < burstWithin {
			if recent += x.weight; first.IsZero() {
				first = x.at
			}
		}
	}
	h.asks = kept
	if recent+a.weight > burst {
		until = max(until, burstWithin-a.at.Sub(first))
	}
	if window+a.weight > most {
		until = max(until, mostWithin-a.at.Sub(oldest))
	}
	return until
}
