package ibkr

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	venue "quantdesk/internal/broker/ibkr"
	"quantdesk/internal/fault"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
)

// ChainParams lists the option chains of an underlying.
var ChainParams = tool.Define(tool.Spec{
	Name: "ibkr_get_option_chain_params", Title: "Option chains", Toolset: toolset, Scopes: reads, Effect: tool.Read, OpenWorld: true,
	Description: "The option chains of an underlying, by exchange: every expiration and strike there is. ibkr_get_option_chain has prices of one expiration.",
}, chainParams)

type chainParamsIn struct {
	Under int64 `json:"underlyingConId" jsonschema:"From ibkr_get_contract_details." minimum:"1"`
	accountIn
}

type chainRow struct {
	Exchange    string        `json:"exchange" jsonschema:"Where."`
	Under       int64         `json:"underlyingConId" jsonschema:"The underlying."`
	Class       string        `json:"tradingClass" jsonschema:"Its class."`
	Multiplier  string        `json:"multiplier" jsonschema:"Shares of one option."`
	Expirations []string      `json:"expirations" jsonschema:"yyyymmdd."`
	Strikes     []num.Decimal `json:"strikes" jsonschema:"In the order of TWS."`
}

type chainParamsOut struct {
	Under  int64      `json:"underlyingConId" jsonschema:"The underlying."`
	Chains []chainRow `json:"chains" jsonschema:"By exchange."`
	Count  int        `json:"count" jsonschema:"How many."`
}

func chainParams(ctx context.Context, c *tool.Call, in chainParamsIn) (chainParamsOut, error) {
	a, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return chainParamsOut{}, err
	}
	k, _, err := c.Deps.IBKR.Resolve(ctx, a.ID, tws.Contract{ConID: in.Under})
	if err != nil {
		return chainParamsOut{}, err
	}
	found, err := conn.OptionChains(ctx, k)
	out := chainParamsOut{Under: in.Under, Chains: []chainRow{}, Count: len(found)}
	for _, p := range found {
		out.Chains = append(out.Chains, chainRow{p.Exchange, p.UnderConID, p.TradingClass, p.Multiplier, append([]string{}, p.Expirations...), append([]num.Decimal{}, p.Strikes...)})
	}
	return out, venue.Fault(err)
}

// Chain quotes the options of one expiration.
var Chain = tool.Define(tool.Spec{
	Name: "ibkr_get_option_chain", Title: "Quotes of an option chain", Toolset: toolset, Scopes: reads, Effect: tool.Read, OpenWorld: true,
	Description: "Calls and puts of one expiration with their quotes, at the strikes nearest to the price of the underlying. ibkr_get_option_chain_params lists expirations.",
	Aliases:     named(optionNames),
}, chain)

type chainIn struct {
	Symbol     string `json:"symbol" jsonschema:"The underlying's."`
	Expiration string `json:"expiration" jsonschema:"yyyymmdd."`
	Strikes    int    `json:"strikeCount,omitempty" jsonschema:"Strikes nearest to the price." default:"10" minimum:"1" maximum:"20"`
	Exchange   string `json:"exchange,omitempty" jsonschema:"Where." default:"SMART"`
	Currency   string `json:"currency,omitempty" jsonschema:"Of the price." default:"USD"`
	accountIn
}

type optionRow struct {
	ConID  int64        `json:"conId" jsonschema:"IBKR's number of it."`
	Bid    *num.Decimal `json:"bid,omitempty" jsonschema:"Best bid; absent: none."`
	Ask    *num.Decimal `json:"ask,omitempty" jsonschema:"Best ask; absent: none."`
	Last   *num.Decimal `json:"last,omitempty" jsonschema:"Last trade."`
	Volume *num.Decimal `json:"volume,omitempty" jsonschema:"Of the session."`
	IV     *num.Decimal `json:"impliedVolatility,omitempty" jsonschema:"Of TWS's model, a fraction."`
	Delta  *num.Decimal `json:"delta,omitempty" jsonschema:"Of TWS's model."`
}

type strikeRow struct {
	Strike num.Decimal `json:"strike" jsonschema:"The strike."`
	Call   *optionRow  `json:"call,omitempty" jsonschema:"Its call."`
	Put    *optionRow  `json:"put,omitempty" jsonschema:"Its put."`
}

