package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"quantdesk/internal/tws"
)

// Config is how to reach a TWS. Addr is needed.
type Config struct {
	Addr     string
	ClientID int64
	// Pace is how many messages a second are sent at most; 0 means 45, TWS's own
	// limit being 50, and below 0 there is no limit.
	Pace int
	// Timeout bounds a connect and each request that the caller's context does not
	// bound; 0 means 15 s.
	Timeout time.Duration
	// Heartbeat is how often a silent connection is asked for the time; 0 means
	// 20 s.
	Heartbeat time.Duration
	// OnOrder is told everything about orders, in order and one at a time:
	// OpenOrder, OrderStatus, ExecDetails and CommissionReport of what happens,
	// and ErrMsg with an order's id. It may take its time; nothing is dropped.
	OnOrder func(m tws.Message)
	// OnState is told when the connection changes, one at a time; after a
	// reconnect subscriptions run again already.
	OnState func(s State)
	Log     *slog.Logger
}

// State is what there is of a connection.
type State string

// The states: connected; connected to a TWS that has lost IBKR (1100); not
// connected; closed for good.
const (
	Up   State = "up"
	Lost State = "lost"
	Down State = "down"
	Shut State = "closed"
)

const (
	usualPace      = 45
	usualTimeout   = 15 * time.Second
	usualHeartbeat = 20 * time.Second
	firstRequest   = 1 << 30
	// The waits between attempts to connect again.
	leastRetry, mostRetry = 250 * time.Millisecond, 10 * time.Second
)

// Client is a connection to one TWS that comes back by itself. Its methods are
// for any number of goroutines.
type Client struct {
	cfg     Config
	ctx     context.Context
	stop    context.CancelFunc
	done    chan struct{}
	pace    pace
	history history
	ids     atomic.Int64 // of requests
	heard   atomic.Int64 // when something last came, Unix nanoseconds

	mu       sync.Mutex
	line     *line // nil while there is no connection
	state    State
	since    time.Time
	last     error // why there is no connection
	version  int
	server   string
	accounts []string
	nextID   int64 // of orders
	pending  map[int64]*pending
	subs     map[int64]*Sub
	singles  map[string]*pending
	single   map[string]*sync.Mutex
	notices  []tws.ErrMsg

	// summaries is the one account summary at a time: TWS has room for two.
	summaries chan struct{}

	orders *queue[tws.Message]
	states *queue[State]
}

// line is one socket.
type line struct {
	conn net.Conn
	r    *bufio.Reader
	mu   sync.Mutex // one writer at a time
	buf  []byte
}

// pending is a request that waits for its replies.
type pending struct {
	out  chan tws.Message
	fail chan error
	gone chan struct{} // closed when the asker has left
	// commissions asks for the commission reports, which name no request.
	commissions bool
}

// Dial connects, and keeps connected until Close or the end of ctx. It fails with
// a *ConnectError where the first attempt does.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	if cfg.Pace == 0 {
		cfg.Pace = usualPace
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = usualTimeout
	}
	if cfg.Heartbeat <= 0 {
		cfg.Heartbeat = usualHeartbeat
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := &Client{
		cfg: cfg, done: make(chan struct{}), pace: pace{most: max(0, cfg.Pace)}, state: Down, since: time.Now(),
		pending: map[int64]*pending{}, subs: map[int64]*Sub{}, singles: map[string]*pending{}, single: map[string]*sync.Mutex{},
		summaries: make(chan struct{}, 1), orders: newQueue[tws.Message](), states: newQueue[State](),
	}
	c.ids.Store(firstRequest)
	c.ctx, c.stop = context.WithCancel(ctx)
	l, err := c.connect(c.ctx)
	if err != nil {
		c.stop()
		return nil, err
	}
	var wg sync.WaitGroup
	wg.Go(func() { c.orders.run(c.cfg.OnOrder) })
	wg.Go(func() { c.states.run(c.cfg.OnState) })
	c.up(l)
	go func() {
		defer close(c.done)
		c.keep(l)
		c.orders.close()
		c.states.close()
		wg.Wait()
	}()
	return c, nil
}

// Close ends the connection. Orders stay with TWS.
func (c *Client) Close() {
	c.stop()
	<-c.done
	c.mu.Lock()
	list := make([]*Sub, 0, len(c.subs))
	for _, s := range c.subs {
		list = append(list, s)
	}
	c.mu.Unlock()
	for _, s := range list { // their readers wait for an end
		s.end()
	}
}

// Status is what is known of the connection.
type Status struct {
	State State
	Since time.Time
	// Why is the cause of a connection that is not up.
	Why           error
	ServerVersion int
	// Server is what TWS said of its time at the handshake.
	Server   string
	Accounts []string
	// Notices are the latest words about the connection, oldest first.
	Notices []tws.ErrMsg
}

