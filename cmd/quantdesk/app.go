package main

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	oteltrace "go.opentelemetry.io/otel/trace"

	"quantdesk/internal/broker/ibkr"
	"quantdesk/internal/broker/paper"
	"quantdesk/internal/fault"
	"quantdesk/internal/feed"
	"quantdesk/internal/identity"
	"quantdesk/internal/jobs"
	"quantdesk/internal/mcpd"
	"quantdesk/internal/num"
	"quantdesk/internal/obs"
	"quantdesk/internal/order"
	"quantdesk/internal/project"
	"quantdesk/internal/qc"
	"quantdesk/internal/qcapi"
	"quantdesk/internal/report/shelf"
	"quantdesk/internal/research"
	"quantdesk/internal/rest"
	"quantdesk/internal/store"
	"quantdesk/internal/tool"
	"quantdesk/internal/tools"
	"quantdesk/internal/web"
)

// paperID is the embedded broker's id; startCash what its accounts begin with.
const paperID = "PaperBrokerage"

var startCash = num.FromInt(100_000)

// app is a whole desk: every service, wired. It is a value that tests open
// without a shell.
type app struct {
	home     *store.Home
	set      desk
	log      *slog.Logger
	db       *store.DB
	paperDB  *sql.DB
	paper    *paper.Broker
	ibkrDB   *sql.DB
	ibkr     *ibkr.Broker
	feed     *feed.Feed
	identity *identity.Service
	desk     *order.Desk
	gate     *tool.Gate
	metrics  *obs.Metrics
	policy   *policyFile
	limiter  *identity.Limiter
	projects *project.Service
	research *research.Service
	jobs     *jobs.Hub
	qc       *qcapi.Server
	data     *os.Root // market data that can be downloaded; nil has none

	mcpOnce sync.Mutex // guards mcp
	mcp     *mcpd.Server
	stop    context.CancelFunc
	// stopWork ends compiles and backtests.
	stopWork context.CancelFunc
	wg       sync.WaitGroup
	closed   sync.Once
	tracer   oteltrace.Tracer // nil traces nothing
	flush    func(context.Context) error
	seq      sync.Mutex // guards the numbering of accounts

	// writeWait and readWait are how long slow clients are borne with; tests
	// shorten them.
	writeWait, readWait time.Duration
}

