package order

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/risk"
	"quantdesk/internal/trade"
)

// Caller is who asks, as the token or the machine proves it.
type Caller struct {
	User string
	// Operator is a person at the machine itself, never a token.
	Operator bool
	Trace    string
}

// Account is one account at a broker, and whose it is.
type Account struct {
	ID           string            `json:"account_id"`
	Name         string            `json:"name"`
	User         string            `json:"-"`
	Broker       string            `json:"brokerage_id"`
	ConnectionID string            `json:"connection_id"`
	Environment  trade.Environment `json:"environment"`
	Currency     string            `json:"currency"`
	// Trading is the connection's permission to trade.
	Trading bool `json:"trading"`
}

// Directory tells whose accounts are whose.
type Directory interface {
	Accounts(ctx context.Context, user string) ([]Account, error)
	Account(ctx context.Context, id string) (Account, bool, error)
	AllAccounts(ctx context.Context) ([]Account, error)
}

// Config is what a Desk is made of.
type Config struct {
	Journal   Journal
	Directory Directory
	Prices    Prices
	// PricesOf gives the prices of an account whose broker has its own; nil, or
	// false, means Prices.
	PricesOf func(account string) (Prices, bool)
	// Broker gives the adapter of a brokerage id.
	Broker func(id string) (Broker, bool)
	// Policy gives the operator's policy as it stands now.
	Policy func() risk.Policy
	// Now is the wall clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
	// CallTimeout bounds one call to a broker; 0 means ten seconds.
	CallTimeout time.Duration
	// SettleWait is how long Confirm waits for the venue's first word on what
	// it sent; 0 means two seconds.
	SettleWait time.Duration
	// Probe is called at each step of the order path with the step's name; tests
	// crash the process there. Nil does nothing.
	Probe func(step string)
}

// Desk takes orders from proposal to the end of their life.
type Desk struct {
	cfg Config
	log *slog.Logger

	mu       sync.Mutex // guards accounts, runCtx, tickets, refs
	accounts map[string]*account
	tickets  map[string]*Ticket
	runCtx   context.Context
	wg       sync.WaitGroup

	killMu   sync.RWMutex // guards kill, killTurn
	kill     KillSwitch
	killTurn int // counts SetKill: the last to be journaled decides
}

// New makes a desk; Run starts it.
func New(cfg Config) *Desk {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.CallTimeout == 0 {
		cfg.CallTimeout = 10 * time.Second
	}
	if cfg.SettleWait == 0 {
		cfg.SettleWait = 2 * time.Second
	}
	if cfg.Probe == nil {
		cfg.Probe = func(string) {}
	}
	return &Desk{cfg: cfg, log: cfg.Log, accounts: map[string]*account{}, tickets: map[string]*Ticket{}}
}

// prices are those that an account trades at.
func (d *Desk) prices(account string) Prices {
	if d.cfg.PricesOf != nil {
		if p, ok := d.cfg.PricesOf(account); ok {
			return p
		}
	}
	return d.cfg.Prices
}

// Start loads the kill switch, opens every account, reconciles each with its
// venue, and follows their events until ctx ends. Call Wait after that.
func (d *Desk) Start(ctx context.Context) error {
	kill, err := d.cfg.Journal.KillSwitch(ctx)
	if err != nil {
		return err
	}
	d.killMu.Lock()
	d.kill = kill
	d.killMu.Unlock()
	d.mu.Lock()
	d.runCtx = ctx
	d.mu.Unlock()
	all, err := d.cfg.Directory.AllAccounts(ctx)
	if err != nil {
		return err
	}
	for _, info := range all {
		if _, err := d.open(ctx, info); err != nil {
			// One broken account must not keep the others from trading.
			d.log.Error("account not opened", "account", info.ID, "err", err)
		}
	}
	return nil
}

// Wait blocks until everything the desk started has ended.
func (d *Desk) Wait() { d.wg.Wait() }

// Kill reads the kill switch.
func (d *Desk) Kill() KillSwitch {
	d.killMu.RLock()
	defer d.killMu.RUnlock()
	return d.kill
}

