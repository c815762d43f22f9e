package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/obs"
	"quantdesk/internal/store"
	"quantdesk/internal/tool"
)

type stdioCmd struct {
	Desk   desk     `embed:""`
	Scopes []string `help:"Scopes of the local user." default:"admin" env:"QUANTDESK_SCOPES" placeholder:"NAME,..."`
}

// Help is shown below the flags.
func (stdioCmd) Help() string {
	return "It attaches to the home's running server, or becomes it; when the owner exits, an attached one takes over. The log goes to stderr."
}

// Run pumps lines between the client and a desk until the client hangs up.
func (c *stdioCmd) Run(ctx context.Context, s streams, home place) error {
	tune()
	scopes, err := identity.Expand(c.Scopes)
	if err != nil {
		return err
	}
	log := obs.Logger(s.err, level(c.Desk.LogLevel), c.Desk.LogJSON)
	p := &pump{in: make(chan []byte), out: s.out, log: log, waiting: map[string]bool{}}
	go p.read(s.in)
	for {
		back, err := c.backend(ctx, string(home), scopes, log)
		if err != nil {
			return err
		}
		again, err := p.run(ctx, back)
		back.close()
		if err != nil || !again {
			return err
		}
		log.Info("the desk's owner is gone: taking over")
	}
}

// backend is the desk's end of the pipe.
type backend struct {
	io.ReadWriteCloser
	close func()
}

// backend becomes the home's owner and serves in process, or attaches to who is.
func (c *stdioCmd) backend(ctx context.Context, home string, scopes []string, log *slog.Logger) (backend, error) {
	for try := 0; ; try++ {
		h, err := store.Acquire(home, "stdio", time.Now())
		if err == nil {
			return c.own(ctx, h, scopes, log)
		}
		if !errors.Is(err, store.ErrHeld) {
			return backend{}, err
		}
		conn, aerr := attach(ctx, home, scopes, c.Desk.ReadOnly, c.Desk.Toolsets)
		if aerr == nil {
			return backend{conn, func() { _ = conn.Close() }}, nil
		}
		if try > 100 || ctx.Err() != nil {
			return backend{}, errors.Join(err, aerr)
		}
		time.Sleep(50 * time.Millisecond) // it is starting, or just gone
	}
}

func (c *stdioCmd) own(ctx context.Context, h *store.Home, scopes []string, log *slog.Logger) (backend, error) {
	a, err := openApp(ctx, h, c.Desk, log)
	if err != nil {
		return backend{}, errors.Join(err, h.Release())
	}
	s, err := a.listen(h, listen{}) // only the local socket: others attach there
	if err != nil {
		a.Close()
		return backend{}, errors.Join(err, h.Release())
	}
	near, far := net.Pipe()
	who := a.identity.Local(scopes, false)
	view := tool.View{Toolsets: c.Desk.Toolsets, ReadOnly: c.Desk.ReadOnly}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := a.mcpServer(a.webConfig(listen{})).ServeConn(context.WithoutCancel(ctx), far, far, who, view); err != nil {
			log.Debug("stdio session ended", "err", err)
		}
		_ = far.Close()
	})
	return backend{near, func() {
		_ = near.Close()
		wg.Wait()
		if err := s.shutdown(); err != nil {
			log.Warn("not shut down cleanly", "err", err)
		}
		a.Close()
		_ = h.Release()
	}}, nil
}

// attach opens a pipe to the owner's desk over its socket.
func attach(ctx context.Context, home string, scopes []string, readOnly bool, toolsets []string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socketPath(home))
	if err != nil {
		return nil, err
	}
	q := url.Values{"scopes": {strings.Join(scopes, " ")}, "toolsets": {strings.Join(toolsets, ",")}}
	if readOnly {
		q.Set("readonly", "1")
	}
	fmt.Fprintf(conn, "POST /local/stdio?%s HTTP/1.1\r\nHost: quantdesk\r\nContent-Length: 0\r\nConnection: Upgrade\r\nUpgrade: quantdesk-stdio\r\n\r\n", q.Encode())
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil) //nolint:bodyclose // the connection is what is kept
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		if err == nil {
			err = fault.E("attach", fault.Unavailable, "the running server answered %s", res.Status).Hinted("It may be of another version: restart it.")
		}
		return nil, errors.Join(err, conn.Close())
	}
	return buffered{conn, r}, nil
}

// buffered reads what was read ahead of a connection first.
type buffered struct {
	net.Conn
	r *bufio.Reader
}

func (b buffered) Read(p []byte) (int, error) { return b.r.Read(p) }

// attached serves a stdio client of another process on this desk.
func (a *app) attached(w http.ResponseWriter, r *http.Request, stopping <-chan struct{}) {
	q := r.URL.Query()
	scopes, err := identity.Expand(strings.Fields(q.Get("scopes")))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	view := tool.View{ReadOnly: q.Get("readonly") != ""}
	if t := q.Get("toolsets"); t != "" {
		view.Toolsets = strings.Split(t, ",")
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "cannot attach", http.StatusInternalServerError)
		return
	}
	defer func() { _ = conn.Close() }()
	if _, err := rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: quantdesk-stdio\r\n\r\n"); err != nil || rw.Flush() != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	go func() {
		select {
		case <-stopping:
			_ = conn.Close()
		case <-ctx.Done():
		}
	}()
	in := buffered{conn, rw.Reader}
	if err := a.mcpServer(a.webConfig(listen{})).ServeConn(ctx, in, conn, a.identity.Local(scopes, false), view); err != nil {
		a.log.Debug("attached session ended", "err", err)
	}
}

