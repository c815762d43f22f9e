package ibkr

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	venue "quantdesk/internal/broker/ibkr"
	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
)

// startedOut tells of a stream that was begun.
type startedOut struct {
	Status     string       `json:"status" jsonschema:"subscribed, or already_subscribed."`
	URI        string       `json:"resource_uri" jsonschema:"Read it, or subscribe to it."`
	ResourceID string       `json:"resource_id" jsonschema:"For the stop."`
	Message    string       `json:"message" jsonschema:"What to do."`
	Contract   *contractRow `json:"contract,omitempty" jsonschema:"What it is."`
}

// stoppedOut tells of one that was ended.
type stoppedOut struct {
	Status     string `json:"status" jsonschema:"stopped."`
	URI        string `json:"resource_uri" jsonschema:"Its address."`
	ResourceID string `json:"resource_id" jsonschema:"As given."`
}

// firstWord is how long a start waits for TWS's first word: a refusal is told at
// once, silence is a quiet market.
const firstWord = 1500 * time.Millisecond

// begin keeps a stream of the caller.
func begin(ctx context.Context, c *tool.Call, name string, open venue.Opener) (startedOut, error) {
	st, already, err := c.Deps.Streams.Kept(c.Caller.User, name, open)
	if err != nil {
		return startedOut{}, err
	}
	id := name[strings.LastIndexByte(name, '/')+1:]
	out := startedOut{Status: "subscribed", URI: name, ResourceID: id, Message: "Read " + name + ", or subscribe to it for updates. It runs until it is stopped."}
	if already {
		out.Status = "already_subscribed"
		return out, nil
	}
	wait, stop := context.WithTimeout(ctx, firstWord)
	defer stop()
	if err := st.Wait(wait, 0); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		c.Deps.Streams.Stop(c.Caller.User, name)
		return startedOut{}, err
	}
	return out, ctx.Err()
}

// end stops a stream of the caller.
func end(c *tool.Call, name, id string) (stoppedOut, error) {
	if !c.Deps.Streams.Stop(c.Caller.User, name) {
		return stoppedOut{}, fault.E("ibkr.stop", fault.NotFound, "there is no stream %s of yours", tool.Echo(name)).
			Hinted("These run: %s.", strings.Join(append(c.Deps.Streams.Names(c.Caller.User), "no more"), ", "))
	}
	return stoppedOut{"stopped", name, id}, nil
}

func startSpec(name, title, what string, scopes []string) tool.Spec {
	return tool.Spec{
		Name: name, Title: title, Toolset: toolset, Scopes: scopes, Effect: tool.Write, Idempotent: true, OpenWorld: true,
		Description: "Begin to follow " + what + " as a resource that can be read and subscribed to. It is yours alone and runs until it is stopped.",
	}
}

func stopSpec(name, title, what string, scopes []string) tool.Spec {
	return tool.Spec{Name: name, Title: title, Toolset: toolset, Scopes: scopes, Effect: tool.Write, Description: "End what the start of " + what + " began."}
}

func aliased(s tool.Spec, names map[string]string, examples ...string) tool.Spec {
	s.Aliases, s.Examples = names, examples
	return s
}

// The streams that are started and stopped.
var (
	StartMarket    = tool.Define(aliased(startSpec("ibkr_start_market_data_resource", "Start prices", "a contract's prices", reads), contractNames, `{"symbol":"AAPL"}`), startMarket)
	StopMarket     = tool.Define(aliased(stopSpec("ibkr_stop_market_data_resource", "Stop prices", "prices", reads), map[string]string{"symbol": "resource_id"}), stopMarket)
	StartPortfolio = tool.Define(aliased(startSpec("ibkr_start_portfolio_resource", "Start an account", "an account's values and positions", accountReads), nil, `{}`), startPortfolio)
	StopPortfolio  = tool.Define(stopSpec("ibkr_stop_portfolio_resource", "Stop an account", "an account", accountReads), stopPortfolio)
	StartNews      = tool.Define(aliased(startSpec("ibkr_start_news_resource", "Start bulletins", "IBKR's bulletins", reads), nil, `{}`), startNews)
	StopNews       = tool.Define(stopSpec("ibkr_stop_news_resource", "Stop bulletins", "bulletins", reads), stopNews)
	StartTickNews  = tool.Define(aliased(startSpec("ibkr_start_tick_news_resource", "Start headlines", "the headlines about a symbol", reads), nil, `{"symbol":"AAPL"}`), startTickNews)
	StopTickNews   = tool.Define(stopSpec("ibkr_stop_tick_news_resource", "Stop headlines", "headlines", reads), stopTickNews)
	StartBroadtape = tool.Define(startSpec("ibkr_start_broadtape_news_resource", "Start a news wire", "all headlines of one provider", reads), startBroadtape)
	StopBroadtape  = tool.Define(stopSpec("ibkr_stop_broadtape_news_resource", "Stop a news wire", "a news wire", reads), stopBroadtape)
)

