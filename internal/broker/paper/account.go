package paper

import (
	"slices"
	"time"

	"quantdesk/internal/ledger"
	"quantdesk/internal/market"
	"quantdesk/internal/match"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// Bounds that keep every product of a price, a quantity and a rate well inside a
// Decimal.
var (
	largestPrice    = num.FromInt(1e10)
	largestQuantity = num.FromInt(1e11)
	largest         = num.FromInt(1e15) // of any one amount of money
)

// account is one account's books; it belongs to the holder of Broker.own.
type account struct {
	id, currency string
	ledger       *ledger.Ledger
	seq          int64 // of the newest event
	open         map[string]*entry
	ended        map[string]verdict
	children     map[string][]*entry // open ones by the id of their entry
	groups       map[string][]*entry // open ones by OCO group
	// applied is the session date up to which an instrument's corporate actions
	// have been taken in.
	applied map[string]market.Date
}

// verdict is what remains in memory of an ended order: what Place answers.
type verdict struct {
	number int64
	code   string // of a refusal
	text   string
}

// entry is one order that has not ended.
type entry struct {
	w      match.Working
	number int64
	// entryFilled is how much of the entry this exit protects has filled, and
	// covered what the other legs of its group have filled of that.
	entryFilled, covered num.Decimal
	// notional is what has executed, in the account's currency.
	notional num.Decimal
}

func (e *entry) order() *trade.Order { return &e.w.Order }

// refresh sets what of an order may execute now: an exit follows what its entry
// has filled, less what the exits have filled of that.
func (e *entry) refresh() {
	o := e.order()
	e.w.Active = o.Remaining()
	if o.ParentID != "" {
		e.w.Active = num.Max(num.Zero, num.Min(e.w.Active, e.uncovered()))
	}
}

// uncovered is how much of its entry's fill no exit of the group has closed.
func (e *entry) uncovered() num.Decimal {
	return e.entryFilled.Sub(e.covered).Sub(e.order().Filled)
}

func newAccount(id, currency string) *account {
	return &account{
		id: id, currency: currency, ledger: ledger.New(id, currency),
		open: map[string]*entry{}, ended: map[string]verdict{},
		children: map[string][]*entry{}, groups: map[string][]*entry{}, applied: map[string]market.Date{},
	}
}

// add puts an order at work in the account's and the venue's lists.
func (b *Broker) add(a *account, e *entry) {
	o := e.order()
	a.open[o.ID] = e
	if o.ParentID != "" {
		a.children[o.ParentID] = append(a.children[o.ParentID], e)
	}
	if o.Group != "" {
		a.groups[o.Group] = append(a.groups[o.Group], e)
	}
	b.bySymbol[o.Symbol] = append(b.bySymbol[o.Symbol], e)
}

// remove takes an ended order out of every list.
func (b *Broker) remove(a *account, e *entry) {
	o := e.order()
	delete(a.open, o.ID)
	a.ended[o.ID] = verdict{number: e.number, code: refusedCode(o), text: o.VenueText}
	drop(a.children, o.ParentID, e)
	drop(a.groups, o.Group, e)
	drop(b.bySymbol, o.Symbol, e)
}

// refusedCode is the code Place answers an order with: that of a rejection. The
// code of a refused replacement is not one.
func refusedCode(o *trade.Order) string {
	if o.Status == trade.Rejected {
		return o.VenueCode
	}
	return ""
}

// drop removes e from a list; the list is copied, since a pass may be on it.
func drop(lists map[string][]*entry, key string, e *entry) {
	list := lists[key]
	i := slices.Index(list, e)
	if i < 0 {
		return
	}
	if len(list) == 1 {
		delete(lists, key)
		return
	}
	lists[key] = append(slices.Clone(list[:i]), list[i+1:]...)
}

// view is the committed state of an account; it belongs to the holder of
// Broker.mu. The ledger is never changed once it is here.
type view struct {
	ledger  *ledger.Ledger
	open    map[string]working
	seq     int64
	tail    []order.Event // the newest ones, the last of which is seq
	changed chan struct{} // closed when seq has grown
}

// working is an order at work; in a view, a copy that never changes.
type working struct {
	order  *trade.Order
	number int64
	active num.Decimal
}

// tailLength is how many of an account's newest events are kept in memory for
// those who follow closely.
const tailLength = 512

// publish makes the turn's outcome visible; it is on disk.
func (b *Broker) publish(t *turn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range t.opened {
		b.views[a.id] = newView(a)
	}
	for e, a := range t.touched {
		v := b.views[a.id]
		if o := e.order(); o.Status.Terminal() {
			delete(v.open, o.ID)
		} else {
			v.open[o.ID] = e.seen()
		}
	}
	for _, ev := range t.events {
		v := b.views[ev.Account]
		if v.seq = ev.Seq; len(v.tail) >= 2*tailLength {
			v.tail = slices.Clone(v.tail[tailLength:])
		}
		v.tail = append(v.tail, ev)
	}
	for a := range t.accounts {
		v := b.views[a.id]
		v.ledger = a.ledger.Clone()
		close(v.changed)
		v.changed = make(chan struct{})
	}
}

func newView(a *account) *view {
	v := &view{ledger: a.ledger.Clone(), open: map[string]working{}, seq: a.seq, changed: make(chan struct{})}
	for id, e := range a.open {
		v.open[id] = e.seen()
	}
	return v
}

// seen copies an order for a view.
func (e *entry) seen() working {
	o := *e.order()
	return working{order: &o, number: e.number, active: e.w.Active}
}

// utc is a time as it comes back from disk: UTC, without the process's own clock.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.Round(0).UTC()
}