// openApp opens the desk of a home that the caller owns.
func openApp(ctx context.Context, home *store.Home, set desk, log *slog.Logger) (a *app, err error) {
	a = &app{home: home, set: set, log: log}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	if a.policy, err = openPolicy(home.Path("policy.json"), log); err != nil {
		return a, err
	}
	auditKey, err := home.Key("audit.key")
	if err != nil {
		return a, err
	}
	a.db, err = store.Open(ctx, home.Path("desk.db"), store.Options{AuditKey: auditKey, Log: log, BeforeMigration: a.backupBeforeMigration})
	if err != nil {
		return a, err
	}
	if err := a.openMarket(ctx); err != nil {
		return a, err
	}
	if set.OTLPEndpoint != "" {
		if a.tracer, a.flush, err = obs.Tracer(ctx, set.OTLPEndpoint, version()); err != nil {
			return a, err
		}
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	if err := a.openBroker(run); err != nil {
		return a, err
	}
	if err := a.openIBKR(ctx); err != nil {
		return a, err
	}
	if err := a.openIdentity(ctx); err != nil {
		return a, err
	}
	a.desk = order.New(order.Config{
		Journal: a.db, Directory: directory{a.identity}, Prices: a.feed, PricesOf: a.ibkr.Prices, Broker: a.broker, Policy: a.policy.Now, Log: log,
	})
	if err := a.attachIBKR(ctx); err != nil {
		return a, err
	}
	if err := a.desk.Start(run); err != nil {
		return a, err
	}
	if err := a.identity.EnsureLocal(ctx); err != nil {
		return a, err
	}
	a.wg.Go(func() { a.sweep(run) })
	if err := a.openResearch(ctx); err != nil {
		return a, err
	}
	if err := a.openGate(); err != nil {
		return a, err
	}
	if err := a.openProjects(); err != nil {
		return a, err
	}
	if fixtureHome != nil {
		return a, fixtureHome(ctx, a)
	}
	return a, nil
}

func (a *app) broker(id string) (order.Broker, bool) {
	if id == ibkr.ID {
		return wire{a.ibkr, a.db, a.tracer}, true
	}
	return wire{a.paper, a.db, a.tracer}, id == paperID
}

func (a *app) openBroker(run context.Context) error {
	var err error
	if a.paperDB, err = store.OpenSQLite(a.home.Path("paper.db"), 4); err != nil {
		return err
	}
	script, err := a.set.script()
	if err != nil {
		return err
	}
	a.paper, err = paper.Open(paper.Config{DB: a.paperDB, Market: a.feed, Log: a.log, Faults: script})
	if err != nil {
		return fmt.Errorf("open the paper broker: %w", err)
	}
	a.wg.Go(func() {
		if err := a.paper.Run(run); err != nil && !errors.Is(err, context.Canceled) {
			a.log.Error("the paper broker stopped", "err", err)
		}
	})
	return nil
}

func (a *app) openIdentity(ctx context.Context) error {
	keys, err := identity.OpenKeys(store.KeyFile{Path: a.home.Path("keys", "signing.json")}, time.Now().UTC())
	if err != nil {
		return err
	}
	secret, err := a.home.Key("secrets.key")
	if err != nil {
		return err
	}
	// The home's own name: a token of one desk is not one of another's.
	name := "quantdesk:" + hex.EncodeToString(secretName(secret))
	a.identity, err = identity.New(ctx, identity.Config{
		Store: a.db, Keys: keys, Issuer: name, Audience: name, SecretKey: secret, Log: a.log, FirstBroker: paperID,
		OpenConnection: a.openConnection,
		Closed:         func(c identity.Connection) { a.ibkr.Disconnect(c.ID) },
		Opened: func(ctx context.Context, accounts []identity.Account) {
			for _, acc := range accounts {
				if err := a.desk.OpenAccount(ctx, deskAccount(acc)); err != nil {
					a.log.Error("account not opened", "account", acc.ID, "err", err)
				}
			}
		},
	})
	return err
}

// openConnection makes the accounts of a new connection: for the paper broker a
// fresh one with its first deposit.
func (a *app) openConnection(ctx context.Context, c identity.Connection, credentials map[string]string) ([]identity.Account, error) {
	const op = "app.openConnection"
	if c.Broker == qc.Broker { // credentials of the cloud: they reach no account
		return nil, nil
	}
	if c.Broker == ibkr.ID {
		return a.openTWS(ctx, c, credentials)
	}
	if c.Broker != paperID {
		return nil, fault.E(op, fault.NotFound, "there is no broker %q here", c.Broker)
	}
	cash := startCash
	for k, v := range credentials {
		var err error
		if k != "cash" {
			return nil, fault.E(op, fault.Invalid, "%s takes no credential %q", paperID, k).Hinted("It needs none; cash sets what the account begins with.")
		}
		if cash, err = num.Parse(v); err != nil || cash.Sign() <= 0 || num.FromInt(1_000_000_000).Less(cash) {
			return nil, fault.E(op, fault.Invalid, "cash must be above zero and at most 1,000,000,000, not %q", v)
		}
	}
	a.seq.Lock()
	defer a.seq.Unlock()
	id, err := a.nextAccount(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.paper.OpenAccount(ctx, id, "USD", cash); err != nil {
		return nil, err
	}
	caps := a.paper.Capabilities()
	acc := identity.Account{ID: id, Name: "Simulated account", Currency: "USD", Environment: string(caps.Environment)}
	// Kept before the next is numbered: PutConnection writes it again, the same.
	return []identity.Account{acc}, nil
}

// nextAccount numbers accounts of the paper broker; a number is never used
// twice, not even after its connection is deleted.
func (a *app) nextAccount(ctx context.Context) (string, error) {
	var n int64
	err := a.db.Counter(ctx, "paper_account", &n)
	return fmt.Sprintf("SIM-%06d", n), err
}

func (a *app) openGate() error {
	a.metrics = obs.NewMetrics(version(), func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		return float64(a.desk.Working(ctx))
	})
	cat := tools.Catalogue()
	if err := cat.CheckToolsets(a.set.Toolsets); err != nil {
		return err
	}
	limits := identity.Limits{All: a.set.RateLimit, Trade: a.set.TradeRateLimit}
	a.limiter = &identity.Limiter{Platform: limits, Local: identity.Limits{All: 10 * limits.All, Trade: 10 * limits.Trade}}
	a.gate = tool.NewGate(tool.Config{
		Catalogue: cat,
		Deps: tool.Deps{
			Desk: a.desk, Feed: a.feed, Identity: a.identity, Brokers: []order.Capabilities{a.ibkr.Capabilities(), a.paper.Capabilities()}, Policy: a.policy.Now, Now: time.Now,
			IBKR: a.ibkr, Streams: ibkr.NewStreams(), QuantConnect: a.backends(), Research: a.research, Reports: shelf.New(a.home.Path("reports"), time.Now), Workspace: a.set.LeanWorkspace, Version: version(), Started: time.Now(),
		},
		Limiter: a.limiter,
		Audit:   a.db, Bound: tool.View{Toolsets: a.set.Toolsets, ReadOnly: a.set.ReadOnly, Exclude: a.set.ExcludeTools}, Log: a.log, Tracer: a.tracer,
		Observe: func(name string, code fault.Code, took time.Duration) { a.metrics.Observe(name, string(code), took) },
	})
	return nil
}

// sweep forgets what is over, now and then.
func (a *app) sweep(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			a.desk.Sweep()
		case <-ctx.Done():
			return
		}
	}
}