func startMarket(ctx context.Context, c *tool.Call, in detailsIn) (startedOut, error) {
	a, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return startedOut{}, err
	}
	k, _, err := in.find(ctx, c, a.ID)
	if err != nil {
		return startedOut{}, err
	}
	out, err := begin(ctx, c, marketName(k), openMarket(ctx, conn, k))
	row := rowOf(k)
	out.Contract = &row
	return out, err
}

type stopMarketIn struct {
	ResourceID string `json:"resource_id" jsonschema:"As the start gave it."`
}

func stopMarket(_ context.Context, c *tool.Call, in stopMarketIn) (stoppedOut, error) {
	return end(c, scheme+"market-data/"+strings.ToUpper(in.ResourceID), tool.Echo(in.ResourceID))
}

func startPortfolio(ctx context.Context, c *tool.Call, in accountIn) (startedOut, error) {
	a, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return startedOut{}, err
	}
	return begin(ctx, c, portfolioName+a.ID, openPortfolio(ctx, conn, a))
}

func stopPortfolio(ctx context.Context, c *tool.Call, in accountIn) (stoppedOut, error) {
	a, err := accountOf(ctx, c, in.Account)
	if err != nil {
		return stoppedOut{}, err
	}
	return end(c, portfolioName+a.ID, a.ID)
}

type startNewsIn struct {
	All *bool `json:"allMessages,omitempty" jsonschema:"Those of the day so far too." default:"true"`
	accountIn
}

func startNews(ctx context.Context, c *tool.Call, in startNewsIn) (startedOut, error) {
	_, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return startedOut{}, err
	}
	return begin(ctx, c, bulletinsName, openBulletins(ctx, conn, in.All == nil || *in.All))
}

func stopNews(_ context.Context, c *tool.Call, _ struct{}) (stoppedOut, error) {
	return end(c, bulletinsName, "news-bulletins")
}

// everything is the symbol that means the headlines of all streams.
const everything = "*"

type startTickNewsIn struct {
	Symbol   string `json:"symbol,omitempty" jsonschema:"Such as AAPL; * reads all that were started as one." default:"*"`
	SecType  string `json:"secType,omitempty" jsonschema:"STK and so on." default:"STK"`
	Exchange string `json:"exchange,omitempty" jsonschema:"Where." default:"SMART"`
	Currency string `json:"currency,omitempty" jsonschema:"Of the price." default:"USD"`
	accountIn
}

func startTickNews(ctx context.Context, c *tool.Call, in startTickNewsIn) (startedOut, error) {
	a, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return startedOut{}, err
	}
	if in.Symbol == "" || in.Symbol == everything {
		return startedOut{"subscribed", tickNewsName + everything, everything, "It reads what the streams of single symbols have: start those.", nil}, nil
	}
	k, _, err := contractIn{Symbol: in.Symbol, SecType: in.SecType, Exchange: in.Exchange, Currency: in.Currency}.find(ctx, c, a.ID)
	if err != nil {
		return startedOut{}, err
	}
	out, err := begin(ctx, c, tickNewsName+streamID(k), openTickNews(ctx, conn, k))
	row := rowOf(k)
	out.Contract = &row
	return out, err
}

type stopTickNewsIn struct {
	Symbol string `json:"symbol" jsonschema:"As it was started; * stops all."`
}

func stopTickNews(_ context.Context, c *tool.Call, in stopTickNewsIn) (stoppedOut, error) {
	if in.Symbol != everything {
		return end(c, tickNewsName+strings.ToUpper(in.Symbol), tool.Echo(in.Symbol))
	}
	for _, name := range c.Deps.Streams.Names(c.Caller.User) {
		if strings.HasPrefix(name, tickNewsName) {
			c.Deps.Streams.Stop(c.Caller.User, name)
		}
	}
	return stoppedOut{"stopped", tickNewsName + everything, everything}, nil
}

type startBroadtapeIn struct {
	Provider string `json:"providerCode,omitempty" jsonschema:"From ibkr_get_news_providers." default:"BRFG"`
	accountIn
}

