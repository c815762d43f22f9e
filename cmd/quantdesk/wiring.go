package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"quantdesk/internal/broker/paper"
	"sync"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/feed"
	"quantdesk/internal/identity"
	"quantdesk/internal/lean"
	"quantdesk/internal/market"
	"quantdesk/internal/order"
	"quantdesk/internal/project"
	"quantdesk/internal/risk"
	"quantdesk/internal/sim"
	"quantdesk/internal/store"
	"quantdesk/internal/trade"
)

// openRunner makes what compiles and runs user code; tests put their own here.
var openRunner = func(a *app) (project.Runner, error) {
	data := a.set.Market
	if data == "sim" {
		data = fmt.Sprintf("sim:%d", a.set.Seed)
	}
	r, err := newRunner(func(text string) { a.log.Warn(text) }, a.home.Dir, data, a.set.Runs)
	if err != nil {
		return nil, err
	}
	if !a.set.Runs.AllowWeak {
		return r, nil
	}
	strict, err := newRunner(func(text string) { a.log.Warn(text) }, a.home.Dir, data, a.set.Runs.forUsers(true))
	return crowdRunner{Runner: r, strict: strict, users: a.identity}, err
}

// crowdRunner runs user code unconfined, where the operator allows it, only
// while the desk has one user.
type crowdRunner struct {
	project.Runner
	strict project.Runner
	users  *identity.Service
}

func (c crowdRunner) runner(ctx context.Context) (project.Runner, error) {
	all, err := c.users.Users(ctx, "")
	if err != nil || len(all) <= 1 {
		return c.Runner, err
	}
	return c.strict, nil
}

// Compile checks user code.
func (c crowdRunner) Compile(ctx context.Context, s project.Source) ([]project.Problem, error) {
	r, err := c.runner(ctx)
	if err != nil {
		return nil, err
	}
	return r.Compile(ctx, s)
}

// Backtest runs user code.
func (c crowdRunner) Backtest(ctx context.Context, run project.Run, progress func(project.Progress)) (*project.Result, error) {
	r, err := c.runner(ctx)
	if err != nil {
		return nil, err
	}
	return r.Backtest(ctx, run, progress)
}

// directory lets the desk see identity's accounts; the two rooms do not know
// each other.
type directory struct{ *identity.Service }

var _ order.Directory = directory{}

func deskAccount(a identity.Account) order.Account {
	return order.Account{
		ID: a.ID, Name: a.Name, User: a.User, Broker: a.Broker, ConnectionID: a.ConnectionID, Environment: trade.Environment(a.Environment),
		Currency: a.Currency, Trading: a.Trading,
	}
}

func deskAccounts(list []identity.Account, err error) ([]order.Account, error) {
	out := make([]order.Account, len(list))
	for i, a := range list {
		out[i] = deskAccount(a)
	}
	return out, err
}

// Accounts lists a user's accounts.
func (d directory) Accounts(ctx context.Context, user string) ([]order.Account, error) {
	if user == "" { // nobody has no accounts; identity would list all
		return nil, nil
	}
	return deskAccounts(d.Service.Accounts(ctx, user))
}

// Account finds an account.
func (d directory) Account(ctx context.Context, id string) (order.Account, bool, error) {
	a, ok, err := d.Service.Account(ctx, id)
	return deskAccount(a), ok, err
}

// AllAccounts lists every account.
func (d directory) AllAccounts(ctx context.Context) ([]order.Account, error) {
	return deskAccounts(d.Service.Accounts(ctx, ""))
}

// policyFile gives the operator's policy, read again when the file changes. A
// file that cannot be read or understood halts trading until it can.
type policyFile struct {
	path string
	log  *slog.Logger

	mu      sync.Mutex // guards the rest
	looked  time.Time
	changed time.Time
	size    int64
	policy  risk.Policy
}

// openPolicy reads the policy, writing the default one the first time. A file
// that is wrong from the start is an error.
func openPolicy(path string, log *slog.Logger) (*policyFile, error) {
	p := &policyFile{path: path, log: log}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		raw, err := json.MarshalIndent(risk.Default(), "", "  ")
		if err != nil {
			return nil, err
		}
		if err := store.WriteFile(path, append(raw, '\n')); err != nil {
			return nil, err
		}
	}
	if err := p.read(); err != nil {
		return nil, fault.Wrap("openPolicy", fault.Invalid, err, "the policy %s is not usable: %s", path, err).Hinted("Mend the file, or remove it to begin with the default.")
	}
	return p, nil
}

// lookEvery bounds how long a change of the file stays unseen.
const lookEvery = time.Second