type chainOut struct {
	Symbol     string       `json:"symbol" jsonschema:"The underlying's."`
	Expiration string       `json:"expiration" jsonschema:"yyyymmdd."`
	UnderPrice *num.Decimal `json:"underlyingPrice,omitempty" jsonschema:"Of the underlying."`
	Chain      []strikeRow  `json:"chain" jsonschema:"By strike."`
	Count      int          `json:"strikeCount" jsonschema:"Strikes given."`
	All        int          `json:"strikesInAll" jsonschema:"Strikes there are."`
	tool.Provenance
}

// chainQuotes is how many quotes are asked for at once.
const chainQuotes = 8

func chain(ctx context.Context, c *tool.Call, in chainIn) (chainOut, error) {
	a, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return chainOut{}, err
	}
	under, _, err := contractIn{Symbol: in.Symbol, Currency: in.Currency}.find(ctx, c, a.ID)
	if err != nil {
		return chainOut{}, err
	}
	want, err := nested{Symbol: in.Symbol, SecType: "OPT", Exchange: in.Exchange, Currency: in.Currency, Expiration: in.Expiration}.contract()
	if err != nil {
		return chainOut{}, err
	}
	found, err := conn.ContractDetails(ctx, want)
	if err != nil {
		return chainOut{}, venue.Fault(err)
	}
	price, err := snapshot(ctx, conn, under)
	if err != nil {
		return chainOut{}, err
	}
	out := chainOut{Symbol: under.Symbol, Expiration: in.Expiration, UnderPrice: price.mark(), Chain: []strikeRow{}, Provenance: told(a)}
	if in.Strikes == 0 {
		in.Strikes = 10
	}
	near := nearest(found, out.UnderPrice, in.Strikes)
	out.All, out.Count = near.all, len(near.strikes)
	rows := make([]strikeRow, len(near.strikes))
	var mu sync.Mutex // guards rows
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(chainQuotes)
	for _, d := range found {
		i := slices.IndexFunc(near.strikes, func(s num.Decimal) bool { return s.Equal(d.Contract.Strike) })
		if i < 0 {
			continue
		}
		g.Go(func() error {
			q, err := snapshot(ctx, conn, d.Contract)
			if err != nil {
				return err
			}
			row := &optionRow{d.Contract.ConID, q.Bid, q.Ask, q.Last, q.Volume, q.iv, q.delta}
			mu.Lock()
			defer mu.Unlock()
			if rows[i].Strike = d.Contract.Strike; d.Contract.Right == "C" {
				rows[i].Call = row
			} else {
				rows[i].Put = row
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return chainOut{}, err
	}
	out.Chain = append(out.Chain, rows...)
	return out, nil
}

// strikesNear are the strikes nearest to a price, by strike.
type strikesNear struct {
	strikes []num.Decimal
	all     int
}

func nearest(found []*tws.ContractData, price *num.Decimal, most int) strikesNear {
	var all []num.Decimal
	for _, d := range found {
		if !slices.ContainsFunc(all, func(s num.Decimal) bool { return s.Equal(d.Contract.Strike) }) {
			all = append(all, d.Contract.Strike)
		}
	}
	slices.SortFunc(all, func(a, b num.Decimal) int { return a.Cmp(b) })
	out := strikesNear{all: len(all)}
	middle := num.Zero
	if len(all) > 0 {
		middle = all[len(all)/2]
	}
	if price != nil {
		middle = *price
	}
	slices.SortStableFunc(all, func(a, b num.Decimal) int { return a.Sub(middle).Abs().Cmp(b.Sub(middle).Abs()) })
	out.strikes = all[:min(most, len(all))]
	slices.SortFunc(out.strikes, func(a, b num.Decimal) int { return a.Cmp(b) })
	return out
}

// quote is a snapshot of a contract, an option's model with it.
type quote struct {
	marketData
	iv, delta *num.Decimal
}

// mark is the best single price: between bid and ask, else the last.
func (q quote) mark() *num.Decimal {
	if q.Bid != nil && q.Ask != nil {
		m := q.Bid.Add(*q.Ask).Quo(num.FromInt(2))
		return &m
	}
	if q.Last != nil {
		return q.Last
	}
	return q.Close
}

func snapshot(ctx context.Context, conn *client.Client, k tws.Contract) (quote, error) {
	var q quote
	ticks, err := conn.Snapshot(ctx, k)
	for _, m := range ticks {
		q.fold(m)
		if o, ok := m.(*tws.TickOptionComputation); ok {
			q.iv, q.delta = opt(o.ImpliedVol), opt(o.Delta)
		}
	}
	return q, venue.Fault(err)
}

// OptionPrice asks TWS's model.
var OptionPrice = tool.Define(tool.Spec{
	Name: "ibkr_calculate_option_price", Title: "Model of an option", Toolset: toolset, Scopes: reads, Effect: tool.Read, OpenWorld: true,
	Description: "TWS's model of an option: its price at a volatility, or its implied volatility at an option price, with the greeks. Without either it takes the market's. Without underlyingPrice it takes the market's too.",
	Aliases:     named(optionNames, "underlyingPrice"),
}, optionPrice)

type optionPriceIn struct {
	optionIn
	Under      num.Decimal `json:"underlyingPrice,omitzero" jsonschema:"The market's by default."`
	Volatility num.Decimal `json:"volatility,omitzero" jsonschema:"A fraction: 0.25 is 25%."`
	Price      num.Decimal `json:"optionPrice,omitzero" jsonschema:"For the implied volatility."`
	accountIn
}

type optionPriceOut struct {
	Contract   contractRow  `json:"contract" jsonschema:"The option."`
	Price      *num.Decimal `json:"optionPrice,omitempty" jsonschema:"Of one share."`
	IV         *num.Decimal `json:"impliedVolatility,omitempty" jsonschema:"A fraction."`
	Delta      *num.Decimal `json:"delta,omitempty" jsonschema:"By the price of the underlying."`
	Gamma      *num.Decimal `json:"gamma,omitempty" jsonschema:"Of the delta."`
	Vega       *num.Decimal `json:"vega,omitempty" jsonschema:"By the volatility."`
	Theta      *num.Decimal `json:"theta,omitempty" jsonschema:"By a day."`
	UnderPrice *num.Decimal `json:"underlyingPrice,omitempty" jsonschema:"Of the underlying."`
	tool.Provenance
}

func optionPrice(ctx context.Context, c *tool.Call, in optionPriceIn) (optionPriceOut, error) {
	const op = "ibkr_calculate_option_price"
	a, conn, err := dial(ctx, c, in.Account)
	if err != nil {
		return optionPriceOut{}, err
	}
	if in.Volatility.Sign() < 0 || in.Price.Sign() < 0 || in.Under.Sign() < 0 {
		return optionPriceOut{}, fault.E(op, fault.Invalid, "prices and volatility must be above zero").Hinted("Leave out what you do not know.")
	}
	k, _, err := in.contract().find(ctx, c, a.ID)
	if err != nil {
		return optionPriceOut{}, err
	}
	if err := in.fill(ctx, c, a, conn, k); err != nil {
		return optionPriceOut{}, err
	}
	var m tws.Message = &tws.ReqCalcOptionPrice{Contract: k, Volatility: in.Volatility, UnderPrice: in.Under}
	if in.Volatility.IsZero() {
		m = &tws.ReqCalcImpliedVol{Contract: k, OptionPrice: in.Price, UnderPrice: in.Under}
	}
	x, err := conn.Compute(ctx, m)
	if err != nil {
		return optionPriceOut{}, venue.Fault(err)
	}
	return optionPriceOut{rowOf(k), opt(x.Price), opt(x.ImpliedVol), opt(x.Delta), opt(x.Gamma), opt(x.Vega), opt(x.Theta), opt(x.UnderPrice), told(a)}, nil
}

// fill takes from the market what the caller does not say.
func (in *optionPriceIn) fill(ctx context.Context, c *tool.Call, a order.Account, conn *client.Client, k tws.Contract) error {
	missing := func(what string) error {
		return fault.E("ibkr_calculate_option_price", fault.Invalid, "the market tells no price of %s", what).Hinted("Give underlyingPrice and volatility.")
	}
	if in.Under.IsZero() {
		under, _, err := contractIn{Symbol: in.Symbol, Currency: in.Currency}.find(ctx, c, a.ID)
		if err != nil {
			return err
		}
		q, err := snapshot(ctx, conn, under)
		if err != nil {
			return err
		}
		m := q.mark()
		if m == nil {
			return missing(in.Symbol)
		}
		in.Under = *m
	}
	if in.Volatility.IsZero() && in.Price.IsZero() {
		q, err := snapshot(ctx, conn, k)
		if err != nil {
			return err
		}
		m := q.mark()
		if m == nil {
			return missing("the option")
		}
		in.Price = *m
	}
	return nil
}
