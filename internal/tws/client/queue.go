package client

import "sync"

// queue hands values to one function, one at a time and without a bound.
type queue[T any] struct {
	mu     sync.Mutex
	list   []T
	closed bool
	kick   chan struct{}
}

func newQueue[T any]() *queue[T] { return &queue[T]{kick: make(chan struct{}, 1)} }

func (q *queue[T]) put(v T) {
	q.mu.Lock()
	q.list = append(q.list, v)
	q.mu.Unlock()
	q.wake()
}

func (q *queue[T]) wake() {
	select {
	case q.kick <- struct{}{}:
	default:
	}
}

// close lets run end once the queue is empty.
func (q *queue[T]) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.wake()
}

// run calls f for each value until the queue is closed; a nil f drops them.
func (q *queue[T]) run(f func(T)) {
	for range q.kick {
		for {
			q.mu.Lock()
			if len(q.list) == 0 {
				closed := q.closed
				q.mu.Unlock()
				if closed {
					return
				}
				break
			}
			v := q.list[0]
			q.list = q.list[1:]
			q.mu.Unlock()
			if f != nil {
				f(v)
			}
		}
	}
}
