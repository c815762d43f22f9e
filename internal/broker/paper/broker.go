package paper

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/match"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// Market is what the venue needs of the world it trades in.
type Market interface {
	order.Prices
	// Actions lists an instrument's corporate actions that take effect after from
	// and not after to, in their order.
	Actions(symbol string, from, to market.Date) ([]market.Action, error)
}

// Config is what a venue is made of. DB and Market are required.
type Config struct {
	// DB is an SQLite database of the venue's own, in WAL mode with full
	// synchronisation and at least two connections: one is kept for writing.
	DB     *sql.DB
	Market Market
	// Fees defaults to match.Schedule, Log to none, Now (the wall clock, for
	// Created and Updated) to time.Now, Currency of new accounts to USD, Tick
	// (wall time between two looks at the market) to 100 ms.
	Fees     match.Fees
	Log      *slog.Logger
	Now      func() time.Time
	Currency string
	Tick     time.Duration
	// Options lets it trade options too: bought before they are sold, paid in
	// full, and settled in cash when the market delists them.
	Options bool
	// Faults, when set, makes the venue misbehave as scripted.
	Faults *FaultScript
}

// Broker is the venue. Its methods are safe for concurrent use.
type Broker struct {
	cfg   Config
	inbox chan message
	kick  chan struct{} // an account was opened: look at the clock again
	done  chan struct{} // closed when Run has ended
	ran   atomic.Bool

	// own guards the books below; Run holds it for each turn.
	own       sync.Mutex
	store     *store
	accounts  map[string]*account
	bySymbol  map[string][]*entry // at work, oldest first
	liquidity map[string]*match.Liquidity
	number    int64           // of the newest order
	minute    int64           // of the venue clock at the last look for corporate actions
	broken    bool            // memory is ahead of the disk: load before the next turn
	moved     map[*entry]bool // stops that followed the market since flushed
	flushed   time.Time

	// mu guards views, the committed state, and is held only to copy. It is
	// taken after own, never before.
	mu    sync.Mutex
	views map[string]*view
}

var _ order.Broker = (*Broker)(nil)

// errStopped is what a caller gets whose message was not answered.
var errStopped = errors.New("the paper venue has stopped")

