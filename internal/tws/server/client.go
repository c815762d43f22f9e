package server

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/tws"
)

// The bounds of a client.
const (
	handshakeWait = 10 * time.Second
	maxHello      = 256
	// maxQueued is how many bytes may wait for a client that does not read before
	// it is cut off.
	maxQueued = 32 << 20
	writeWait = 30 * time.Second
)

// client is one connection.
type client struct {
	s       *Server
	conn    net.Conn
	r       *bufio.Reader
	id      int64
	version int
	queue   bool // the client asked that what is too fast waits
	stop    context.CancelFunc

	out  sync.Mutex // guards what follows
	wait []byte
	kick chan struct{}
	gone bool

	limit   limiter
	history pacing

	// Subscriptions; only the client's own goroutines reach them, under mu.
	mu      sync.Mutex
	delayed int64 // the market data type asked for
	tasks   map[task]context.CancelFunc
}

// task names a running subscription by its kind and request.
type task struct {
	kind string
	id   int64
}

func newClient(s *Server, conn net.Conn) *client {
	return &client{
		s: s, conn: conn, r: bufio.NewReaderSize(conn, 1<<16), kick: make(chan struct{}, 1), delayed: 1,
		tasks: map[task]context.CancelFunc{},
	}
}

var errNoClient = errors.New("what came is no handshake of the API")

// handshake agrees on a version; startApi follows as a message.
func (c *client) handshake() error {
	if err := c.conn.SetReadDeadline(time.Now().Add(handshakeWait)); err != nil {
		return err
	}
	var head [8]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return fmt.Errorf("%w: %w", errNoClient, err)
	}
	n := binary.BigEndian.Uint32(head[4:])
	if string(head[:4]) != "API\x00" || n == 0 || n > maxHello {
		return errNoClient
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(c.r, text); err != nil {
		return fmt.Errorf("%w: %w", errNoClient, err)
	}
	versions, options, _ := strings.Cut(strings.TrimRight(string(text), "\x00"), " ")
	c.queue = strings.Contains(options, "+PACEAPI")
	low, high, err := parseVersions(versions)
	if err != nil {
		return err
	}
	c.version = min(high, tws.MaxVersion)
	if c.version < low || c.version < tws.MinVersion {
		return fmt.Errorf("the client speaks versions %d to %d, the server %d to %d", low, high, tws.MinVersion, tws.MaxVersion)
	}
	c.write(tws.AppendFields(nil, strconv.Itoa(c.version), stamp(c.s.cfg.Now().In(eastern))))
	return nil // the deadline holds until startApi has come
}

// parseVersions reads v178 or v157..178.
func parseVersions(s string) (low, high int, err error) {
	from, to, span := strings.Cut(strings.TrimPrefix(s, "v"), "..")
	if !span {
		to = from
	}
	low, err1 := strconv.Atoi(from)
	high, err2 := strconv.Atoi(to)
	if err := errors.Join(err1, err2); err != nil || !strings.HasPrefix(s, "v") {
		return 0, 0, fmt.Errorf("%w: versions %q", errNoClient, s)
	}
	return low, high, nil
}

// run reads requests until the client is gone.
func (c *client) run(ctx context.Context) {
	done := make(chan struct{})
	go func() { defer close(done); c.writer() }()
	defer func() { c.close(""); <-done }()
	d := tws.Decoder{Version: c.version}
	started := false
	var buf []byte
	for {
		payload, err := tws.ReadFrame(c.r, buf)
		if err != nil {
			if errors.Is(err, tws.ErrFrame) {
				c.s.cfg.Log.Info("a TWS client broke the framing", "client", c.id, "err", err)
			}
			return
		}
		buf = payload[:0]
		m, err := d.Request(payload)
		if err != nil {
			c.s.cfg.Log.Warn("a request cannot be read", "client", c.id, "err", err)
			if started {
				c.fail(-1, 320, "Error reading request. %v", err)
			}
			continue
		}
		if start, ok := m.(*tws.StartAPI); ok {
			if started {
				c.fail(-1, 501, "Already connected.")
				continue
			}
			c.id = start.ClientID
			if !c.s.join(c) {
				c.fail(-1, 326, "Unable to connect as the client id is already in use. Retry with a unique client id.")
				c.close("")
				return
			}
			defer c.left()
			if err := c.conn.SetReadDeadline(time.Time{}); err != nil {
				return
			}
			started = true
			c.welcome()
			continue
		}
		if !started {
			c.fail(-1, 504, "Not connected")
			continue
		}
		if !c.pace(ctx) {
			return
		}
		c.handle(ctx, m)
	}
}

// welcome is what TWS says first.
func (c *client) welcome() {
	c.send(&tws.ManagedAccounts{Accounts: joined(c.s.cfg.Accounts)})
	c.send(&tws.NextValidID{OrderID: c.s.book.nextID(c.id)})
	for _, farm := range []struct {
		code int64
		text string
	}{
		{2104, "Market data farm connection is OK:usfarm"}, {2106, "HMDS data farm connection is OK:ushmds"},
		{2158, "Sec-def data farm connection is OK:secdefil"},
	} {
		c.fail(-1, farm.code, "%s", farm.text)
	}
}

// left ends what a client has begun; its orders stay.
func (c *client) left() {
	c.s.leave(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, stop := range c.tasks {
		stop()
	}
}

// begin runs f as a subscription until it is ended or the client is gone. It
// tells false where one of that kind and request runs already.
func (c *client) begin(ctx context.Context, t task, f func(ctx context.Context)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tasks[t] != nil {
		return false
	}
	ctx, stop := context.WithCancel(ctx)
	c.tasks[t] = stop
	c.s.wg.Go(func() {
		defer stop()
		f(ctx)
	})
	return true
}

// end ends a subscription, and tells whether there was one.
func (c *client) end(t task) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	stop := c.tasks[t]
	if stop == nil {
		return false
	}
	stop()
	delete(c.tasks, t)
	return true
}

// running counts the subscriptions of a kind.
func (c *client) running(kind string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for t := range c.tasks {
		if t.kind == kind {
			n++
		}
	}
	return n
}

// write queues a frame.
func (c *client) write(frame []byte) {
	c.out.Lock()
	defer c.out.Unlock()
	if c.gone {
		return
	}
	if len(c.wait)+len(frame) > maxQueued {
		c.gone = true
		_ = c.conn.Close()
		c.s.cfg.Log.Warn("a TWS client does not read and is cut off", "client", c.id)
		return
	}
	c.wait = append(c.wait, frame...)
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// writer sends what waits, many frames a write.
func (c *client) writer() {
	var spare []byte
	for range c.kick {
		c.out.Lock()
		frames, gone := c.wait, c.gone
		c.wait = spare[:0]
		c.out.Unlock()
		if len(frames) > 0 {
			_ = c.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if _, err := c.conn.Write(frames); err != nil {
				c.close("")
				return
			}
		}
		spare = frames
		if gone {
			_ = c.conn.Close()
			return
		}
	}
}

// close ends the connection once what waits is written.
func (c *client) close(why string) {
	c.out.Lock()
	defer c.out.Unlock()
	if c.gone {
		return
	}
	c.gone = true
	if why != "" {
		c.s.cfg.Log.Info("a TWS client is disconnected", "client", c.id, "why", why)
	}
	_ = c.conn.SetReadDeadline(time.Now())
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// cut ends the connection at once, as a broken line does.
func (c *client) cut() {
	c.out.Lock()
	defer c.out.Unlock()
	c.gone = true
	c.wait = nil
	_ = c.conn.Close()
	select {
	case c.kick <- struct{}{}:
	default:
	}
}
