package ibkr

import (
	"context"
	"strconv"
	"sync"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
)

// prices are those of an account's TWS: contracts that were asked for once, and
// quotes that are subscribed to while somebody looks.
type prices struct {
	l *link

	mu        sync.Mutex
	contracts map[string]known
	byID      map[int64]string
	tickers   map[string]*ticker
}

var _ order.Prices = (*prices)(nil)

// known is a contract with the instrument it is.
type known struct {
	contract tws.Contract
	in       market.Instrument
}

// ticker is one symbol's running quote.
type ticker struct {
	sub   *client.Sub
	first chan struct{} // closed when there is something to tell

	mu    sync.Mutex
	q     market.Quote
	used  time.Time
	told  bool
	ended error
}

// The bounds of prices.
const (
	mostTickers = 60
	firstWait   = 5 * time.Second
	lookupWait  = 10 * time.Second
)

func newPrices(l *link) *prices {
	return &prices{l: l, contracts: map[string]known{}, byID: map[int64]string{}, tickers: map[string]*ticker{}}
}

// Now is the wall clock: IBKR's markets live in real time.
func (p *prices) Now() time.Time { return time.Now().UTC() }

// contract finds what a symbol means at TWS.
func (p *prices) contract(ctx context.Context, symbol string) (tws.Contract, market.Instrument, error) {
	p.mu.Lock()
	k, ok := p.contracts[symbol]
	p.mu.Unlock()
	if ok {
		return k.contract, k.in, nil
	}
	c, err := p.l.up()
	if err != nil {
		return tws.Contract{}, market.Instrument{}, err
	}
	var last error
	tries := guesses(symbol)
	if id, err := strconv.ParseInt(symbol, 10, 64); err == nil && id > 0 { // a conId
		tries = []tws.Contract{{ConID: id}}
	}
	for _, guess := range tries {
		list, err := c.ContractDetails(ctx, guess)
		if err != nil {
			last = err
			continue
		}
		if len(list) > 0 {
			k := p.keep(symbol, list[0])
			return k.contract, k.in, nil
		}
	}
	return tws.Contract{}, market.Instrument{}, faultOf("ibkr.contract", last)
}

// keep remembers a contract under a name and under its own symbol.
func (p *prices) keep(symbol string, d *tws.ContractData) known {
	k := known{d.Contract, instrument(d)}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range []string{symbol, k.in.Symbol} {
		if s != "" {
			p.contracts[s] = k
		}
	}
	p.byID[d.Contract.ConID] = k.in.Symbol
	return k
}

// learn gives the desk's symbol of a contract that TWS has told.
func (p *prices) learn(c tws.Contract) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.byID[c.ConID]; s != "" {
		return s
	}
	return Symbol(c)
}

// Resolve finds the one contract that a description means, and remembers it: its
// symbol can be traded and quoted from then on. Where several fit, the error's
// detail lists them.
func (b *Broker) Resolve(ctx context.Context, account string, want tws.Contract) (contract tws.Contract, symbol string, err error) {
	l, err := b.link(account)
	if err != nil {
		return contract, "", err
	}
	c, err := l.up()
	if err != nil {
		return contract, "", err
	}
	list, err := c.ContractDetails(ctx, want)
	if err != nil {
		return contract, "", faultOf("ibkr.Resolve", err)
	}
	if len(list) != 1 {
		return contract, "", ambiguous(want, list)
	}
	k := l.prices.keep("", list[0])
	return k.contract, k.in.Symbol, nil
}

// Contract gives what a desk's symbol means at an account's TWS.
func (b *Broker) Contract(ctx context.Context, account, symbol string) (tws.Contract, error) {
	l, err := b.link(account)
	if err != nil {
		return tws.Contract{}, err
	}
	contract, _, err := l.prices.contract(ctx, symbol)
	return contract, err
}

// ambiguous tells of a contract that several fit.
func ambiguous(want tws.Contract, list []*tws.ContractData) error {
	names := []map[string]any{}
	for _, d := range list[:min(len(list), 20)] {
		c := d.Contract
		names = append(names, map[string]any{"conId": c.ConID, "localSymbol": c.LocalSymbol, "secType": c.SecType, "exchange": c.Exchange, "currency": c.Currency, "expiry": c.LastTradeDate, "strike": c.Strike, "right": c.Right})
	}
	return fault.E("ibkr.Resolve", fault.Invalid, "%d contracts fit %s", len(list), want.Symbol).Hinted("Name the conId of one of detail.candidates.").With("candidates", names)
}

// Lookup finds an instrument at TWS.
func (p *prices) Lookup(symbol string) (market.Instrument, bool) {
	ctx, stop := context.WithTimeout(p.l.ctx, lookupWait)
	defer stop()
	_, in, err := p.contract(ctx, symbol)
	return in, err == nil
}

// Calendar tells when a symbol trades, as far as the desk's data know; TWS has
// the last word when an order comes.
func (p *prices) Calendar(symbol string) (*market.Calendar, error) {
	if p.l.b.cfg.Calendar != nil {
		if cal, err := p.l.b.cfg.Calendar(symbol); err == nil {
			return cal, nil
		}
	}
	return &market.Calendar{Zone: time.UTC, DataZone: time.UTC, AlwaysOpen: true}, nil
}

