package obs

import (
	"bytes"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
)

// Usage is what this process uses.
type Usage struct {
	CPUSeconds float64
	// HeapBytes are live objects, SystemBytes what the runtime has from the system.
	HeapBytes, SystemBytes uint64
	Goroutines             int
	Collections            uint64
}

// UsageNow reads what this process uses.
func UsageNow() Usage {
	s := []metrics.Sample{{Name: "/cpu/classes/user:cpu-seconds"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(s)
	u := Usage{Goroutines: runtime.NumGoroutine()}
	if s[0].Value.Kind() == metrics.KindFloat64 {
		u.CPUSeconds = s[0].Value.Float64()
	}
	for i, to := range map[int]*uint64{1: &u.HeapBytes, 2: &u.SystemBytes, 3: &u.Collections} {
		if s[i].Value.Kind() == metrics.KindUint64 {
			*to = s[i].Value.Uint64()
		}
	}
	return u
}

// Process is a process of the desk: itself, or a child that runs user code.
type Process struct {
	PID, Parent int
	// CPUSeconds and MemoryBytes are 0 where the system does not tell.
	CPUSeconds  float64
	MemoryBytes int64
}

// clockTick is the unit of /proc's times on every Linux that Go runs on.
const clockTick = 100

// Processes lists this process and what descends from it, where the system
// tells; no other process of the machine is looked at for more than its parent.
func Processes() []Process {
	own := os.Getpid()
	all := map[int]Process{own: {PID: own, Parent: os.Getppid()}}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return []Process{all[own]}
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		raw, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // it ended meanwhile
		}
		// The name in parentheses may hold anything; what follows is numbers.
		f := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
		if len(f) < 22 {
			continue
		}
		number := func(i int) int64 { n, _ := strconv.ParseInt(string(f[i]), 10, 64); return n }
		all[pid] = Process{pid, int(number(1)), float64(number(11)+number(12)) / clockTick, number(21) * int64(os.Getpagesize())}
	}
	out := []Process{all[own]}
	for i := 0; i < len(out); i++ { // out grows with the children of its members
		for _, p := range all {
			if p.Parent == out[i].PID && p.PID != own {
				out = append(out, p)
			}
		}
	}
	slices.SortFunc(out, func(a, b Process) int { return a.PID - b.PID })
	return out
}
