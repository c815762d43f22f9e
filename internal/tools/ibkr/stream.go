package ibkr

import (
	"context"

	"quantdesk/internal/tool"
)

// Stream follows prices for a while.
var Stream = tool.Define(tool.Spec{
	Name: "ibkr_stream_market_data", Title: "Follow prices at IBKR", Toolset: toolset, Scopes: reads, Effect: tool.Read, OpenWorld: true, Streams: true,
	Description: "Follow the prices of a contract for some seconds: changes arrive as progress notifications (MCP) or events (REST), the newest at the end.",
	Aliases:     more(map[string]string{"seconds": "duration_seconds", "duration": "duration_seconds"}),
	Examples:    []string{`{"symbol":"AAPL","duration_seconds":0.5}`},
}, stream)

type streamIn struct {
	contractIn
	window
	accountIn
}

type streamOut struct {
	Symbol   string      `json:"symbol" jsonschema:"What."`
	Updates  int         `json:"updates_count" jsonschema:"Changes that were reported."`
	Latest   marketData  `json:"latest" jsonschema:"The newest."`
	Contract contractRow `json:"contract" jsonschema:"What it is."`
	tool.Provenance
}

func stream(ctx context.Context, c *tool.Call, in streamIn) (streamOut, error) {
	a, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return streamOut{}, err
	}
	k, _, err := in.find(ctx, c, a.ID)
	if err != nil {
		return streamOut{}, err
	}
	st, err := c.Deps.Streams.Follow(c.Caller.User, marketName(k), openMarket(ctx, conn, k))
	if err != nil {
		return streamOut{}, err
	}
	defer st.Leave()
	out := streamOut{Symbol: k.Symbol, Contract: rowOf(k)}
	out.Updates, err = in.follow(ctx, c, st, func(data any) any {
		if d, ok := data.(*marketData); ok {
			out.Latest = *d
		}
		return out.Latest
	})
	out.Provenance = told(a)
	return out, err
}

// StreamAccount follows an account for a while.
var StreamAccount = tool.Define(tool.Spec{
	Name: "ibkr_stream_account_updates", Title: "Follow an account at IBKR", Toolset: toolset, Scopes: accountReads, Effect: tool.Read, OpenWorld: true, Streams: true,
	Description: "Follow values and positions of an account for some seconds: changes arrive as progress notifications (MCP) or events (REST), the newest at the end.",
	Aliases:     map[string]string{"seconds": "duration_seconds", "duration": "duration_seconds"},
	Examples:    []string{`{"duration_seconds":0.5}`},
}, streamAccount)

type streamAccountIn struct {
	window
	accountIn
}

type streamAccountOut struct {
	Updates int       `json:"updates_count" jsonschema:"Changes that were reported."`
	Latest  portfolio `json:"latest" jsonschema:"The account at the end."`
	tool.Provenance
}

func streamAccount(ctx context.Context, c *tool.Call, in streamAccountIn) (streamAccountOut, error) {
	a, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return streamAccountOut{}, err
	}
	st, err := c.Deps.Streams.Follow(c.Caller.User, portfolioName+a.ID, openPortfolio(ctx, conn, a))
	if err != nil {
		return streamAccountOut{}, err
	}
	defer st.Leave()
	out := streamAccountOut{Latest: portfolio{Account: a.ID, Values: map[string]valueRow{}, Positions: map[string]portfolioRow{}}}
	out.Updates, err = in.follow(ctx, c, st, func(data any) any {
		p, ok := data.(*portfolio)
		if !ok {
			return nil
		}
		out.Latest = p.copy()
		return p.last
	})
	out.Provenance = told(a)
	return out, err
}

// StreamNews follows news for a while.
var StreamNews = tool.Define(tool.Spec{
	Name: "ibkr_stream_news", Title: "Follow news at IBKR", Toolset: toolset, Scopes: reads, Effect: tool.Read, OpenWorld: true, Streams: true,
	Description: "Follow IBKR's bulletins, or the headlines about a symbol, for some seconds: they arrive as progress notifications (MCP) or events (REST), and again at the end.",
	Aliases:     map[string]string{"seconds": "duration_seconds", "duration": "duration_seconds"},
	Examples:    []string{`{"duration_seconds":0.5}`},
}, streamNews)

type streamNewsIn struct {
	Symbol string `json:"symbol,omitempty" jsonschema:"A stock in USD; without it IBKR's bulletins."`
	All    *bool  `json:"allMessages,omitempty" jsonschema:"Bulletins of the day so far too." default:"true"`
	window
	accountIn
}

type streamNewsOut struct {
	Updates int        `json:"updates_count" jsonschema:"Changes that were reported."`
	Items   []newsItem `json:"items" jsonschema:"What came, oldest first."`
}

func streamNews(ctx context.Context, c *tool.Call, in streamNewsIn) (streamNewsOut, error) {
	a, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return streamNewsOut{}, err
	}
	name, opener := bulletinsName, openBulletins(ctx, conn, in.All == nil || *in.All)
	if in.Symbol != "" {
		k, _, err := contractIn{Symbol: in.Symbol}.find(ctx, c, a.ID)
		if err != nil {
			return streamNewsOut{}, err
		}
		name, opener = tickNewsName+streamID(k), openTickNews(ctx, conn, k)
	}
	st, err := c.Deps.Streams.Follow(c.Caller.User, name, opener)
	if err != nil {
		return streamNewsOut{}, err
	}
	defer st.Leave()
	out, seen := streamNewsOut{Items: []newsItem{}}, 0
	out.Updates, err = in.follow(ctx, c, st, func(data any) any {
		n, ok := data.(*news)
		if !ok {
			return nil
		}
		fresh := n.items[max(0, len(n.items)-(n.total-seen)):]
		seen = n.total
		out.Items = append([]newsItem{}, n.items...)
		return append([]newsItem{}, fresh...)
	})
	return out, err
}
