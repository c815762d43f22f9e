package client_test

import (
	"bufio"
	"net"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/num"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
)

// The flood: so many subscriptions, and so many ticks a second over all of them.
const (
	floodSubs = 100
	floodRate = 100_000
)

// flood is a TWS that takes subscriptions and, once all are there, sends n ticks
// at the rate, as frames of a tick for each subscription in turn.
func flood(b *testing.B, ln net.Listener, n int, sent chan<- time.Duration) {
	conn, err := ln.Accept()
	if err != nil {
		b.Error(err)
		return
	}
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	if _, err := r.Discard(8 + len("v176..178")); err != nil {
		b.Error(err)
		return
	}
	frames := tws.AppendFields(nil, "178", "20260102 10:00:00 EST")
	for _, m := range []tws.Message{&tws.ManagedAccounts{Accounts: account}, &tws.NextValidID{OrderID: 1}} {
		if frames, err = tws.Append(frames, m, tws.MaxVersion); err != nil {
			b.Error(err)
			return
		}
	}
	if _, err := conn.Write(frames); err != nil {
		b.Error(err)
		return
	}
	var round []byte
	for subs := 0; subs < floodSubs; {
		payload, err := tws.ReadFrame(r, nil)
		if err != nil {
			b.Error(err)
			return
		}
		m, err := tws.DecodeRequest(payload, tws.MaxVersion)
		if err != nil {
			b.Error(err)
			return
		}
		if ask, ok := m.(*tws.ReqMktData); ok {
			subs++
			tick := &tws.TickPrice{ReqID: ask.ReqID, TickType: 1, Price: tws.Num(num.MustParse("258.59")), Size: num.FromInt(900), Mask: 1}
			if round, err = tws.Append(round, tick, tws.MaxVersion); err != nil {
				b.Error(err)
				return
			}
		}
	}
	begun := time.Now()
	for done := 0; done < n; done += floodSubs {
		due := begun.Add(time.Duration(done) * time.Second / floodRate)
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		if _, err := conn.Write(round); err != nil {
			b.Error(err)
			return
		}
	}
	sent <- time.Since(begun)
	_, _ = r.ReadByte() // until the client leaves
}

// BenchmarkFlood takes a tick per iteration at 100,000 a second over 100
// subscriptions, each with a reader of its own: give -benchtime 500000x for five
// seconds. It fails where a tick is lost.
func BenchmarkFlood(b *testing.B) {
	ln, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	each := (b.N + floodSubs - 1) / floodSubs
	sent := make(chan time.Duration, 1)
	var wg sync.WaitGroup
	wg.Go(func() { flood(b, ln, each*floodSubs, sent) })
	c := dial(b, client.Config{Addr: ln.Addr().String(), ClientID: 1, Pace: -1})
	var readers sync.WaitGroup
	begun := make([]*client.Sub, 0, floodSubs)
	for range floodSubs {
		s, err := c.MarketData(b.Context(), apple, "", 0)
		if err != nil {
			b.Fatal(err)
		}
		begun = append(begun, s)
		readers.Go(func() {
			for range each {
				if _, ok := <-s.C; !ok {
					b.Error("a subscription ended:", s.Err())
					return
				}
			}
		})
	}
	readers.Wait()
	took := <-sent
	for i, s := range begun {
		if s.Dropped() != 0 || len(s.C) != 0 {
			b.Errorf("subscription %d dropped %d ticks, and %d are too many", i, s.Dropped(), len(s.C))
		}
	}
	b.ReportMetric(float64(each*floodSubs)/took.Seconds(), "ticks/s")
	c.Close()
	wg.Wait()
}
