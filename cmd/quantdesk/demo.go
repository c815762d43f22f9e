package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"quantdesk/internal/fault"
	"quantdesk/internal/num"
	"quantdesk/internal/obs"
	"quantdesk/internal/store"
	"quantdesk/internal/trade"
)

type demoCmd struct {
	Market      string  `help:"sim, or a LEAN data folder to replay." default:"sim" env:"QUANTDESK_MARKET" placeholder:"DIR|sim"`
	ReplayDate  string  `help:"Session to replay. Default: the last complete minute session." placeholder:"2013-10-11"`
	ReplaySpeed float64 `help:"How many times as fast as real time to replay." default:"1"`
	Seed        int64   `help:"Seed of the simulated market." default:"42"`
	Symbol      string  `help:"What to trade. Default: one with a live quote."`
	Keep        bool    `help:"Keep the temporary home and print where it is."`
}

// Help is shown below the flags.
func (demoCmd) Help() string {
	return "A private server in a temporary home, and an MCP client that logs in over its real HTTP endpoint, looks, proposes, confirms, sees the fill, replaces and cancels, is refused; then makes a project, compiles and backtests it, reads its chart, orders and insights; and verifies the audit. It exits 0 only if every step held."
}

// Run plays the session.
func (c *demoCmd) Run(ctx context.Context, io streams) (err error) {
	dir, err := os.MkdirTemp("", "quantdesk-demo-*")
	if err != nil {
		return err
	}
	defer func() {
		if c.Keep {
			fmt.Fprintf(io.out, "\nkept %s\n", dir)
			return
		}
		if rerr := os.RemoveAll(dir); err == nil {
			err = rerr
		}
	}()
	h, err := store.Acquire(dir, "demo", time.Now())
	if err != nil {
		return err
	}
	defer func() { _ = h.Release() }()
	set, err := settingsOf(dir)
	if err != nil {
		return err
	}
	set.Market, set.ReplayDate, set.ReplaySpeed, set.Seed = c.Market, c.ReplayDate, c.ReplaySpeed, c.Seed
	set.Toolsets, set.ReadOnly, set.ExcludeTools = nil, false, nil
	a, err := openApp(ctx, h, set, obs.Logger(io.err, slog.LevelWarn, false))
	if err != nil {
		return err
	}
	defer a.Close()
	s, err := a.listen(h, listen{Addr: "127.0.0.1:0", MCPPath: "/mcp"})
	if err != nil {
		return err
	}
	p := &play{io: io, app: a, url: s.url, home: dir, symbol: c.Symbol}
	err = p.all(ctx)
	if serr := s.shutdown(); err == nil {
		err = serr
	}
	if err != nil {
		return fault.Wrap("demo", fault.Conflict, err, "the demo stopped at step %d: %s", p.step, fault.As(err).Message).Hinted("Run quantdesk doctor; the transcript above shows how far it came.")
	}
	fmt.Fprintf(io.out, "\nEvery step held: %d of %d.\n", p.step, p.step)
	return nil
}

// play is the demo's client and what it learns on the way.
type play struct {
	io     streams
	app    *app
	url    string
	home   string
	symbol string

	session *mcp.ClientSession
	step    int
	account string
	bid     num.Decimal
	ask     num.Decimal
	orderID string
	ticket  string

	projectID  int64
	compileID  string
	backtestID string
	// quiet keeps the arguments of a call out of the transcript.
	quiet bool
}

// demoStep is one step, and what must hold in it.
type demoStep struct {
	title string
	do    func(context.Context) error
}

func (p *play) all(ctx context.Context) error {
	steps := []demoStep{
		{"A scoped token is minted", p.login},
		{"tools/list shows what the token may use", p.tools},
		{"Which accounts?", p.accounts},
		{"How much money?", p.balances},
		{"A quote, with its age and source", p.quote},
		{"The last daily bars", p.bars},
		{"An order is proposed", p.propose},
		{"It is not at the broker", p.notThere},
		{"It is confirmed, once", p.confirm},
		{"It is filled", p.filled},
		{"The position", p.position},
		{"The ledger", p.transactions},
		{"A limit order rests, is replaced, then cancelled", p.rest},
		{"An order against the policy is refused, with its reason", p.refused},
	}
	steps = append(steps, p.engineSteps()...)
	for _, s := range append(steps, demoStep{"The audit verifies itself", p.audit}) {
		p.step++
		fmt.Fprintf(p.io.out, "\n%2d. %s\n", p.step, s.title)
		if err := s.do(ctx); err != nil {
			return err
		}
	}
	return p.session.Close()
}