// Now gives the policy as the file says it.
func (p *policyFile) Now() risk.Policy {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.looked) < lookEvery {
		return p.policy
	}
	p.looked = time.Now()
	st, err := os.Stat(p.path)
	if err == nil && st.ModTime().Equal(p.changed) && st.Size() == p.size {
		return p.policy
	}
	if err := p.read(); err != nil {
		p.log.Error("the policy cannot be read: trading is halted until it can", "err", err)
		p.policy = risk.Default()
		p.policy.Halted = true
	}
	return p.policy
}

func (p *policyFile) read() error {
	st, err := os.Stat(p.path)
	if err != nil {
		return err
	}
	p.changed, p.size = st.ModTime(), st.Size()
	raw, err := os.ReadFile(p.path)
	if err != nil {
		return err
	}
	p.policy, err = risk.Parse(raw)
	return err
}

// openMarket opens what prices come from: the simulator on the wall clock, or a
// recorded session on its own.
func (a *app) openMarket(ctx context.Context) (err error) {
	a.feed, err = a.set.open(ctx)
	return err
}

// open opens the market that the settings name.
func (p prices) open(ctx context.Context) (*feed.Feed, error) {
	cfg := feed.Config{Kind: market.FeedSimulated, Clock: feed.Wall{}}
	if p.Faults != "" {
		raw, err := os.ReadFile(p.Faults)
		if err != nil {
			return nil, fault.E("app.openMarket", fault.Invalid, "%s", err)
		}
		if cfg.Faults, err = feed.ParseScript(raw); err != nil {
			return nil, fault.E("app.openMarket", fault.Invalid, "%s", err)
		}
	}
	if p.Market == "sim" {
		cfg.Source = sim.New(sim.Config{Seed: p.Seed})
	} else {
		folder, err := lean.Open(p.Market)
		if err != nil {
			return nil, err
		}
		open, closes, err := session(ctx, folder, p.ReplayDate)
		if err != nil {
			return nil, err
		}
		cfg.Source, cfg.Kind, cfg.Clock = folder, market.FeedReplay, feed.NewReplay(open, closes, p.ReplaySpeed, time.Now)
	}
	return feed.New(cfg)
}

// script reads the faults that the settings name for a paper broker; nil has
// none.
func (p prices) script() (*paper.FaultScript, error) {
	const op = "app.script"
	if p.Faults == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(p.Faults)
	if err != nil {
		return nil, fault.Wrap(op, fault.Invalid, err, "the fault script cannot be read")
	}
	if raw, err = brokerFaults(raw); err != nil {
		return nil, err
	}
	script, err := paper.ParseFaults(raw)
	if err != nil {
		return nil, fault.E(op, fault.Invalid, "%s", err)
	}
	return script, nil
}

// brokerFaults leaves out of a fault script what is the market's part.
func brokerFaults(raw []byte) ([]byte, error) {
	var list, kept []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fault.E("app.brokerFaults", fault.Invalid, "the fault script is not a JSON list: %s", err)
	}
	for _, item := range list {
		var f struct {
			Kind string `json:"kind"`
		}
		if json.Unmarshal(item, &f) == nil && feed.MarketFault(f.Kind) {
			continue
		}
		kept = append(kept, item)
	}
	if kept == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(kept)
}

// session finds the stretch to replay: the date's regular session of the first
// equity that has minutes then.
func session(ctx context.Context, folder *lean.Folder, date string) (open, closes time.Time, err error) {
	const op = "app.session"
	var d market.Date
	if date == "" {
		if d, err = folder.LastSession(ctx); err != nil {
			return open, closes, err
		}
	} else if d, err = market.ParseDate(date); err != nil {
		return open, closes, fault.E(op, fault.Invalid, "--replay-date: %s", err)
	}
	all, err := folder.Instruments(ctx)
	if err != nil {
		return open, closes, err
	}
	for _, in := range all {
		dates, err := folder.Sessions(ctx, in.Symbol)
		if err != nil {
			continue // a damaged instrument must not hide the others
		}
		for _, have := range dates {
			if have != d {
				continue
			}
			cal, err := folder.Calendar(in.Symbol)
			if err != nil {
				return open, closes, err
			}
			if o, c, ok := cal.Session(d); ok {
				return o, c, nil
			}
		}
	}
	return open, closes, fault.E(op, fault.NotFound, "%s has no minute data of %s to replay", folder.Dir(), d).Hinted("Choose another --replay-date; quantdesk data list shows what there is.")
}

// secretName derives a public name from a secret without telling it.
func secretName(secret []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("quantdesk home name"))
	return m.Sum(nil)[:8]
}