func startBroadtape(ctx context.Context, c *tool.Call, in startBroadtapeIn) (startedOut, error) {
	_, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return startedOut{}, err
	}
	return begin(ctx, c, broadtapeName, openBroadtape(ctx, conn, upper(in.Provider, "BRFG")))
}

func stopBroadtape(_ context.Context, c *tool.Call, _ struct{}) (stoppedOut, error) {
	return end(c, broadtapeName, "broadtape-news")
}

// Resource reads what a stream has.
var Resource = tool.Define(tool.Spec{
	Name: "ibkr_read_resource", Title: "Read a stream", Toolset: toolset, Scopes: []string{identity.DeskRead}, Effect: tool.Read,
	Description: "What one of your started streams has: prices, an account, or news. The same can be read and subscribed to as an MCP resource.",
	Examples:    []string{`{"uri":"ibkr://market-data/AAPL"}`},
}, resource)

type resourceIn struct {
	URI string `json:"uri" jsonschema:"resource_uri of the start."`
}

type resourceOut struct {
	URI        string     `json:"uri" jsonschema:"As asked."`
	ResourceID string     `json:"resource_id" jsonschema:"Its last part."`
	Subscribed bool       `json:"subscribed" jsonschema:"It runs."`
	Data       any        `json:"data,omitempty" jsonschema:"Prices, or an account."`
	Items      []newsItem `json:"items,omitempty" jsonschema:"News, oldest first."`
	Updates    int        `json:"updates" jsonschema:"Changes since the start."`
	LastUpdate time.Time  `json:"last_update,omitzero" jsonschema:"When it last changed."`
	Hint       string     `json:"hint,omitempty" jsonschema:"What to do."`
}

func resource(_ context.Context, c *tool.Call, in resourceIn) (resourceOut, error) {
	kind, id, _ := strings.Cut(strings.TrimPrefix(in.URI, scheme), "/")
	starts := map[string]string{"market-data": "ibkr_start_market_data_resource", "portfolio": "ibkr_start_portfolio_resource", "news-bulletins": "ibkr_start_news_resource", "tick-news": "ibkr_start_tick_news_resource", "broadtape-news": "ibkr_start_broadtape_news_resource"}
	if !strings.HasPrefix(in.URI, scheme) || starts[kind] == "" || (id == "") != (kind == "news-bulletins" || kind == "broadtape-news") {
		return resourceOut{}, fault.E("ibkr_read_resource", fault.NotFound, "there is no resource %q", tool.Echo(in.URI)).With("argument", "uri").
			Hinted("Use ibkr://market-data/{id}, ibkr://portfolio/{account}, ibkr://news-bulletins, ibkr://tick-news/{symbol} or ibkr://broadtape-news.")
	}
	// What a stream holds needs the scope of what it follows.
	needed := reads
	if kind == "portfolio" {
		needed = accountReads
	}
	if missing := c.Caller.Missing(needed); len(missing) > 0 {
		return resourceOut{}, tool.InsufficientScope("ibkr_read_resource", needed, missing)
	}
	out := resourceOut{URI: tool.Echo(in.URI), ResourceID: tool.Echo(id)}
	names := []string{scheme + kind}
	switch {
	case kind == "tick-news" && id == everything:
		names = slices.DeleteFunc(c.Deps.Streams.Names(c.Caller.User), func(n string) bool { return !strings.HasPrefix(n, tickNewsName) })
	case id != "":
		names = []string{scheme + kind + "/" + strings.ToUpper(id)}
	}
	for _, name := range names {
		st, ok := c.Deps.Streams.Find(c.Caller.User, name)
		if !ok {
			continue
		}
		out.Subscribed = true
		st.Look(func(data any, updates int, last time.Time) { out.take(data, updates, last) })
	}
	slices.SortStableFunc(out.Items, func(a, b newsItem) int { return a.Time.Compare(b.Time) })
	if !out.Subscribed {
		out.Hint = "It does not run: call " + starts[kind] + "."
	}
	return out, nil
}

// take copies what a stream has.
func (o *resourceOut) take(data any, updates int, last time.Time) {
	o.Updates += updates
	if last.After(o.LastUpdate) {
		o.LastUpdate = last
	}
	switch d := data.(type) {
	case *marketData:
		o.Data = *d
	case *portfolio:
		o.Data = d.copy()
	case *news:
		o.Items = append(o.Items, d.items...)
	}
}
