package runner

import (
	"runtime/debug"
	"runtime/metrics"
)

// A small heap may double before it is collected, which costs the least
// processor time; of a great one half as much may be garbage.
const (
	greatHeap   = 96 << 20
	greatGrowth = 50
)

// thrift watches how much of the heap is in use.
type thrift struct {
	sample []metrics.Sample
	great  bool
}

func newThrift() *thrift {
	return &thrift{sample: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}
}

// look makes the collector thriftier once the heap is great.
func (t *thrift) look() {
	if t.great {
		return
	}
	metrics.Read(t.sample)
	if v := t.sample[0].Value; v.Kind() == metrics.KindUint64 && v.Uint64() > greatHeap {
		t.great = true
		debug.SetGCPercent(greatGrowth)
	}
}
