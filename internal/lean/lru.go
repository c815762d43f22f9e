package lean

import (
	"container/list"
	"strconv"
	"sync"
)

// lru keeps the most recently used values up to a total cost. A generation
// guards against storing what was read before clear.
type lru[K comparable, V any] struct {
	mu         sync.Mutex
	limit      int
	cost       int
	generation int
	byKey      map[K]*list.Element
	order      *list.List // front is the most recently used
}

type lruItem[K comparable, V any] struct {
	key   K
	value V
	cost  int
}

func newLRU[K comparable, V any](limit int) *lru[K, V] {
	return &lru[K, V]{limit: limit, byKey: map[K]*list.Element{}, order: list.New()}
}

// get gives a value and the generation to put a freshly read one with.
func (c *lru[K, V]) get(key K) (v V, generation int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.byKey[key]
	if !ok {
		return v, c.generation, false
	}
	c.order.MoveToFront(el)
	return el.Value.(*lruItem[K, V]).value, c.generation, true
}

// put keeps a value unless the cache was cleared since its reading began.
func (c *lru[K, V]) put(generation int, key K, v V, cost int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.generation {
		return
	}
	if el, ok := c.byKey[key]; ok {
		c.drop(el)
	}
	c.byKey[key] = c.order.PushFront(&lruItem[K, V]{key, v, cost})
	c.cost += cost
	// The newest stays even when it alone is over the limit.
	for c.cost > c.limit && c.order.Len() > 1 {
		c.drop(c.order.Back())
	}
}

func (c *lru[K, V]) drop(el *list.Element) {
	item := c.order.Remove(el).(*lruItem[K, V])
	delete(c.byKey, item.key)
	c.cost -= item.cost
}

func (c *lru[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.cost = 0
	clear(c.byKey)
	c.order.Init()
}

func itoa(n int) string { return strconv.Itoa(n) }
