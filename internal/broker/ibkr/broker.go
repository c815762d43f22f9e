package ibkr

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
	"quantdesk/internal/tws/client"
)

// ID is the broker's name, QuantConnect's for it.
const ID = "InteractiveBrokersBrokerage"

// Config is what the broker is made of. DB is needed.
type Config struct {
	// DB is an SQLite database of the broker's own.
	DB *sql.DB
	// Calendar tells when a symbol trades where the desk's own data know it.
	Calendar func(symbol string) (*market.Calendar, error)
	// Allowed tells whether the operator's file lets a live account trade.
	Allowed func(account string, env trade.Environment) bool
	Log     *slog.Logger
	// Pace is how many messages a second go to a TWS; see client.Config.
	Pace int
	// Timeout bounds one answer of TWS; 0 means 15 s.
	Timeout time.Duration
}

// Params is how to reach one account.
type Params struct {
	Addr     string
	ClientID int64
	// Account is needed where the login has several.
	Account string
}

// Broker is any number of connections to TWS, each for one account.
type Broker struct {
	cfg   Config
	store *store
	mu    sync.Mutex
	links map[string]*link // by connection
	by    map[string]*link // by account
}

// Open opens the broker on its database; nothing is connected yet.
func Open(ctx context.Context, cfg Config) (*Broker, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 15 * time.Second
	}
	s, err := openStore(ctx, cfg.DB)
	if err != nil {
		return nil, err
	}
	return &Broker{cfg: cfg, store: s, links: map[string]*link{}, by: map[string]*link{}}, nil
}

// Close ends every connection.
func (b *Broker) Close() {
	b.mu.Lock()
	list := make([]*link, 0, len(b.links))
	for _, l := range b.links {
		list = append(list, l)
	}
	b.mu.Unlock()
	for _, l := range list {
		l.close()
	}
}

// Capabilities tells what TWS takes of the desk's orders.
func (b *Broker) Capabilities() order.Capabilities {
	return order.Capabilities{
		Broker: ID, Environment: trade.Paper,
		Classes: []market.Class{market.Equity, market.Forex, market.Crypto, market.CFD, market.Option},
		Types:   []trade.OrderType{trade.Market, trade.Limit, trade.Stop, trade.StopLimit, trade.TrailingStop},
		TIFs:    []trade.TIF{trade.Day, trade.GTC, trade.GTD, trade.IOC, trade.FOK, trade.OPG, trade.CLS},
		Bracket: true, OCO: true, OTO: true, Extended: true, Short: true, Replace: true, Fractional: true,
	}
}

// Connect reaches an account for the first time and gives its name. It fails
// where no TWS answers, the account is not of the login, or it is live and the
// operator's file does not name it.
func (b *Broker) Connect(ctx context.Context, connection string, p Params) (string, error) {
	const op = "ibkr.Connect"
	accounts, err := b.login(ctx, p)
	if err != nil {
		return "", faultOf(op, err)
	}
	account, err := choose(accounts, p.Account)
	if err != nil {
		return "", err
	}
	if env := Environment(account); b.cfg.Allowed != nil && !b.cfg.Allowed(account, env) {
		return "", fault.E(op, fault.RiskRefused, "%s is a live account, and the operator's policy does not name it", account).
			Hinted("Connect a paper account (its name begins with DU), or let the operator add it to live_accounts in policy.json.").With("account", account)
	}
	p.Account = account
	l, err := b.attach(connection, p)
	if err != nil {
		return "", err
	}
	err = l.wait(ctx)
	if err == nil {
		err = l.opening(ctx)
	}
	if err != nil {
		b.Disconnect(connection)
		return "", faultOf(op, err)
	}
	return account, nil
}

// ghostWait is how long a client id may still be taken by a connection that has
// just ended.
const ghostWait = 2 * time.Second