// mcpServer is made on first use and shared by every transport.
func (a *app) mcpServer(cfg web.Config) *mcpd.Server {
	a.mcpOnce.Lock()
	defer a.mcpOnce.Unlock()
	if a.mcp == nil {
		a.mcp = mcpd.New(mcpd.Config{Gate: a.gate, Web: cfg, Version: version(), Log: a.log, Fixtures: fixtures})
	}
	return a.mcp
}

func (a *app) webConfig(l listen) web.Config {
	return web.Config{Hosts: lower(l.AllowedHosts), Origins: l.AllowedOrigins, Verify: a.identity.Verify, PublicURL: strings.TrimSuffix(l.PublicURL, "/"), WriteWait: a.writeWait, ReadWait: a.readWait, Log: a.log}
}

// handler is everything the HTTP endpoint serves.
func (a *app) handler(l listen) http.Handler {
	cfg := a.webConfig(l)
	mux := http.NewServeMux()
	bases := []string{l.MCPPath, "/api/v1/mcp"}
	m := web.Authenticate(cfg, a.mcpServer(cfg).Handler(bases...))
	for _, b := range bases {
		for _, method := range []string{"GET ", "POST ", "DELETE "} {
			mux.Handle(method+b, m)
			mux.Handle(method+b+"/", m)
		}
	}
	rest.New(rest.Config{
		Gate: a.gate, Identity: a.identity, Web: cfg, Version: version(), Metrics: a.metrics.Handler(), Log: a.log, Audit: a.db,
		Ready: func(r *http.Request) error { return a.ready(r.Context()) },
	}).Register(mux)
	return web.Patient(cfg, web.Guard(cfg, mux))
}

// ready tells whether the desk can take orders: store, market and broker answer.
func (a *app) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := a.db.Write(ctx, func(*sql.Tx) error { return nil }); err != nil {
		return err
	}
	_, err := a.feed.Instruments(ctx)
	return err
}

// Close ends everything, in the order that loses nothing.
func (a *app) Close() {
	a.closed.Do(func() {
		if a.mcp != nil {
			a.mcp.Close()
		}
		if a.stopWork != nil {
			a.stopWork()
		}
		if a.stop != nil {
			a.stop()
		}
		if a.desk != nil {
			a.desk.Wait()
		}
		if a.research != nil {
			a.research.Close()
		}
		a.wg.Wait()
		var errs []error
		closers := []io.Closer{}
		if a.jobs != nil {
			closers = append(closers, a.jobs)
		}
		if a.data != nil {
			closers = append(closers, a.data)
		}
		if a.ibkr != nil {
			a.ibkr.Close()
		}
		if a.ibkrDB != nil {
			closers = append(closers, a.ibkrDB)
		}
		if a.paper != nil {
			closers = append(closers, a.paper)
		}
		if a.paperDB != nil {
			closers = append(closers, a.paperDB)
		}
		if a.db != nil {
			closers = append(closers, a.db)
		}
		for _, c := range closers {
			errs = append(errs, c.Close())
		}
		if a.flush != nil {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			errs = append(errs, a.flush(ctx))
			cancel()
		}
		if err := errors.Join(errs...); err != nil {
			a.log.Error("not closed cleanly", "err", err)
		}
	})
}

func lower(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ToLower(s)
	}
	return out
}
