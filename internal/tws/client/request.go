package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"quantdesk/internal/tws"
)

// read takes messages until the connection ends.
func (c *Client) read(l *line) error {
	c.mu.Lock()
	d := tws.Decoder{Version: c.version}
	c.mu.Unlock()
	var buf []byte
	for {
		payload, err := tws.ReadFrame(l.r, buf)
		if err != nil {
			if c.ctx.Err() != nil {
				return c.ctx.Err()
			}
			return &ConnectError{Addr: c.cfg.Addr, Why: "the connection to TWS at " + c.cfg.Addr + " broke off", Hint: "It is being made again by itself; TWS restarts once a day.", Err: err}
		}
		buf = payload[:0]
		c.heard.Store(time.Now().UnixNano())
		m, err := d.Reply(payload)
		if err != nil {
			c.cfg.Log.Warn("a message of TWS is skipped", "err", err)
			continue
		}
		c.dispatch(m)
	}
}

// dispatch hands a message to whoever waits for it.
func (c *Client) dispatch(m tws.Message) {
	switch m := m.(type) {
	case *tws.ErrMsg:
		c.failed(m)
		return
	case *tws.ManagedAccounts:
		c.managed(m)
		return
	case *tws.NextValidID:
		c.valid(m)
		return
	case *tws.OpenOrder:
		c.toSingle(kindOpenOrders, m)
		c.toPending(m.OrderID, m) // the answer to a what-if
		c.orders.put(m)
		return
	case *tws.OrderStatus:
		c.toSingle(kindOpenOrders, m)
		c.orders.put(m)
		return
	case *tws.CommissionReport:
		c.toAll(m)
		c.orders.put(m)
		return
	case *tws.ExecDetails:
		if m.ReqID < 0 {
			c.orders.put(m)
			return
		}
	}
	if r, ok := m.(tws.Reply); ok {
		id := r.Request()
		c.mu.Lock()
		s := c.subs[id]
		c.mu.Unlock()
		if s != nil {
			s.put(m)
			return
		}
		c.toPending(id, m)
		return
	}
	c.toSingle(kindOf(m), m)
}

// The replies without an id, by what asks for them.
const (
	kindOpenOrders = "open orders"
	kindCompleted  = "completed orders"
	kindPositions  = "positions"
	kindTime       = "time"
	kindProviders  = "news providers"
	kindScanner    = "scanner parameters"
	kindRule       = "market rule"
	kindAccount    = "account"
	kindBulletins  = "bulletins"
)

func kindOf(m tws.Message) string {
	switch m.(type) {
	case *tws.OpenOrderEnd:
		return kindOpenOrders
	case *tws.CompletedOrder, *tws.CompletedOrdersEnd:
		return kindCompleted
	case *tws.Position, *tws.PositionEnd:
		return kindPositions
	case *tws.CurrentTime:
		return kindTime
	case *tws.NewsProviders:
		return kindProviders
	case *tws.ScannerParameters:
		return kindScanner
	case *tws.MarketRule:
		return kindRule
	case *tws.AccountValue, *tws.PortfolioValue, *tws.AccountUpdateTime, *tws.AccountDownloadEnd:
		return kindAccount
	case *tws.NewsBulletin:
		return kindBulletins
	}
	return ""
}

func (c *Client) toPending(id int64, m tws.Message) {
	c.mu.Lock()
	p := c.pending[id]
	c.mu.Unlock()
	if p != nil {
		p.put(m)
	}
}

func (c *Client) toSingle(kind string, m tws.Message) {
	c.mu.Lock()
	p, s := c.singles[kind], c.subs[singleSub(kind)]
	c.mu.Unlock()
	if p != nil {
		p.put(m)
	}
	if s != nil {
		s.put(m)
	}
}

// toAll hands a message to every request that collects executions.
func (c *Client) toAll(m tws.Message) {
	c.mu.Lock()
	var list []*pending
	for _, p := range c.pending {
		if p.commissions {
			list = append(list, p)
		}
	}
	c.mu.Unlock()
	for _, p := range list {
		p.put(m)
	}
}

// failed handles an error or a notice.
func (c *Client) failed(m *tws.ErrMsg) {
	err := &Error{m.Code, m.ReqID, m.Text}
	switch {
	case m.ReqID >= firstRequest:
		c.mu.Lock()
		p, s := c.pending[m.ReqID], c.subs[m.ReqID]
		c.mu.Unlock()
		if p != nil && !notice(m.Code) {
			p.end(err)
		}
		if s != nil {
			s.fail(err)
		}
		return
	case m.ReqID > 0:
		c.mu.Lock()
		p := c.pending[m.ReqID]
		c.mu.Unlock()
		if p != nil && !notice(m.Code) {
			p.end(err)
		}
		c.orders.put(m)
		return
	}
	c.note(m)
	c.cfg.Log.Debug("TWS says", "code", m.Code, "text", m.Text)
	switch m.Code {
	case 1100, 2110:
		c.set(Lost, err)
	case 1101:
		// Orders live on; what was subscribed to is gone.
		go c.resubscribe()
		c.set(Up, nil)
	case 1102:
		c.set(Up, nil)
	case 321, 322, 327:
		// Requests without an id are answered so too.
		c.mu.Lock()
		for _, p := range c.singles {
			p.end(err)
		}
		c.mu.Unlock()
	}
}

