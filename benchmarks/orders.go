package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// policyForLoad keeps the day's limits out of a benchmark's way.
const policyForLoad = `{"limits":{"max_day_orders":100000000,"max_day_notional":1000000000000,"max_day_quantity":1000000000000}}`

// orders sends 100 orders a second over MCP, each a ticket and its
// confirmation, alternately buying and selling one share.
func orders(bin, work string, span time.Duration) error {
	home := filepath.Join(work, "orders")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(home, "policy.json"), []byte(policyForLoad), 0o600); err != nil {
		return err
	}
	s, err := serve(bin, home)
	if err != nil {
		return err
	}
	defer func() { _ = s.stop() }()
	fmt.Printf("floor: 4 KiB write and fsync, p50 %s, p99 %s\n", ms(fsync(work, 0.5)), ms(fsync(work, 0.99)))
	t := target{url: s.url, token: s.token, era: "2026-07-28"}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	const rate = 100
	tick := time.NewTicker(time.Second / rate)
	defer tick.Stop()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var times []time.Duration
	var failed error
	end := time.Now().Add(max(span, 5*time.Second))
	for n := 0; time.Now().Before(end); n++ {
		<-tick.C
		side := []string{"buy", "sell"}[n%2]
		wg.Go(func() {
			at := time.Now()
			err := t.trade(client, side)
			took := time.Since(at)
			mu.Lock()
			defer mu.Unlock()
			times = append(times, took)
			if err != nil {
				failed = err
			}
		})
	}
	wg.Wait()
	if failed != nil {
		return failed
	}
	fmt.Printf("over MCP at %d orders a second: %d orders, ticket and confirmation to fill p50 %s, p99 %s\n", rate, len(times), ms(quantile(times, 0.5)), ms(quantile(times, 0.99)))
	return nil
}

func (t target) trade(client *http.Client, side string) error {
	raw, err := t.ask(client, "", "create_order", `{"symbol":"AAPL","side":"`+side+`","quantity":1}`)
	if err != nil {
		return err
	}
	var ticket struct {
		ID string `json:"confirmation_id"`
	}
	if err := json.Unmarshal(raw, &ticket); err != nil {
		return err
	}
	_, err = t.ask(client, "", "confirm_trade", `{"confirmation_id":"`+ticket.ID+`"}`)
	return err
}

// fsync measures the disk's own floor.
func fsync(dir string, q float64) time.Duration {
	f, err := os.CreateTemp(dir, "fsync-*")
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }()
	page := make([]byte, 4096)
	var times []time.Duration
	for range 300 {
		at := time.Now()
		if _, err := f.Write(page); err != nil {
			return 0
		}
		if err := f.Sync(); err != nil {
			return 0
		}
		times = append(times, time.Since(at))
	}
	return quantile(times, q)
}