// Status tells what is known of the connection.
func (c *Client) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Status{c.state, c.since, c.last, c.version, c.server, append([]string(nil), c.accounts...), append([]tws.ErrMsg(nil), c.notices...)}
}

// Accounts are the accounts of the login.
func (c *Client) Accounts() []string { return c.Status().Accounts }

// ClientID is the client's own number.
func (c *Client) ClientID() int64 { return c.cfg.ClientID }

// NextOrderID takes the next order id.
func (c *Client) NextOrderID() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.nextID
	c.nextID++
	return id
}

// keep reads one connection after the other.
func (c *Client) keep(l *line) {
	for {
		beat, stop := context.WithCancel(c.ctx)
		unhook := context.AfterFunc(c.ctx, func() { _ = l.conn.Close() })
		go c.beat(beat, l)
		err := c.read(l)
		stop()
		unhook()
		_ = l.conn.Close()
		c.down(err)
		for wait := leastRetry; ; wait = min(2*wait, mostRetry) {
			if sleep(c.ctx, wait) != nil {
				c.set(Shut, c.ctx.Err())
				c.failAll(c.away())
				return
			}
			if l, err = c.connect(c.ctx); err == nil {
				c.up(l)
				break
			}
			c.mu.Lock()
			c.last = err
			c.mu.Unlock()
			c.cfg.Log.Info("TWS is away", "addr", c.cfg.Addr, "err", err)
		}
	}
}

// up takes a new connection into use and runs the subscriptions again.
func (c *Client) up(l *line) {
	c.mu.Lock()
	c.line, c.last = l, nil
	again := make([]*Sub, 0, len(c.subs))
	for _, s := range c.subs {
		again = append(again, s)
	}
	c.mu.Unlock()
	for _, s := range again {
		if err := c.write(c.ctx, s.request); err != nil {
			c.cfg.Log.Info("a subscription is not up again", "err", err)
		}
	}
	c.set(Up, nil)
}

func (c *Client) down(err error) {
	c.mu.Lock()
	c.line = nil
	c.mu.Unlock()
	c.set(Down, err)
	c.failAll(c.away())
}

func (c *Client) set(s State, why error) {
	c.mu.Lock()
	changed := c.state != s
	if changed {
		c.state, c.since = s, time.Now()
	}
	c.last = why
	c.mu.Unlock()
	if changed {
		c.states.put(s)
	}
}

// away is the error of a request without a connection.
func (c *Client) away() error {
	return &ConnectError{Addr: c.cfg.Addr, Why: "the connection to TWS at " + c.cfg.Addr + " is down", Hint: "It is being made again by itself; look at connection_status."}
}

// failAll ends what waits for replies that will not come.
func (c *Client) failAll(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pending {
		p.end(err)
	}
	for _, p := range c.singles {
		p.end(err)
	}
}

func (p *pending) end(err error) {
	select {
	case p.fail <- err:
	default:
	}
}

// beat asks a silent connection for the time, and breaks it off when nothing
// comes back.
func (c *Client) beat(ctx context.Context, l *line) {
	t := time.NewTicker(c.cfg.Heartbeat)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		silent := time.Since(time.Unix(0, c.heard.Load()))
		switch {
		case silent > 2*c.cfg.Heartbeat+c.cfg.Timeout:
			c.cfg.Log.Warn("TWS is silent; connecting again", "for", silent)
			_ = l.conn.Close()
			return
		case silent >= c.cfg.Heartbeat:
			if err := c.write(ctx, &tws.ReqCurrentTime{}); err != nil {
				return
			}
		}
	}
}