// SetKill pulls the kill switch, or releases it: releasing needs the operator.
func (d *Desk) SetKill(_ context.Context, c Caller, engaged bool, reason string) (KillSwitch, error) {
	if !engaged && !c.Operator {
		return KillSwitch{}, fault.E("order.SetKill", fault.Forbidden, "only a person at the machine may release the kill switch").
			Hinted("Ask the operator to run: quantdesk kill --release")
	}
	k := KillSwitch{Engaged: engaged, By: c.User, Reason: reason, At: d.cfg.Now().UTC()}
	d.killMu.Lock()
	wait := d.cfg.Journal.Append(Batch{KillSwitch: &k, Notes: []Note{{Trace: c.Trace, Kind: "kill_switch", User: c.User, Subject: "kill_switch", Body: k}}})
	d.killTurn++
	turn := d.killTurn
	// A brake holds even if the disk does not: engage before waiting for it.
	before := d.kill
	if engaged {
		d.kill = k
	}
	d.killMu.Unlock()
	if err := wait(); err != nil {
		if engaged {
			return k, fault.Wrap("order.SetKill", fault.Unavailable, err, "the kill switch is engaged but could not be written to disk").Hinted("It holds until the server restarts; check the disk.")
		}
		return before, err
	}
	d.killMu.Lock()
	defer d.killMu.Unlock()
	if d.killTurn == turn { // a brake pulled after this release holds
		d.kill = k
	}
	return k, nil
}

// AccountFor finds the caller's account: by id, or the only one when id is
// empty. Somebody else's account is not found.
func (d *Desk) AccountFor(ctx context.Context, c Caller, id string) (Account, error) {
	const op = "order.AccountFor"
	own, err := d.cfg.Directory.Accounts(ctx, c.User)
	if err != nil {
		return Account{}, err
	}
	if id == "" {
		switch len(own) {
		case 1:
			return own[0], nil
		case 0:
			return Account{}, fault.E(op, fault.NotFound, "you have no account yet").Hinted("Call authorize_connection to connect a broker.")
		}
		return Account{}, fault.E(op, fault.Invalid, "account is required: you have %d accounts", len(own)).Hinted("Call list_accounts and pass one account_id as account.")
	}
	for _, a := range own {
		if a.ID == id {
			return a, nil
		}
	}
	if c.Operator {
		if a, ok, err := d.cfg.Directory.Account(ctx, id); err != nil || ok {
			return a, err
		}
	}
	return Account{}, fault.E(op, fault.NotFound, "there is no account %q of yours", id).Hinted("Call list_accounts and pass one account_id as account.")
}

// AccountsOf lists the caller's accounts.
func (d *Desk) AccountsOf(ctx context.Context, c Caller) ([]Account, error) {
	return d.cfg.Directory.Accounts(ctx, c.User)
}

// Capabilities tells what the broker of an account takes.
func (d *Desk) Capabilities(a Account) (Capabilities, error) {
	b, err := d.broker(a)
	if err != nil {
		return Capabilities{}, err
	}
	return b.Capabilities(), nil
}

// Balances asks the account's broker for its money.
func (d *Desk) Balances(ctx context.Context, a Account) (trade.Balances, error) {
	b, err := d.broker(a)
	if err != nil {
		return trade.Balances{}, err
	}
	return b.Balances(ctx, a.ID)
}

// Positions asks the account's broker for what it holds.
func (d *Desk) Positions(ctx context.Context, a Account) ([]trade.Position, error) {
	b, err := d.broker(a)
	if err != nil {
		return nil, err
	}
	return b.Positions(ctx, a.ID)
}

func (d *Desk) broker(a Account) (Broker, error) {
	b, ok := d.cfg.Broker(a.Broker)
	if !ok {
		return nil, fault.E("order.Desk", fault.Unavailable, "the broker %s of account %s is not connected", a.Broker, a.ID).
			Hinted("Call connection_status for what is missing.")
	}
	return b, nil
}
