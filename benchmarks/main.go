// Command benchmarks measures the desk against a floor or a peer in the same
// run: machines are noisy, ratios last.
//
//	go run ./benchmarks start   # cold start to the first initialize answer, resident memory
//	go run ./benchmarks calls   # tool calls a second and p99, beside the bare SDK
//	go run ./benchmarks orders  # ticket and confirmation over MCP at 100 orders a second
//	go run ./benchmarks engine  # backtests, beside the same loop in bare CPython
//
// Ticket to fill at the desk's own service, beside the disk's fsync, is a Go
// benchmark: go test ./internal/desktest -bench TicketToFill -run '^$'.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("which benchmark? start, calls, orders or engine")
	}
	fs := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	bin := fs.String("bin", "", "quantdesk binary; empty builds one")
	runs := fs.Int("runs", 20, "starts to measure")
	seconds := fs.Float64("seconds", 3, "seconds per step")
	backtrader := fs.String("backtrader", "", "folder of backtrader's package, to run beside the engine")
	python := fs.String("python", "", "CPython 3.11 for the bare loop; empty looks for python3.11")
	addr := fs.String("addr", "", "address of the bare server (internal)")
	if err := fs.Parse(os.Args[2:]); err != nil {
		log.Fatal(err)
	}
	if os.Args[1] == "bare" {
		log.Fatal(bare(*addr))
	}
	work, err := os.MkdirTemp("", "quantdesk-bench-*")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	if *bin == "" {
		*bin = filepath.Join(work, "quantdesk")
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", *bin, "./cmd/quantdesk")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			log.Fatalf("build: %v\n%s", err, out)
		}
	}
	span := time.Duration(*seconds * float64(time.Second))
	switch os.Args[1] {
	case "start":
		err = start(*bin, work, *runs)
	case "calls":
		err = calls(*bin, work, span)
	case "orders":
		err = orders(*bin, work, span)
	case "engine":
		err = engine(*bin, work, *python, *backtrader, *runs)
	default:
		err = fmt.Errorf("there is no benchmark %q", os.Args[1])
	}
	if err != nil {
		log.Print(err)
		_ = os.RemoveAll(work)
		os.Exit(1)
	}
}

// quantile gives the value below which a share of the times lie.
func quantile(times []time.Duration, q float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[min(len(times)-1, int(q*float64(len(times))))]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

// resident is a process's resident memory in MB.
func resident(pid int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return "not measured here"
	}
	for line := range strings.Lines(string(raw)) {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			var kb int
			if _, err := fmt.Sscan(strings.TrimSuffix(strings.TrimSpace(v), " kB"), &kb); err == nil {
				return fmt.Sprintf("%.1f MB", float64(kb)/1024)
			}
		}
	}
	return "not measured"
}