// write sends one message when its turn has come.
func (c *Client) write(ctx context.Context, m tws.Message) error {
	if h, ok := m.(*tws.ReqHistoricalData); ok {
		if err := c.history.wait(ctx, h); err != nil {
			return err
		}
	}
	if err := c.pace.wait(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	l, version := c.line, c.version
	c.mu.Unlock()
	if l == nil {
		return c.away()
	}
	return l.send(m, version)
}

func (l *line) send(m tws.Message, version int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	frame, err := tws.Append(l.buf[:0], m, version)
	if err != nil {
		return err
	}
	l.buf = frame
	if err := l.conn.SetWriteDeadline(time.Now().Add(usualTimeout)); err != nil {
		return errors.Join(ErrConnect, err)
	}
	if _, err := l.conn.Write(frame); err != nil {
		_ = l.conn.Close() // a part of a frame may be out: the line is of no more use
		return errors.Join(ErrConnect, err)
	}
	return nil
}

// connect makes one connection, up to the accounts and the order id.
func (c *Client) connect(ctx context.Context) (*line, error) {
	ctx, stop := context.WithTimeout(ctx, c.cfg.Timeout)
	defer stop()
	host, port, err := net.SplitHostPort(c.cfg.Addr)
	if err != nil || host == "" {
		return nil, &ConnectError{c.cfg.Addr, fmt.Sprintf("%q is no address of a TWS", c.cfg.Addr), "Give host and port, such as 127.0.0.1:7497.", err}
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.cfg.Addr)
	if err != nil {
		return nil, &ConnectError{c.cfg.Addr, "nothing answers at " + c.cfg.Addr, hintPort(port), err}
	}
	l := &line{conn: conn, r: bufio.NewReaderSize(conn, 1<<16)}
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if err := c.greet(l); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return l, conn.SetDeadline(time.Time{})
}

func hintPort(port string) string {
	return "Start TWS or IB Gateway and enable its API (Configuration, API, Settings), or start the built-in one with quantdesk tws. TWS listens on 7496 live and 7497 paper, the Gateway on 4001 live and 4002 paper; this is " + port + "."
}

// greet is the handshake; it ends once TWS has told accounts and order id.
func (c *Client) greet(l *line) error {
	broken := func(err error) error {
		var timeout net.Error
		switch {
		case errors.Is(err, tws.ErrFrame):
			return &ConnectError{c.cfg.Addr, "what answers at " + c.cfg.Addr + " is not a TWS", "Check host and port: the API's port is in Configuration, API, Settings.", err}
		case errors.As(err, &timeout) && timeout.Timeout():
			return &ConnectError{c.cfg.Addr, "TWS at " + c.cfg.Addr + " took the connection and says nothing", "Look at its window: a login or a question to accept the connection may be waiting. Or it is no TWS: check the port.", err}
		}
		return &ConnectError{c.cfg.Addr, "TWS at " + c.cfg.Addr + " closed the connection at once", "In Configuration, API, Settings: enable socket clients, and add this machine to the trusted addresses. A TWS older than 10.30 closes it too: update it.", err}
	}
	hello := fmt.Sprintf("v%d..%d", tws.MinVersion, tws.MaxVersion)
	if _, err := l.conn.Write(append([]byte{'A', 'P', 'I', 0, 0, 0, 0, byte(len(hello))}, hello...)); err != nil {
		return broken(err)
	}
	payload, err := tws.ReadFrame(l.r, nil)
	if err != nil {
		return broken(err)
	}
	fields := tws.Split(payload)
	if len(fields) != 2 {
		return broken(tws.ErrFrame)
	}
	version, err := strconv.Atoi(fields[0])
	switch {
	case err != nil:
		return broken(tws.ErrFrame)
	case version < tws.MinVersion || version > tws.MaxVersion:
		return &ConnectError{c.cfg.Addr, fmt.Sprintf("the TWS at %s speaks version %d of the API, and %d to %d are needed", c.cfg.Addr, version, tws.MinVersion, tws.MaxVersion), "Update TWS or IB Gateway.", nil}
	}
	c.mu.Lock()
	c.version, c.server = version, fields[1]
	c.mu.Unlock()
	if err := l.send(&tws.StartAPI{ClientID: c.cfg.ClientID}, version); err != nil {
		return broken(err)
	}
	d := tws.Decoder{Version: version}
	var accounts, id bool
	for !accounts || !id {
		payload, err := tws.ReadFrame(l.r, nil)
		if err != nil {
			return broken(err)
		}
		m, err := d.Reply(payload)
		if err != nil {
			c.cfg.Log.Warn("a message of TWS is skipped", "err", err)
			continue
		}
		switch m := m.(type) {
		case *tws.ManagedAccounts:
			c.managed(m)
			accounts = len(c.Accounts()) > 0
		case *tws.NextValidID:
			c.valid(m)
			id = true
		case *tws.ErrMsg:
			if m.Code == InUse {
				return &ConnectError{c.cfg.Addr, fmt.Sprintf("the client id %d is in use at the TWS at %s", c.cfg.ClientID, c.cfg.Addr), "Choose another client_id, or end the program that has it.", &Error{m.Code, m.ReqID, m.Text}}
			}
			if m.Code == 502 || m.Code == 507 {
				return broken(&Error{m.Code, m.ReqID, m.Text})
			}
			c.note(m)
		default:
			c.dispatch(m)
		}
	}
	c.heard.Store(time.Now().UnixNano())
	return nil
}

func (c *Client) managed(m *tws.ManagedAccounts) {
	var list []string
	for a := range strings.SplitSeq(m.Accounts, ",") {
		if a = strings.TrimSpace(a); a != "" {
			list = append(list, a)
		}
	}
	c.mu.Lock()
	c.accounts = list
	c.mu.Unlock()
}

// valid takes the order id to go on from; it never goes back.
func (c *Client) valid(m *tws.NextValidID) {
	c.mu.Lock()
	c.nextID = max(c.nextID, m.OrderID)
	c.mu.Unlock()
}

// mostNotices is how many words about the connection are kept.
const mostNotices = 20

func (c *Client) note(m *tws.ErrMsg) {
	c.mu.Lock()
	c.notices = append(c.notices, *m)
	if len(c.notices) > mostNotices {
		c.notices = c.notices[1:]
	}
	c.mu.Unlock()
}