func (p *play) say(format string, args ...any) {
	fmt.Fprintln(p.io.out, "    "+strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\n    "))
}

// broken is a step that did not hold.
func broken(format string, args ...any) error {
	return fault.E("demo", fault.Conflict, format, args...)
}

// bearer puts the token into every request.
type bearer struct{ token string }

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return http.DefaultTransport.RoundTrip(r)
}

func (p *play) login(ctx context.Context) error {
	m, err := p.app.identity.Mint(ctx, "local", []string{"read", "trade"}, time.Hour, false)
	if err != nil {
		return err
	}
	p.say("$ quantdesk token --scopes read,trade --ttl 1h")
	p.say("%s…  (ES256, %s, %d scopes)", m.Token[:24], m.ExpiresIn, len(m.Scopes))
	res, err := http.Post(p.url+"/mcp", "application/json", strings.NewReader("{}")) //nolint:noctx // a bare request is the point
	if err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode != http.StatusUnauthorized {
		return broken("a request without a token got %s", res.Status)
	}
	p.say("without it: %s, WWW-Authenticate: %s", res.Status, res.Header.Get("WWW-Authenticate"))
	client := mcp.NewClient(&mcp.Implementation{Name: "quantdesk-demo", Version: version()}, nil)
	p.session, err = client.Connect(ctx, &mcp.StreamableClientTransport{Endpoint: p.url + "/mcp", HTTPClient: &http.Client{Transport: bearer{m.Token}}}, nil)
	return err
}

func (p *play) tools(ctx context.Context) error {
	res, err := p.session.ListTools(ctx, nil)
	if err != nil {
		return err
	}
	names := make([]string, len(res.Tools))
	for i, t := range res.Tools {
		names[i] = t.Name
	}
	list := strings.Join(names, " ")
	if !strings.Contains(list, "create_order") || strings.Contains(list, "authorize_connection") {
		return broken("the list does not follow the token's scopes: %s", list)
	}
	p.say("%d tools: %s", len(names), list)
	p.say("authorize_connection is not among them: the token lacks connections:write")
	return nil
}

// call calls a tool and decodes its structured reply.
func (p *play) call(ctx context.Context, name string, args map[string]any, out any) (text string, err error) {
	raw, err := json.Marshal(args)
	if err != nil {
		return "", err
	}
	if !p.quiet {
		p.say("→ %s %s", name, raw)
	}
	res, err := p.session.CallTool(ctx, &mcp.CallToolParams{Name: name, Arguments: args})
	if err != nil {
		return "", err
	}
	if len(res.Content) > 0 {
		if t, ok := res.Content[0].(*mcp.TextContent); ok {
			text = t.Text
		}
	}
	if res.IsError {
		return text, fault.E("demo", fault.Invalid, "%s", strings.TrimSuffix(text, "."))
	}
	reply, err := json.Marshal(res.StructuredContent)
	if err != nil {
		return text, err
	}
	return text, json.Unmarshal(reply, out)
}

func (p *play) accounts(ctx context.Context) error {
	var out struct {
		Accounts []struct {
			ID          string            `json:"account_id"`
			Environment trade.Environment `json:"environment"`
			Trading     bool              `json:"trading"`
		} `json:"accounts"`
	}
	if _, err := p.call(ctx, "list_accounts", nil, &out); err != nil {
		return err
	}
	if len(out.Accounts) != 1 || !strings.HasPrefix(out.Accounts[0].ID, "SIM-") || out.Accounts[0].Environment != trade.Simulated || !out.Accounts[0].Trading {
		return broken("expected one simulated account that may trade, got %+v", out.Accounts)
	}
	p.account = out.Accounts[0].ID
	p.say("← %s, simulated, may trade", p.account)
	return nil
}

