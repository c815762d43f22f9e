package project

import (
	"container/heap"
	"context"
	"sync"
)

// NewQueue is a queue in memory.
func NewQueue() Queue { return &queue{wake: make(chan struct{}, 1)} }

type queue struct {
	mu    sync.Mutex // guards items, seq
	items itemHeap
	seq   int64
	wake  chan struct{}
}

type queued struct {
	Item
	seq int64
}

type itemHeap []queued

func (h itemHeap) Len() int { return len(h) }
func (h itemHeap) Less(i, j int) bool {
	if h[i].Priority != h[j].Priority {
		return h[i].Priority > h[j].Priority
	}
	return h[i].seq < h[j].seq
}
func (h itemHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *itemHeap) Push(x any) {
	if q, ok := x.(queued); ok {
		*h = append(*h, q)
	}
}

func (h *itemHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

func (q *queue) Put(_ context.Context, i Item) error {
	q.mu.Lock()
	q.seq++
	heap.Push(&q.items, queued{i, q.seq})
	q.mu.Unlock()
	q.signal()
	return nil
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) Take(ctx context.Context) (Item, error) {
	for {
		q.mu.Lock()
		if len(q.items) > 0 {
			i, _ := heap.Pop(&q.items).(queued)
			more := len(q.items) > 0
			q.mu.Unlock()
			if more { // the signal holds one: pass it on
				q.signal()
			}
			return i.Item, nil
		}
		q.mu.Unlock()
		select {
		case <-q.wake:
		case <-ctx.Done():
			return Item{}, ctx.Err()
		}
	}
}