// Open opens the venue on its database, making the schema where there is none
// and rebuilding the books. It fails when the record is damaged: unreadable, of a
// newer version, or with a ledger that does not hold its invariants.
func Open(cfg Config) (*Broker, error) {
	if cfg.DB == nil || cfg.Market == nil {
		return nil, errors.New("paper venue: DB and Market are required")
	}
	if cfg.DB.Stats().MaxOpenConnections == 1 {
		return nil, errors.New("paper venue: the database must allow two connections: one is kept for writing")
	}
	if cfg.Fees == nil {
		cfg.Fees = match.Schedule{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Currency == "" {
		cfg.Currency = "USD"
	}
	if cfg.Tick <= 0 {
		cfg.Tick = 100 * time.Millisecond
	}
	b := &Broker{
		cfg: cfg, inbox: make(chan message, 256), kick: make(chan struct{}, 1), done: make(chan struct{}),
		views: map[string]*view{},
	}
	ctx := context.Background()
	var err error
	if b.store, err = openStore(ctx, cfg.DB); err != nil {
		return nil, fmt.Errorf("paper venue: %w", err)
	}
	if err := b.load(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("paper venue: %w", err), b.store.close())
	}
	return b, nil
}

// Close gives back the database connection. Call it once Run has ended; the
// database itself stays the caller's.
func (b *Broker) Close() error {
	b.own.Lock()
	defer b.own.Unlock()
	return b.store.close()
}

// Capabilities tells what the venue takes. Its money is always simulated,
// whatever the prices are. Fractions are as each instrument's lot has it.
func (b *Broker) Capabilities() order.Capabilities {
	classes := []market.Class{market.Equity, market.Forex, market.Crypto, market.CFD}
	if b.cfg.Options {
		classes = append(classes, market.Option)
	}
	return order.Capabilities{
		Broker: "PaperBrokerage", Environment: trade.Simulated,
		Classes: classes,
		Types:   []trade.OrderType{trade.Market, trade.Limit, trade.Stop, trade.StopLimit, trade.TrailingStop},
		TIFs:    []trade.TIF{trade.Day, trade.GTC, trade.GTD, trade.IOC, trade.FOK, trade.OPG, trade.CLS},
		Bracket: true, OCO: true, OTO: true, Extended: true, Short: true, Replace: true,
	}
}

// call is what a message asks for.
type call string

const (
	callPlace   call = "place"
	callReplace call = "replace"
	callCancel  call = "cancel"
)

// message is one request to the venue's goroutine.
type message struct {
	call  call
	order trade.Order
	reply chan answer
}

// answer is what a caller gets once the turn is on disk, after a delay where a
// fault asks for one.
type answer struct {
	ack   order.Ack
	err   error
	delay time.Duration
}

// Place takes one order. An id the account has is answered as the first time.
// A refusal is an *order.VenueError; it is recorded as a rejected order unless
// the account is unknown.
func (b *Broker) Place(ctx context.Context, o trade.Order) (order.Ack, error) {
	return b.ask(ctx, message{call: callPlace, order: o})
}

// Replace gives a working order a new total quantity and prices. Revision must
// be one more than the venue's; a revision the venue has is a no-op, unless it
// stands for other terms (stale_revision): a split may have come in between.
func (b *Broker) Replace(ctx context.Context, o trade.Order) (order.Ack, error) {
	return b.ask(ctx, message{call: callReplace, order: o})
}

// Cancel ends a working order. An ended one is a VenueError already_done, an
// unknown one unknown_order.
func (b *Broker) Cancel(ctx context.Context, account, orderID string) error {
	_, err := b.ask(ctx, message{call: callCancel, order: trade.Order{Account: account, ID: orderID}})
	return err
}

func (b *Broker) ask(ctx context.Context, m message) (order.Ack, error) {
	if err := ctx.Err(); err != nil {
		return order.Ack{}, err
	}
	m.reply = make(chan answer, 1)
	select {
	case b.inbox <- m:
	case <-ctx.Done():
		return order.Ack{}, ctx.Err()
	case <-b.done:
		return order.Ack{}, errStopped
	}
	var a answer
	select {
	case a = <-m.reply:
	case <-ctx.Done():
		return order.Ack{}, ctx.Err()
	case <-b.done:
		select {
		case a = <-m.reply: // it was answered just before the end
		default:
			return order.Ack{}, errStopped
		}
	}
	if a.delay > 0 {
		late := time.NewTimer(a.delay)
		defer late.Stop()
		select {
		case <-late.C:
		case <-ctx.Done():
			return order.Ack{}, ctx.Err()
		}
	}
	return a.ack, a.err
}

// OpenAccount opens an account with a first deposit in its currency (empty for
// the venue's). One that exists is left as it is. It works before and while Run
// runs.
func (b *Broker) OpenAccount(ctx context.Context, id, currency string, deposit num.Decimal) error {
	if currency == "" {
		currency = b.cfg.Currency
	}
	if id == "" || deposit.Sign() < 0 || deposit.Cmp(largest) > 0 {
		return fmt.Errorf("open paper account %q: it needs a name and a deposit from 0 to %s", id, largest)
	}
	b.own.Lock()
	defer b.own.Unlock()
	if a := b.accounts[id]; a != nil && !b.broken {
		if a.currency != currency {
			return fmt.Errorf("open paper account %q: it is in %s, not %s", id, a.currency, currency)
		}
		return nil
	}
	err := b.turn(ctx, func(t *turn) {
		a := b.accounts[id]
		if a != nil {
			return
		}
		a = newAccount(id, currency)
		b.accounts[id] = a
		t.opened = append(t.opened, a)
		if deposit.Sign() > 0 {
			t.emitLedger(a, trade.Transaction{Kind: trade.TxDeposit, Amount: deposit, Note: "opening deposit"})
		}
	})
	if err != nil {
		return fmt.Errorf("open paper account %q: %w", id, err)
	}
	select {
	case b.kick <- struct{}{}:
	default:
	}
	return nil
}