func (c *Client) resubscribe() {
	c.mu.Lock()
	list := make([]*Sub, 0, len(c.subs))
	for _, s := range c.subs {
		list = append(list, s)
	}
	c.mu.Unlock()
	for _, s := range list {
		if err := c.write(c.ctx, s.request); err != nil {
			return // the next connection runs them again
		}
	}
}

// put hands over one reply; the asker may have gone.
func (p *pending) put(m tws.Message) {
	select {
	case p.out <- m:
	case <-p.gone:
	}
}

// ask sends a request and gives each reply to take until that says it was the
// last.
func (c *Client) ask(ctx context.Context, id int64, m tws.Message, take func(tws.Message) (done bool)) error {
	return c.await(ctx, m, func(p *pending) func() {
		c.mu.Lock()
		c.pending[id] = p
		c.mu.Unlock()
		return func() {
			c.mu.Lock()
			delete(c.pending, id)
			c.mu.Unlock()
		}
	}, take)
}

// askSingle is ask for replies without an id: one asker of a kind at a time.
func (c *Client) askSingle(ctx context.Context, kind string, m tws.Message, take func(tws.Message) (done bool)) error {
	c.mu.Lock()
	turn := c.single[kind]
	if turn == nil {
		turn = &sync.Mutex{}
		c.single[kind] = turn
	}
	c.mu.Unlock()
	turn.Lock()
	defer turn.Unlock()
	return c.await(ctx, m, func(p *pending) func() {
		c.mu.Lock()
		c.singles[kind] = p
		c.mu.Unlock()
		return func() {
			c.mu.Lock()
			delete(c.singles, kind)
			c.mu.Unlock()
		}
	}, take)
}

func (c *Client) await(ctx context.Context, m tws.Message, register func(*pending) func(), take func(tws.Message) bool) error {
	ctx, stop := context.WithTimeout(ctx, c.cfg.Timeout)
	defer stop()
	p := &pending{out: make(chan tws.Message, 64), fail: make(chan error, 1), gone: make(chan struct{})}
	if _, ok := m.(*tws.ReqExecutions); ok {
		p.commissions = true
	}
	forget := register(p)
	defer forget()
	defer close(p.gone)
	if err := c.write(ctx, m); err != nil {
		return timedOut(ctx, err)
	}
	for {
		select {
		case r := <-p.out:
			if take(r) {
				return nil
			}
		case err := <-p.fail:
			for { // what came before the error
				select {
				case r := <-p.out:
					if take(r) {
						return nil
					}
					continue
				default:
				}
				return err
			}
		case <-ctx.Done():
			return timedOut(ctx, ctx.Err())
		case <-c.ctx.Done():
			return c.away()
		}
	}
}

// ErrTimeout says that TWS did not answer in time.
var ErrTimeout = errors.New("TWS did not answer in time")

func timedOut(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return err
}

// request takes a new id.
func (c *Client) request() int64 { return c.ids.Add(1) }

// Sub is a subscription. It lives until Close, over reconnects.
type Sub struct {
	// C has the messages. It is closed by Close, and by an error that ends the
	// subscription, which Err tells.
	C <-chan tws.Message

	c       *Client
	id      int64
	request tws.Message
	cancel  tws.Message
	out     chan tws.Message
	dropped atomic.Int64

	mu     sync.Mutex
	err    error
	closed bool
}

// DefaultBuffer is how many messages wait for a reader at most.
const DefaultBuffer = 4096

// singleSub is the id of the subscription to what comes without an id.
func singleSub(kind string) int64 {
	switch kind {
	case kindPositions:
		return -2
	case kindAccount:
		return -3
	case kindBulletins:
		return -4
	}
	return -1
}

// subscribe begins a subscription.
func (c *Client) subscribe(ctx context.Context, id int64, request, cancel tws.Message, buffer int) (*Sub, error) {
	if buffer <= 0 {
		buffer = DefaultBuffer
	}
	out := make(chan tws.Message, buffer)
	s := &Sub{C: out, c: c, id: id, request: request, cancel: cancel, out: out}
	c.mu.Lock()
	if c.subs[id] != nil {
		c.mu.Unlock()
		return nil, fmt.Errorf("%w: that is subscribed to already", ErrRequest)
	}
	c.subs[id] = s
	c.mu.Unlock()
	if err := c.write(ctx, request); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// put hands a message to the reader, dropping the oldest that waits where there
// is no room.
func (s *Sub) put(m tws.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	for {
		select {
		case s.out <- m:
			return
		default:
		}
		select {
		case <-s.out:
			s.dropped.Add(1)
		default:
		}
	}
}

// fail notes an error; one that is no notice ends the subscription.
func (s *Sub) fail(err *Error) {
	if notice(err.Code) {
		s.put(&tws.ErrMsg{ReqID: err.ID, Code: err.Code, Text: err.Text})
		return
	}
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
	s.end()
}

// end closes the channel and forgets the subscription.
func (s *Sub) end() bool {
	s.c.mu.Lock()
	if s.c.subs[s.id] == s {
		delete(s.c.subs, s.id)
	}
	s.c.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.closed = true
	close(s.out)
	return true
}

// Err is why the subscription ended by itself; nil while it runs or after Close.
func (s *Sub) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Dropped counts the messages that nobody read in time.
func (s *Sub) Dropped() int64 { return s.dropped.Load() }

// Close ends the subscription.
func (s *Sub) Close() {
	if !s.end() || s.cancel == nil {
		return
	}
	ctx, stop := context.WithTimeout(s.c.ctx, s.c.cfg.Timeout)
	defer stop()
	_ = s.c.write(ctx, s.cancel) // without a connection there is nothing to cancel
}