// pump carries lines. It remembers how the client began, to begin again with a
// new owner, and what is still unanswered.
type pump struct {
	in  chan []byte
	out io.Writer
	log *slog.Logger

	hello    []byte // the initialize request
	greeted  []byte // the initialized notification
	helloID  string
	pending  []byte // a line that found no desk to take it
	finished bool   // the client has hung up

	mu      sync.Mutex // guards waiting and out
	waiting map[string]bool
}

// maxLine bounds one message.
const maxLine = 8 << 20

func (p *pump) read(in io.Reader) {
	defer close(p.in)
	r := bufio.NewReaderSize(in, 64<<10)
	var long []byte
	for {
		part, err := r.ReadSlice('\n')
		long = append(long, part...)
		if errors.Is(err, bufio.ErrBufferFull) && len(long) < maxLine {
			continue
		}
		if len(long) > 1 || len(long) == 1 && long[0] != '\n' {
			line := long
			if line[len(line)-1] != '\n' {
				line = append(line, '\n')
			}
			p.in <- line
		}
		if err != nil {
			return
		}
		long = nil
	}
}

type envelope struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
}

// run pumps until the client hangs up (false) or the desk does (true).
func (p *pump) run(ctx context.Context, back backend) (again bool, err error) {
	gone := make(chan struct{})
	skip := ""
	p.mu.Lock()
	if p.hello != nil && !p.waiting[p.helloID] {
		skip = p.helloID // the client has the answer to its beginning already
	}
	p.mu.Unlock()
	go p.answers(back, skip, gone)
	for _, l := range [][]byte{p.hello, p.greeted, p.pending} {
		if l == nil {
			continue
		}
		if _, err := back.Write(l); err != nil {
			return true, nil //nolint:nilerr // the desk is gone: the next one is asked
		}
	}
	p.pending = nil
	for !p.finished {
		select {
		case l, ok := <-p.in:
			if !ok {
				p.finished = true
				break
			}
			p.note(l)
			if _, err := back.Write(l); err != nil {
				p.keep(l)
				return true, nil //nolint:nilerr // as above
			}
		case <-gone:
			p.orphans()
			return true, nil
		case <-ctx.Done():
			return false, nil
		}
	}
	p.drain(ctx, gone)
	return false, nil
}

// note remembers what has to be known of a client's line.
func (p *pump) note(l []byte) {
	var e envelope
	if json.Unmarshal(l, &e) != nil {
		return
	}
	switch e.Method {
	case "initialize":
		p.hello, p.helloID = l, string(e.ID)
	case "notifications/initialized":
		p.greeted = l
	}
	if e.Method != "" && len(e.ID) > 0 {
		p.mu.Lock()
		p.waiting[string(e.ID)] = true
		p.mu.Unlock()
	}
}

// answers carries the desk's lines to the client.
func (p *pump) answers(back io.Reader, skip string, gone chan<- struct{}) {
	defer close(gone)
	r := bufio.NewReaderSize(back, 64<<10)
	for {
		l, err := r.ReadBytes('\n')
		if len(l) > 0 && err == nil {
			var e envelope
			isAnswer := json.Unmarshal(l, &e) == nil && e.Method == "" && len(e.ID) > 0
			if isAnswer && skip != "" && string(e.ID) == skip {
				skip = ""
				continue
			}
			p.mu.Lock()
			if isAnswer {
				delete(p.waiting, string(e.ID))
			}
			_, werr := p.out.Write(l)
			p.mu.Unlock()
			if werr != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// keep holds a line that no desk has taken for the next one, and gives up on
// the answers that the last one owed.
func (p *pump) keep(l []byte) {
	var e envelope
	_ = json.Unmarshal(l, &e) // what is no message has no id either
	p.mu.Lock()
	delete(p.waiting, string(e.ID))
	p.mu.Unlock()
	p.orphans()
	p.pending = l
	if e.Method == "initialize" || e.Method == "notifications/initialized" {
		p.pending = nil // replayed anyway
	}
	if e.Method != "" && len(e.ID) > 0 {
		p.mu.Lock()
		p.waiting[string(e.ID)] = true
		p.mu.Unlock()
	}
}

// orphans tells the client that requests of the desk that is gone were not
// answered: whether they were done has to be read.
func (p *pump) orphans() {
	p.mu.Lock()
	defer p.mu.Unlock()
	begins := p.waiting[p.helloID] // is replayed, and answered by the next desk
	delete(p.waiting, p.helloID)
	for id := range p.waiting {
		fmt.Fprintf(p.out, `{"jsonrpc":"2.0","id":%s,"error":{"code":-32603,"message":"The desk restarted before it answered. Read the state (get_orders) before calling again; confirm_trade is safe to repeat."}}`+"\n", id)
	}
	clear(p.waiting)
	if begins {
		p.waiting[p.helloID] = true
	}
}

// drain waits for the answers still owed to a client that has sent its last
// line, within the bound.
func (p *pump) drain(ctx context.Context, gone <-chan struct{}) {
	deadline := time.After(drain)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		p.mu.Lock()
		left := len(p.waiting)
		p.mu.Unlock()
		if left == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-gone:
			return
		case <-deadline:
			return
		case <-ctx.Done():
			return
		}
	}
}
