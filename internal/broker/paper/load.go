package paper

import (
	"context"
	"encoding/json"
	"fmt"

	"quantdesk/internal/market"
	"quantdesk/internal/match"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// load reads the books from disk: accounts, their ledgers by folding every
// transaction again, orders, and how far corporate actions were applied. Views
// that readers wait on are kept and brought up to date.
func (b *Broker) load(ctx context.Context) error {
	b.broken = true
	b.accounts, b.bySymbol = map[string]*account{}, map[string][]*entry{}
	b.liquidity, b.moved = map[string]*match.Liquidity{}, map[*entry]bool{}
	b.number, b.minute = 0, 0
	for _, step := range []func(context.Context) error{b.loadAccounts, b.loadEvents, b.loadOrders, b.loadApplied} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	for _, a := range b.accounts {
		if err := a.ledger.Check(); err != nil {
			return fmt.Errorf("the record is damaged: %w", err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, a := range b.accounts {
		v := newView(a)
		if old := b.views[id]; old != nil {
			close(old.changed)
		}
		b.views[id] = v
	}
	b.broken = false
	return nil
}

// each runs f on every row of a query by the writing connection.
func (b *Broker) each(ctx context.Context, query string, f func(scan func(...any) error) error) error {
	rows, err := b.store.conn.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (b *Broker) loadAccounts(ctx context.Context) error {
	return b.each(ctx, `SELECT id, currency FROM paper_account`, func(scan func(...any) error) error {
		var id, currency string
		if err := scan(&id, &currency); err != nil {
			return err
		}
		b.accounts[id] = newAccount(id, currency)
		return nil
	})
}

func (b *Broker) owner(id string) (*account, error) {
	a := b.accounts[id]
	if a == nil {
		return nil, fmt.Errorf("the record is damaged: account %q is used and does not exist", id)
	}
	return a, nil
}

// loadEvents folds the ledgers and checks that the numbering has no gaps.
func (b *Broker) loadEvents(ctx context.Context) error {
	return b.each(ctx, `SELECT account, seq, CASE WHEN kind IN ('fill', 'ledger') THEN body END FROM paper_event ORDER BY account, seq`, func(scan func(...any) error) error {
		var id string
		var seq int64
		var body []byte
		if err := scan(&id, &seq, &body); err != nil {
			return err
		}
		a, err := b.owner(id)
		if err != nil {
			return err
		}
		if seq != a.seq+1 {
			return fmt.Errorf("the record is damaged: account %s has event %d after %d", id, seq, a.seq)
		}
		a.seq = seq
		if body == nil {
			return nil
		}
		var ev order.Event
		if err := json.Unmarshal(body, &ev); err != nil {
			return fmt.Errorf("event %d of account %s: %w", seq, id, err)
		}
		for _, tx := range ev.Transactions {
			if err := a.ledger.Fold(tx); err != nil {
				return fmt.Errorf("event %d: %w", seq, err)
			}
		}
		return nil
	})
}

// loadOrders puts open orders to work in the order they came, and remembers the
// verdict on ended ones.
func (b *Broker) loadOrders(ctx context.Context) error {
	return b.each(ctx, `SELECT account, id, number, status, code, text, CASE WHEN status NOT IN ('filled', 'cancelled', 'rejected', 'expired') THEN body END FROM paper_order ORDER BY number`, func(scan func(...any) error) error {
		var owner, id, status, code, text string
		var number int64
		var body []byte
		if err := scan(&owner, &id, &number, &status, &code, &text, &body); err != nil {
			return err
		}
		a, err := b.owner(owner)
		if err != nil {
			return err
		}
		b.number = max(b.number, number)
		if trade.Status(status).Terminal() {
			a.ended[id] = verdict{number: number, code: code, text: text}
			return nil
		}
		var r record
		if err := json.Unmarshal(body, &r); err != nil {
			return fmt.Errorf("order %s: %w", id, err)
		}
		b.add(a, r.entry(number))
		return nil
	})
}

func (b *Broker) loadApplied(ctx context.Context) error {
	return b.each(ctx, `SELECT account, symbol, date FROM paper_applied`, func(scan func(...any) error) error {
		var id, symbol, day string
		if err := scan(&id, &symbol, &day); err != nil {
			return err
		}
		a, err := b.owner(id)
		if err != nil {
			return err
		}
		d, err := market.ParseDate(day)
		if err != nil {
			return err
		}
		a.applied[symbol] = d
		return nil
	})
}