// login tells the accounts of a TWS.
func (b *Broker) login(ctx context.Context, p Params) ([]string, error) {
	for end := time.Now().Add(ghostWait); ; {
		c, err := client.Dial(ctx, client.Config{Addr: p.Addr, ClientID: p.ClientID, Pace: b.cfg.Pace, Timeout: b.cfg.Timeout, Log: b.cfg.Log})
		if err == nil {
			defer c.Close()
			return c.Accounts(), nil
		}
		var no *client.Error
		if !errors.As(err, &no) || no.Code != client.InUse || time.Now().After(end) {
			return nil, err
		}
		select {
		case <-time.After(ghostWait / 20):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// choose picks the account of a login.
func choose(accounts []string, want string) (string, error) {
	const op = "ibkr.Connect"
	for _, a := range accounts {
		if strings.EqualFold(a, want) {
			return a, nil
		}
	}
	switch {
	case want != "":
		return "", fault.E(op, fault.NotFound, "the login has no account %q", want).Hinted("Use one of %s.", strings.Join(accounts, ", ")).With("argument", "account")
	case len(accounts) == 1:
		return accounts[0], nil
	}
	return "", fault.E(op, fault.Invalid, "the login has several accounts").Hinted("Name one as account: %s.", strings.Join(accounts, ", ")).With("argument", "account")
}

// Attach takes up the connection of an account that was connected before; it
// comes up when TWS does.
func (b *Broker) Attach(connection string, p Params) error {
	_, err := b.attach(connection, p)
	return err
}

func (b *Broker) attach(connection string, p Params) (*link, error) {
	const op = "ibkr.Connect"
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.by[p.Account] != nil {
		return nil, fault.E(op, fault.Conflict, "the account %s is connected already", p.Account).Hinted("Delete its connection first: list_connections has it.")
	}
	l, err := newLink(b, p)
	if err != nil {
		return nil, err
	}
	b.links[connection], b.by[p.Account] = l, l
	return l, nil
}

// Disconnect ends a connection. Orders stay with TWS.
func (b *Broker) Disconnect(connection string) {
	b.mu.Lock()
	l := b.links[connection]
	if l != nil {
		delete(b.links, connection)
		delete(b.by, l.p.Account)
	}
	b.mu.Unlock()
	if l != nil {
		l.close()
	}
}

// Client gives the connection of an account to TWS.
func (b *Broker) Client(account string) (*client.Client, error) {
	l, err := b.link(account)
	if err != nil {
		return nil, err
	}
	return l.up()
}

// Status tells how the connection of an account is; false where there is none.
func (b *Broker) Status(account string) (Params, client.Status, bool) {
	l, err := b.link(account)
	if err != nil {
		return Params{}, client.Status{}, false
	}
	return l.p, l.status(), true
}

// Find gives the desk's id of an order by TWS's number for it: that of this
// connection, or the permanent one.
func (b *Broker) Find(account string, number int64) (id string, ok bool) {
	l, err := b.link(account)
	if err != nil {
		return "", false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.byOrder[orderKey{l.p.ClientID, number}]
	if r == nil {
		r = l.byPerm[number]
	}
	if r == nil {
		return "", false
	}
	return r.Order.ID, true
}

// Number gives TWS's number of an order of the desk; 0 where it has none.
func (b *Broker) Number(account, id string) int64 {
	l, err := b.link(account)
	if err != nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.records[id]; r != nil {
		return r.OrderID
	}
	return 0
}

func (b *Broker) link(account string) (*link, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.by[account]; l != nil {
		return l, nil
	}
	return nil, fault.E("ibkr.link", fault.Unavailable, "the account %s has no connection to TWS", account).Hinted("Connect it again with authorize_connection or ibkr_connect.")
}

// Prices gives an account its own prices: those of its TWS.
func (b *Broker) Prices(account string) (order.Prices, bool) {
	l, err := b.link(account)
	if err != nil {
		return nil, false
	}
	return l.prices, true
}

// Place sends one order; see order.Trader.
func (b *Broker) Place(ctx context.Context, o trade.Order) (order.Ack, error) {
	l, err := b.link(o.Account)
	if err != nil { // nothing went out, and nothing will
		return order.Ack{}, &order.VenueError{Code: notConnected, Text: fault.As(err).Message}
	}
	return l.place(ctx, o)
}

// Replace changes one order.
func (b *Broker) Replace(ctx context.Context, o trade.Order) (order.Ack, error) {
	l, err := b.link(o.Account)
	if err != nil {
		return order.Ack{}, err
	}
	return l.change(ctx, o)
}

// Cancel asks for the end of an order.
func (b *Broker) Cancel(ctx context.Context, account, id string) error {
	l, err := b.link(account)
	if err != nil {
		return err
	}
	return l.cancel(ctx, id)
}

// Balances tells the money of an account as TWS sees it.
func (b *Broker) Balances(ctx context.Context, account string) (trade.Balances, error) {
	l, err := b.link(account)
	if err != nil {
		return trade.Balances{}, err
	}
	return l.balances(ctx)
}

// Positions tells what an account holds.
func (b *Broker) Positions(ctx context.Context, account string) ([]trade.Position, error) {
	l, err := b.link(account)
	if err != nil {
		return nil, err
	}
	return l.positions(ctx)
}

// Estimate asks TWS what an order would do.
func (b *Broker) Estimate(ctx context.Context, o trade.Order) (order.Cost, error) {
	l, err := b.link(o.Account)
	if err != nil {
		return order.Cost{}, err
	}
	return l.estimate(ctx, o)
}

// Book tells the orders that are known; it is complete while TWS is connected
// and what it lists has been read.
func (b *Broker) Book(ctx context.Context, account string, _ time.Time) (order.Book, error) {
	l, err := b.link(account)
	if err != nil {
		return order.Book{}, err
	}
	return l.book(ctx)
}

// Events tells what has happened after a number, and goes on.
func (b *Broker) Events(ctx context.Context, account string, after int64, sink func([]order.Event) error) error {
	l, err := b.link(account)
	if err != nil {
		return err
	}
	return l.follow(ctx, after, sink)
}

// faultOf is an error of the client as a user is told it.
func faultOf(op string, err error) error {
	var away *client.ConnectError
	var no *client.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &away):
		f := fault.Wrap(op, fault.Unavailable, err, "%s", away.Why)
		if away.Hint != "" {
			f = f.Hinted("%s", away.Hint)
		}
		return f
	case errors.Is(err, client.ErrTimeout):
		return fault.Wrap(op, fault.Timeout, err, "TWS did not answer in time").Hinted("Try again; connection_status tells whether TWS is well.")
	case errors.As(err, &no):
		code, hint := fault.RejectedByVenue, "The words are those of TWS."
		switch {
		case errors.Is(err, client.ErrContract):
			code, hint = fault.NotFound, "Find it with ibkr_search_symbols, and name secType, exchange and currency, or its conId."
		case errors.Is(err, client.ErrPacing):
			code, hint = fault.RateLimited, "Wait a while: TWS limits how much is asked."
		case errors.Is(err, client.ErrData):
			hint = "The login may lack the market data subscription: try delayed data with ibkr_set_market_data_type 3."
		case errors.Is(err, client.ErrConnect):
			code, hint = fault.Unavailable, "Look at connection_status."
		}
		return fault.Wrap(op, code, err, "TWS says: %s", no.Text).Hinted("%s", hint).With("ibkr_code", no.Code)
	}
	return err
}

// Fault is an error of the client as a user is told it.
func Fault(err error) error { return faultOf("ibkr", err) }
