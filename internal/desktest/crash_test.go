package desktest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// kills is how many kills the test survives: fewer in short runs and under the
// race detector.
func kills() int {
	switch {
	case testing.Short():
		return 40
	case slow:
		return 150
	}
	return 320
}

// steps reads the names of all steps out of the desk's source, so that a new one
// is tried too.
func steps(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../order/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	probe := regexp.MustCompile(`Probe\("([a-z.]+)"\)`)
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range probe.FindAllStringSubmatch(string(raw), -1) {
			out = append(out, m[1])
		}
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) < 20 {
		t.Fatalf("only %d steps found: %v", len(out), out)
	}
	return out
}

// ground is where one lane of the test kills: homes that are used for a few
// kills each, so that later ones meet what earlier ones left.
type ground struct {
	t     *testing.T
	fresh string // an unused home, to copy
	dir   string
	uses  int
	told  []string
	tally *tally
}

// tally counts the kills of all lanes, by step.
type tally struct {
	mu     sync.Mutex
	total  int
	byStep map[string]int
}

func (y *tally) add(step string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.total++
	y.byStep[step]++
}

func (y *tally) kills() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.total
}

func (y *tally) of(step string) int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.byStep[step]
}

// TestKilled kills a trading process at every step of the order path, at random
// moments, and during the recovery from a kill, and holds what it left to what
// it had acknowledged.
func TestKilled(t *testing.T) {
	unused := start(t, setup{})
	unused.stop()
	fresh := unused.dir
	all, y := steps(t), &tally{byStep: map[string]int{}}
	type attempt struct {
		first task
		// again is a step of the recovery at which the next process is killed.
		again string
	}
	plan := make(chan attempt)
	rng := rand.New(rand.NewPCG(20, 26))
	began := time.Now()
	lanes := 5
	var done sync.WaitGroup
	for range lanes {
		done.Go(func() {
			g := &ground{t: t, fresh: fresh, tally: y}
			for x := range plan {
				if t.Failed() {
					continue
				}
				g.kill(x.first)
				if x.again != "" {
					g.kill(task{Step: x.again, Nth: 1, Seed: x.first.Seed + 1})
				}
				g.check()
			}
		})
	}
	for round := int64(0); y.kills() < kills() && round < 60 && !t.Failed(); round++ {
		for _, step := range all {
			first := task{Step: step, Nth: 1 + 2*round, Seed: rng.Uint64(), Faults: round%2 == 1}
			if strings.HasPrefix(step, "re") || step == "protect.before" {
				first.Faults, first.Nth = true, 1+round // a well-behaved venue hardly comes here
			}
			again := ""
			if round%3 == 2 {
				again = []string{"reconcile.book", "reconcile.decided", "reconcile.step", "protect.before", "fold.durable", "resolve.durable", "cancel.durable"}[rng.IntN(7)]
			}
			plan <- attempt{first, again}
		}
		for range 4 { // killed from outside, at any moment
			plan <- attempt{task{Seed: rng.Uint64(), Faults: round%2 == 0}, ""}
		}
	}
	close(plan)
	done.Wait()
	for _, step := range all {
		if y.of(step) == 0 && !testing.Short() && !slow {
			t.Errorf("no process was killed at %s", step)
		}
	}
	if y.kills() < kills() {
		t.Errorf("%d kills; want %d", y.kills(), kills())
	}
	t.Logf("%d kills survived in %s, at %d steps and %d times at random: %v", y.kills(), time.Since(began).Round(time.Second), len(all), y.of(""), y.byStep)
}

// kill runs a trader until it dies, and remembers what it said.
func (g *ground) kill(c task) {
	if g.dir == "" {
		g.dir = g.t.TempDir()
		if err := os.CopyFS(g.dir, os.DirFS(g.fresh)); err != nil {
			g.t.Error(err)
			return
		}
	}
	c.Dir = g.dir
	raw, err := json.Marshal(c)
	if err != nil {
		g.t.Error(err)
		return
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s", childVar, raw))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		g.t.Error(err)
		return
	}
	if c.Step == "" {
		after := time.Duration(30+c.Seed%400) * time.Millisecond
		timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // it may be done already
		defer timer.Stop()
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "E ") {
			g.t.Errorf("%+v: the trader says %s", c, line)
		}
		g.told = append(g.told, line)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil: // it was done before its step came
	case errors.As(err, &exit) && exit.ExitCode() == -1:
		g.tally.add(c.Step)
	default:
		g.t.Errorf("%+v: the trader ended with %v", c, err)
	}
}

// check verifies the home; after a few uses the next kill gets a new one.
func (g *ground) check() {
	dir, told := g.dir, g.told
	g.uses++
	ok := g.t.Run(filepath.Base(dir), func(t *testing.T) { verify(t, dir, told) })
	if !ok || g.uses == 4 {
		g.dir, g.told, g.uses = "", nil, 0
	}
}
