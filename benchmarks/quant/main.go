// Command quant times one workload of the research kernels on inputs that another
// program wrote, so that both can be compared in the same run.
//
//	quant WORKLOAD FOLDER
//
// FOLDER holds shapes.json and one file NAME.f64 for each input: little-endian
// float64 by rows. It prints {"seconds": …, "check": …}; reading is not timed.
package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// workload reads its inputs from a folder and gives the seconds it took and a
// number that tells whether the result is right.
type workload = func(dir string) (seconds, check float64, err error)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	all := map[string]workload{}
	maps.Copy(all, seriesWorkloads)
	maps.Copy(all, portfolioWorkloads)
	if len(args) != 2 || all[args[0]] == nil {
		return fmt.Errorf("usage: quant WORKLOAD FOLDER; workloads: %v", slices.Sorted(maps.Keys(all)))
	}
	seconds, check, err := all[args[0]](args[1])
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]float64{"seconds": seconds, "check": check})
}

// timed gives the seconds of the fastest of three runs, of the first alone where it
// is long: what it is compared with has warm threads and takes the least of
// several runs as well. What a run leaves behind is collected before the next.
func timed(do func() (float64, error)) (seconds, check float64, err error) {
	const runs, long = 3, 0.5
	seconds = math.Inf(1)
	for range runs {
		runtime.GC()
		start := time.Now()
		if check, err = do(); err != nil {
			return 0, 0, err
		}
		took := time.Since(start).Seconds()
		if seconds = min(seconds, took); took > long {
			break
		}
	}
	return seconds, check, nil
}

// columns reads an input; a vector is one column.
func columns(dir, name string) ([][]float64, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "shapes.json"))
	if err != nil {
		return nil, err
	}
	var shapes map[string][]int
	if err := json.Unmarshal(raw, &shapes); err != nil {
		return nil, err
	}
	shape, ok := shapes[name]
	if !ok || len(shape) == 0 {
		return nil, fmt.Errorf("shapes.json has no %s", name)
	}
	n, p := shape[0], 1
	if len(shape) > 1 {
		p = shape[1]
	}
	if raw, err = os.ReadFile(filepath.Join(dir, name+".f64")); err != nil {
		return nil, err
	}
	if len(raw) != 8*n*p {
		return nil, fmt.Errorf("%s has %d bytes, not %d", name, len(raw), 8*n*p)
	}
	out := make([][]float64, p)
	for j := range out {
		out[j] = make([]float64, n)
		for t := range n {
			out[j][t] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*(t*p+j):]))
		}
	}
	return out, nil
}
