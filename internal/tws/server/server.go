package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/order"
	"quantdesk/internal/tws"
)

// Market is what the server tells of the market.
type Market interface {
	order.Prices
	Instruments(ctx context.Context) ([]market.Instrument, error)
	Bars(ctx context.Context, req market.BarRequest) ([]market.Bar, error)
	Actions(symbol string, from, to market.Date) ([]market.Action, error)
}

// Broker takes the orders and keeps the accounts.
type Broker interface {
	order.Trader
	order.Teller
}

// Config is what a server is made of. Market, Broker and Accounts are needed.
type Config struct {
	Market Market
	Broker Broker
	// Accounts are opened at the broker already. Their names begin with DUSIM, so
	// that nobody takes them for IBKR's.
	Accounts []string
	// Pace is how many messages a second a client may send, as TWS has it; 0 is
	// no limit. Historical data has limits of its own while it is set.
	Pace int
	// Now is the wall clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// maxClients is TWS's own limit.
const maxClients = 32

// Server serves any number of listeners and clients over one broker.
type Server struct {
	cfg       Config
	contracts *contracts
	book      *book
	faults    faults

	mu      sync.Mutex
	clients map[*client]bool
	wg      sync.WaitGroup
}

// New makes a server. It fails where the instruments cannot be listed.
func New(cfg Config) (*Server, error) {
	if cfg.Market == nil || cfg.Broker == nil || len(cfg.Accounts) == 0 {
		return nil, errors.New("tws server: Market, Broker and Accounts are needed")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	all, err := cfg.Market.Instruments(context.Background())
	if err != nil {
		return nil, fmt.Errorf("tws server: %w", err)
	}
	s := &Server{cfg: cfg, clients: map[*client]bool{}}
	s.contracts = newContracts(cfg.Market, all)
	s.book = newBook(s)
	return s, nil
}

// Run follows the broker's events until ctx ends, and returns once every client
// is gone. Clients are served only while it runs.
func (s *Server) Run(ctx context.Context) error {
	err := s.book.follow(ctx)
	s.mu.Lock()
	for c := range s.clients {
		c.close("the server stops")
	}
	s.mu.Unlock()
	s.wg.Wait()
	return err
}

// Serve takes clients from a listener until ctx ends; it closes the listener.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	if err := s.book.wait(ctx); err != nil {
		return err
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("tws server: %w", err)
		}
		s.wg.Go(func() { s.serve(ctx, conn) })
	}
}

func (s *Server) serve(ctx context.Context, conn net.Conn) {
	c := newClient(s, conn)
	defer c.close("")
	if err := c.handshake(); err != nil {
		s.cfg.Log.Info("no TWS client", "remote", conn.RemoteAddr().String(), "err", err)
		c.cut() // nothing waits to be written
		return
	}
	ctx, c.stop = context.WithCancel(ctx)
	defer c.stop()
	stop := context.AfterFunc(ctx, func() { c.close("the server stops") })
	defer stop()
	c.run(ctx)
}

// join registers a client whose id nobody else has.
func (s *Server) join(c *client) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.clients) >= maxClients {
		return false
	}
	for other := range s.clients {
		if other.id == c.id {
			return false
		}
	}
	s.clients[c] = true
	return true
}

func (s *Server) leave(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, c)
}

// each calls f for every client that has joined, by id.
func (s *Server) each(f func(c *client)) {
	s.mu.Lock()
	list := make([]*client, 0, len(s.clients))
	for c := range s.clients {
		list = append(list, c)
	}
	s.mu.Unlock()
	slices.SortFunc(list, func(a, b *client) int { return int(a.id - b.id) })
	for _, c := range list {
		f(c)
	}
}

// notice tells every client of the connection's state.
func (s *Server) notice(code int64, text string) {
	s.each(func(c *client) { c.fail(-1, code, "%s", text) })
}

func joined(accounts []string) string { return strings.Join(accounts, ",") }

// accounts are those a request names: one, or all for an empty name or "All".
func (s *Server) accounts(name string) []string {
	if name == "" || strings.EqualFold(name, "All") {
		return s.cfg.Accounts
	}
	if slices.Contains(s.cfg.Accounts, name) {
		return []string{name}
	}
	return nil
}

// send is one message on its way to a client.
func (c *client) send(m tws.Message) {
	frame, err := tws.Append(nil, m, c.version)
	if err != nil {
		c.s.cfg.Log.Error("a message cannot be written", "err", err)
		return
	}
	c.write(frame)
}

// fail tells a client of an error; the id is a request's, an order's or -1.
func (c *client) fail(id, code int64, text string, args ...any) {
	c.send(&tws.ErrMsg{ReqID: id, Code: code, Text: fmt.Sprintf(text, args...)})
}
