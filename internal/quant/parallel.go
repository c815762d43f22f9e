package quant

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
)

// DefaultSeed is the seed where none is given.
const DefaultSeed = 42

// Stream is the random stream of one replicate: the same for any number of
// threads.
func Stream(seed, replicate uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, replicate)) //nolint:gosec // a simulation must repeat
}

// Parallel calls do for 0 … n-1 from as many goroutines as there are processors.
// worker is below Workers and never in use twice at once: scratch memory goes by
// it, results go by i, so that they do not depend on threads. It stops early when
// the context ends, and then returns its error.
func Parallel(ctx context.Context, n int, do func(worker, i int)) error {
	workers := min(Workers(), n)
	var next atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(w, i)
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// Workers is how many goroutines Parallel uses at most.
func Workers() int { return runtime.GOMAXPROCS(0) }