func (p *play) balances(ctx context.Context) error {
	var out struct {
		Cash        num.Decimal `json:"cash"`
		Equity      num.Decimal `json:"equity"`
		BuyingPower num.Decimal `json:"buying_power"`
		Currency    string      `json:"currency"`
		Environment string      `json:"environment"`
		Feed        string      `json:"feed"`
	}
	text, err := p.call(ctx, "get_balances", map[string]any{"account": p.account}, &out)
	if err != nil {
		return err
	}
	if !out.Cash.Equal(startCash) || out.Environment != "simulated" || !strings.HasPrefix(text, "SIMULATED") {
		return broken("expected %s of simulated cash, said so in the first line, got %s", startCash, text)
	}
	p.say("← %s", strings.SplitN(text, "\n", 2)[0])
	p.say("← cash %s %s, equity %s, buying power %s", out.Cash, out.Currency, out.Equity, out.BuyingPower)
	return nil
}

type demoQuote struct {
	Symbol string      `json:"symbol"`
	Bid    num.Decimal `json:"bid"`
	Ask    num.Decimal `json:"ask"`
	Feed   string      `json:"feed"`
	AgeMS  int64       `json:"age_ms"`
}

// quote finds what to trade: the one asked for, or the first with a live quote.
func (p *play) quote(ctx context.Context) error {
	candidates := []string{p.symbol}
	if p.symbol == "" {
		candidates = []string{"AAPL", "SPY"}
		all, err := p.app.feed.Instruments(ctx)
		if err != nil {
			return err
		}
		for _, in := range all {
			candidates = append(candidates, in.Symbol)
		}
	}
	deadline := time.Now().Add(90 * time.Second)
	for {
		for _, s := range candidates {
			q, err := p.app.feed.Quote(ctx, s)
			if err != nil || !q.Feed.Tradable() || q.Bid.Sign() <= 0 || q.Ask.Sign() <= 0 {
				continue
			}
			p.symbol = s
			var out struct {
				Quotes []demoQuote `json:"quotes"`
				Source string      `json:"source"`
			}
			if _, err := p.call(ctx, "get_quotes", map[string]any{"symbols": []string{s}}, &out); err != nil {
				return err
			}
			if len(out.Quotes) != 1 || out.Quotes[0].Bid.Cmp(out.Quotes[0].Ask) >= 0 {
				return broken("the quote is not one: %+v", out.Quotes)
			}
			p.bid, p.ask = out.Quotes[0].Bid, out.Quotes[0].Ask
			p.say("← %s %s / %s, %s from %s, %d ms old, venue clock %s", s, p.bid, p.ask, out.Quotes[0].Feed, out.Source, out.Quotes[0].AgeMS, p.app.feed.Now().Format(time.DateTime))
			return nil
		}
		if time.Now().After(deadline) {
			return broken("no instrument has a live quote on the venue clock %s", p.app.feed.Now().Format(time.RFC3339))
		}
		// A replay that has just opened has no finished minute yet.
		p.say("the session has just opened: waiting for its first minute")
		select {
		case <-time.After(5 * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (p *play) bars(ctx context.Context) error {
	var out struct {
		Bars []struct {
			Time  time.Time   `json:"time"`
			Close num.Decimal `json:"close"`
		} `json:"bars"`
		TimeZone string `json:"time_zone"`
	}
	if _, err := p.call(ctx, "get_bars", map[string]any{"symbol": p.symbol, "resolution": "1d", "limit": 3}, &out); err != nil {
		return err
	}
	if len(out.Bars) == 0 {
		return broken("there are no daily bars of %s", p.symbol)
	}
	for _, b := range out.Bars {
		if b.Time.After(p.app.feed.Now()) {
			return broken("a bar of %s lies in the future", b.Time)
		}
		p.say("← %s close %s", b.Time.Format(time.DateOnly), b.Close)
	}
	return nil
}
