// Package jobs is a work queue on NATS JetStream, inside the process and without
// a port. The queue carries ids; the store holds the truth, so the streams are
// kept in memory and a desk that starts puts what is open again.
//
// The server is started by the first item, not before: a desk that runs no
// backtest pays nothing.
//
//	h := jobs.New(jobs.Config{Dir: filepath.Join(home, "jobs")})
//	defer h.Close()
//	q := h.Queue("backtests") // a project.Queue
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"quantdesk/internal/fault"
	"quantdesk/internal/project"
)

var _ project.Queue = (*Queue)(nil)

// Config is what a Hub is made of.
type Config struct {
	// Dir is a folder of JetStream's own; the streams are in memory.
	Dir string
	Log *slog.Logger
}

// Hub is the embedded server with its connection.
type Hub struct {
	cfg    Config
	opened chan struct{} // closed once the server runs

	mu     sync.Mutex // guards the rest
	srv    *server.Server
	conn   *nats.Conn
	js     jetstream.JetStream
	closed bool
}

// New makes a hub; nothing is started.
func New(cfg Config) *Hub {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Hub{cfg: cfg, opened: make(chan struct{})}
}

// startWait bounds the start of the server.
const startWait = 10 * time.Second

// open starts the server the first time.
func (h *Hub) open() (jetstream.JetStream, error) {
	const op = "jobs.open"
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, fault.E(op, fault.Unavailable, "the work queue is closed")
	}
	if h.js != nil {
		return h.js, nil
	}
	srv, err := server.NewServer(&server.Options{
		ServerName: "quantdesk", DontListen: true, NoLog: true, NoSigs: true, JetStream: true, StoreDir: h.cfg.Dir, JetStreamMaxMemory: 256 << 20,
		JetStreamMaxStore: 1 << 20,
	})
	if err != nil {
		return nil, fault.Wrap(op, fault.Unavailable, err, "the work queue does not start")
	}
	srv.Start()
	if !srv.ReadyForConnections(startWait) {
		srv.Shutdown()
		return nil, fault.E(op, fault.Unavailable, "the work queue does not start")
	}
	conn, err := nats.Connect("", nats.InProcessServer(srv), nats.MaxReconnects(-1))
	if err != nil {
		srv.Shutdown()
		return nil, fault.Wrap(op, fault.Unavailable, err, "the work queue cannot be reached")
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		srv.Shutdown()
		return nil, fault.Wrap(op, fault.Unavailable, err, "the work queue cannot be reached")
	}
	h.srv, h.conn, h.js = srv, conn, js
	close(h.opened)
	return js, nil
}

// Close ends the server. What is in the queues is forgotten.
func (h *Hub) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	if h.conn != nil {
		h.conn.Close()
		h.srv.Shutdown()
		h.srv.WaitForShutdown()
		h.conn, h.srv, h.js = nil, nil, nil
	}
	return nil
}

// Queue is a queue of the hub with a name of letters.
func (h *Hub) Queue(name string) *Queue {
	return &Queue{hub: h, name: name, wake: make(chan struct{}, 1)}
}

// Queue hands out work by priority, then in the order it came.
type Queue struct {
	hub  *Hub
	name string
	// wake is filled when something may be there to take.
	wake chan struct{}
	// waiting counts what was put and not taken. The server tells its consumers of
	// an item after its publisher, so that a look may come too early: as long as
	// something waits, an empty look is no answer.
	waiting atomic.Int64

	mu     sync.Mutex // guards levels
	levels []jetstream.Consumer
}

// level is the place of a priority among the consumers, 0 the most urgent.
func level(priority int) int {
	return project.MaxPriority - min(max(priority, project.MinPriority), project.MaxPriority)
}

// consumers makes the stream and a consumer for each priority, the first time.
func (q *Queue) consumers(ctx context.Context) ([]jetstream.Consumer, jetstream.JetStream, error) {
	js, err := q.hub.open()
	if err != nil {
		return nil, nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.levels != nil {
		return q.levels, js, nil
	}
	st, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: q.name, Subjects: []string{q.name + ".*"}, Retention: jetstream.WorkQueuePolicy, Storage: jetstream.MemoryStorage,
	})
	if err != nil {
		return nil, nil, err
	}
	var list []jetstream.Consumer
	for l := range project.MaxPriority - project.MinPriority + 1 {
		c, err := st.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
			Durable: fmt.Sprint("level", l), FilterSubject: fmt.Sprint(q.name, ".", l), AckPolicy: jetstream.AckExplicitPolicy,
		})
		if err != nil {
			return nil, nil, err
		}
		list = append(list, c)
	}
	q.levels = list
	return list, js, nil
}

// Put adds an item.
func (q *Queue) Put(ctx context.Context, i project.Item) error {
	raw, err := json.Marshal(i)
	if err != nil {
		return err
	}
	_, js, err := q.consumers(ctx)
	if err != nil {
		return err
	}
	q.waiting.Add(1)
	if _, err := js.Publish(ctx, fmt.Sprint(q.name, ".", level(i.Priority)), raw); err != nil {
		q.waiting.Add(-1)
		return fault.Wrap("jobs.Put", fault.Unavailable, err, "the work queue takes nothing")
	}
	q.signal()
	return nil
}

func (q *Queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// lookAgain is the pause before another look at a queue that should not be empty.
const lookAgain = 5 * time.Millisecond

// Take waits for the most urgent item. It is taken for good: what a worker does
// not finish is found in the store.
func (q *Queue) Take(ctx context.Context) (project.Item, error) {
	var none project.Item
	select {
	case <-q.hub.opened:
	case <-ctx.Done():
		return none, ctx.Err()
	}
	for {
		i, ok, err := q.next(ctx)
		if err != nil || ok {
			if ok { // the signal holds one: pass it on
				q.waiting.Add(-1)
				q.signal()
			}
			return i, err
		}
		var again <-chan time.Time
		if q.waiting.Load() > 0 {
			again = time.After(lookAgain)
		}
		select {
		case <-q.wake:
		case <-again:
		case <-ctx.Done():
			return none, ctx.Err()
		}
	}
}

func (q *Queue) next(ctx context.Context) (project.Item, bool, error) {
	var i project.Item
	list, _, err := q.consumers(ctx)
	if err != nil {
		return i, false, err
	}
	for _, c := range list {
		batch, err := c.FetchNoWait(1)
		if err != nil {
			return i, false, err
		}
		for m := range batch.Messages() {
			if err := m.DoubleAck(ctx); err != nil {
				return i, false, err
			}
			if err := json.Unmarshal(m.Data(), &i); err != nil {
				return i, false, err
			}
			return i, true, nil
		}
		if err := batch.Error(); err != nil && !errors.Is(err, nats.ErrTimeout) {
			return i, false, err
		}
	}
	return i, false, nil
}
