package paper

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/broker/brokertest"
	"quantdesk/internal/trade"
)

// crashVar tells a child process of this test which database to work on.
const crashVar = "QUANTDESK_PAPER_CRASH"

// TestKilled kills a process in the middle of placing orders and holds the
// record to what had been answered.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	m := brokertest.NewFakeMarket()
	r := start(t, Config{Market: m})
	r.end()
	for round := range 3 {
		acked := placeUntilKilled(t, r.path, round)
		r.open() // proves numbering and ledger, or fails
		book, err := r.Book(context.Background(), acc, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		there := map[string]trade.Order{}
		for _, o := range book.Orders {
			there[o.ID] = o
		}
		for _, line := range acked {
			id, venue, _ := strings.Cut(line, " ")
			if o, ok := there[id]; !ok || o.VenueID != venue {
				t.Errorf("%s was answered as %s and is %q in the record", id, venue, o.VenueID)
			}
		}
		fills := 0
		for _, e := range r.all() {
			if e.Fill != nil {
				fills++
			}
		}
		if fills != len(there) {
			t.Errorf("%d orders, %d fills; an acceptance and its fill are one turn", len(there), fills)
		}
		t.Logf("round %d: %d answered, %d recorded", round, len(acked), len(there))
		r.end()
	}
}

func placeUntilKilled(t *testing.T, path string, round int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestCrashChild$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s", crashVar, path), fmt.Sprintf("%s_ROUND=%d", crashVar, round))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var acked []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		text := lines.Text()
		if _, ok := strings.CutPrefix(text, "#"); !ok {
			t.Fatalf("the child says %q", text)
		}
		if acked = append(acked, text[1:]); len(acked) == 60+round*37 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	for lines.Scan() { // what it said before it died counts too
		if text, ok := strings.CutPrefix(lines.Text(), "#"); ok && len(strings.Fields(text)) == 2 {
			acked = append(acked, text)
		}
	}
	_ = cmd.Wait() // it was killed
	return acked
}

// TestCrashChild is the process that is killed; on its own it does nothing.
func TestCrashChild(t *testing.T) {
	path := os.Getenv(crashVar)
	if path == "" {
		t.Skip("runs as the child of TestKilled")
	}
	r := &rig{t: t, path: path, cfg: Config{Market: brokertest.NewFakeMarket()}}
	r.open()
	var wg sync.WaitGroup
	var out sync.Mutex
	for c := range 8 {
		wg.Go(func() {
			for i := range 10_000 {
				side := []trade.Side{trade.Buy, trade.Sell}[i%2]
				o := limit(fmt.Sprintf("%s-%d-%d", os.Getenv(crashVar+"_ROUND"), c, i), side, "1", "")
				ack, err := r.Place(context.Background(), o)
				if err != nil {
					return
				}
				out.Lock()
				fmt.Printf("#%s %s\n", o.ID, ack.VenueID)
				out.Unlock()
			}
		})
	}
	wg.Wait()
}