// Quote gives the running quote of a symbol, beginning to watch it where nobody
// did.
func (p *prices) Quote(ctx context.Context, symbol string) (market.Quote, error) {
	const op = "ibkr.Quote"
	t, err := p.ticker(ctx, symbol)
	if err != nil {
		return market.Quote{}, err
	}
	wait := time.NewTimer(firstWait)
	defer wait.Stop()
	select {
	case <-t.first:
	case <-wait.C:
	case <-ctx.Done():
		return market.Quote{}, ctx.Err()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.used = time.Now()
	if t.ended != nil {
		return market.Quote{}, faultOf(op, t.ended)
	}
	if !t.told {
		return market.Quote{}, fault.E(op, fault.Unavailable, "TWS tells no price of %s", symbol).Hinted("The market may be closed, or the login may lack the subscription: try ibkr_set_market_data_type 3.")
	}
	return t.q, nil
}

func (p *prices) ticker(ctx context.Context, symbol string) (*ticker, error) {
	p.mu.Lock()
	t := p.tickers[symbol]
	p.mu.Unlock()
	if t != nil {
		t.mu.Lock()
		ended := t.ended != nil
		t.mu.Unlock()
		if !ended {
			return t, nil
		}
	}
	contract, in, err := p.contract(ctx, symbol)
	if err != nil {
		return nil, err
	}
	c, err := p.l.up()
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if other := p.tickers[symbol]; other != nil && other != t {
		return other, nil
	}
	if len(p.tickers) >= mostTickers {
		p.evict()
	}
	sub, err := c.MarketData(ctx, contract, "", 0)
	if err != nil {
		return nil, faultOf("ibkr.Quote", err)
	}
	t = &ticker{sub: sub, first: make(chan struct{}), used: time.Now(), q: market.Quote{Symbol: in.Symbol, Feed: market.FeedRealtime, Source: "Interactive Brokers"}}
	if Environment(p.l.p.Account) == trade.Simulated {
		t.q.Feed, t.q.Source = market.FeedSimulated, "paper TWS"
	}
	p.tickers[symbol] = t
	go t.run()
	return t, nil
}

// evict ends the ticker that was looked at least recently.
func (p *prices) evict() {
	var oldest string
	var at time.Time
	for s, t := range p.tickers {
		t.mu.Lock()
		if oldest == "" || t.used.Before(at) {
			oldest, at = s, t.used
		}
		t.mu.Unlock()
	}
	sub := p.tickers[oldest].sub
	delete(p.tickers, oldest)
	go sub.Close()
}

// run folds ticks until the subscription ends.
func (t *ticker) run() {
	for m := range t.sub.C {
		t.mu.Lock()
		t.fold(m)
		if !t.told && (t.q.Last.Sign() > 0 || t.q.Bid.Sign() > 0 && t.q.Ask.Sign() > 0) {
			t.told = true
			close(t.first)
		}
		t.mu.Unlock()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended = t.sub.Err(); t.ended == nil {
		t.ended = client.ErrConnect
	}
	if !t.told {
		t.told = true
		close(t.first)
	}
}

func (t *ticker) fold(m tws.Message) {
	q := &t.q
	switch m := m.(type) {
	case *tws.MarketDataType:
		if q.Feed != market.FeedSimulated {
			q.Feed = map[int64]market.Feed{1: market.FeedRealtime, 2: market.FeedFrozen, 3: market.FeedDelayed, 4: market.FeedDelayed}[m.Type]
		}
	case *tws.TickPrice:
		d, ok := m.Price.Get()
		if !ok || d.Sign() < 0 {
			d = num.Zero // no quote on that side
		}
		switch m.TickType {
		case 1, 66:
			q.Bid, q.BidSize = d, m.Size
		case 2, 67:
			q.Ask, q.AskSize = d, m.Size
		case 4, 68:
			q.Last = d
		case 6, 72:
			q.High = d
		case 7, 73:
			q.Low = d
		case 9, 75:
			q.PrevClose = d
		case 14, 76:
			q.Open = d
		}
	case *tws.TickSize:
		switch m.TickType {
		case 0, 69:
			q.BidSize = m.Size
		case 3, 70:
			q.AskSize = m.Size
		case 8, 74:
			q.Volume = m.Size
		}
	case *tws.TickGeneric:
		if m.TickType == 49 || m.TickType == 90 {
			q.Halted = m.Value.Sign() > 0
		}
	}
	q.Time = time.Now().UTC()
}

// Rate is what a unit of one currency is worth in another.
func (p *prices) Rate(ctx context.Context, from, to string) (num.Decimal, error) {
	if from == to {
		return num.One, nil
	}
	if q, err := p.Quote(ctx, from+to); err == nil && q.Mid().Sign() > 0 {
		return q.Mid(), nil
	}
	q, err := p.Quote(ctx, to+from)
	if err != nil {
		return num.Zero, err
	}
	if q.Mid().Sign() <= 0 {
		return num.Zero, fault.E("ibkr.Rate", fault.Unavailable, "there is no rate from %s to %s", from, to).Hinted("Try again while the currency market is open.")
	}
	return num.One.Quo(q.Mid()).Round(10), nil
}
