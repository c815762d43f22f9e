package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"quantdesk/internal/num"
)

type demoTicket struct {
	ID       string      `json:"confirmation_id"`
	Summary  string      `json:"summary"`
	Notional num.Decimal `json:"notional"`
	Orders   []struct {
		OrderID string `json:"order_id"`
	} `json:"orders"`
}

type demoOrder struct {
	OrderID  string      `json:"order_id"`
	Status   string      `json:"status"`
	Filled   num.Decimal `json:"filled"`
	AvgPrice num.Decimal `json:"avg_price"`
	Limit    num.Decimal `json:"limit_price"`
	Quantity num.Decimal `json:"quantity"`
	Revision int         `json:"revision"`
}

const demoQuantity = 10

func (p *play) propose(ctx context.Context) error {
	var t demoTicket
	if _, err := p.call(ctx, "create_order", map[string]any{"account": p.account, "symbol": p.symbol, "side": "buy", "quantity": demoQuantity, "type": "market", "client_ref": "demo-1"}, &t); err != nil {
		return err
	}
	var again demoTicket
	if _, err := p.call(ctx, "create_order", map[string]any{"account": p.account, "symbol": p.symbol, "side": "buy", "quantity": demoQuantity, "type": "market", "client_ref": "demo-1"}, &again); err != nil {
		return err
	}
	if t.ID == "" || again.ID != t.ID || len(t.Orders) != 1 {
		return broken("the same client_ref gave two tickets: %s and %s", t.ID, again.ID)
	}
	p.ticket, p.orderID = t.ID, t.Orders[0].OrderID
	p.say("← confirmation_id %s (the repeated call gave the same)", t.ID)
	p.say("← %s", t.Summary)
	return nil
}

// notThere asks the broker itself, past the desk.
func (p *play) notThere(ctx context.Context) error {
	book, err := p.app.paper.Book(ctx, p.account, time.Time{})
	if err != nil {
		return err
	}
	if len(book.Orders) != 0 || !book.Complete {
		return broken("the broker has %d orders before anything was confirmed", len(book.Orders))
	}
	p.say("the broker's own book of %s: 0 orders", p.account)
	return nil
}

func (p *play) confirm(ctx context.Context) error {
	var first, second struct {
		Message string      `json:"message"`
		Orders  []demoOrder `json:"orders"`
	}
	if _, err := p.call(ctx, "confirm_trade", map[string]any{"confirmation_id": p.ticket}, &first); err != nil {
		return err
	}
	p.say("← %s", first.Message)
	if _, err := p.call(ctx, "confirm_trade", map[string]any{"confirmation_id": p.ticket}, &second); err != nil {
		return err
	}
	book, err := p.app.paper.Book(ctx, p.account, time.Time{})
	if err != nil {
		return err
	}
	if len(first.Orders) != 1 || len(second.Orders) != 1 || first.Orders[0].OrderID != second.Orders[0].OrderID || len(book.Orders) != 1 {
		return broken("confirming twice gave %d orders at the broker", len(book.Orders))
	}
	p.say("confirmed again: the same order; the broker's book has %d", len(book.Orders))
	return nil
}

// order reads an order until it is as wanted, within a bound.
func (p *play) await(ctx context.Context, id, status string) (demoOrder, error) {
	var out struct {
		Order demoOrder `json:"order"`
	}
	deadline := time.Now().Add(90 * time.Second)
	for {
		if _, err := p.call(ctx, "get_order", map[string]any{"order_id": id}, &out); err != nil {
			return out.Order, err
		}
		if out.Order.Status == status {
			return out.Order, nil
		}
		if time.Now().After(deadline) {
			return out.Order, broken("order %s is %s, not %s", id, out.Order.Status, status)
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return out.Order, ctx.Err()
		}
	}
}

func (p *play) filled(ctx context.Context) error {
	o, err := p.await(ctx, p.orderID, "filled")
	if err != nil {
		return err
	}
	if !o.Filled.Equal(num.FromInt(demoQuantity)) || o.AvgPrice.Sign() <= 0 {
		return broken("filled %s at %s", o.Filled, o.AvgPrice)
	}
	p.say("← filled %s at %s", o.Filled, o.AvgPrice)
	return nil
}

func (p *play) position(ctx context.Context) error {
	var out struct {
		Positions []struct {
			Symbol   string      `json:"symbol"`
			Quantity num.Decimal `json:"quantity"`
			AvgPrice num.Decimal `json:"avg_price"`
			PnL      num.Decimal `json:"unrealized_pnl"`
		} `json:"positions"`
	}
	if _, err := p.call(ctx, "get_positions", map[string]any{"account": p.account}, &out); err != nil {
		return err
	}
	if len(out.Positions) != 1 || !out.Positions[0].Quantity.Equal(num.FromInt(demoQuantity)) {
		return broken("expected one position of %d, got %+v", demoQuantity, out.Positions)
	}
	x := out.Positions[0]
	p.say("← %s %s at %s, unrealized %s", x.Quantity, x.Symbol, x.AvgPrice, x.PnL)
	return nil
}

func (p *play) transactions(ctx context.Context) error {
	var out struct {
		Transactions []struct {
			Kind   string      `json:"kind"`
			Symbol string      `json:"symbol"`
			Amount num.Decimal `json:"amount"`
		} `json:"transactions"`
	}
	if _, err := p.call(ctx, "get_transactions", map[string]any{"account": p.account}, &out); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, t := range out.Transactions {
		seen[t.Kind] = true
		p.say("← %-8s %-6s %s", t.Kind, t.Symbol, t.Amount.Rescale(2))
	}
	if !seen["deposit"] || !seen["trade"] || !seen["fee"] {
		return broken("the ledger lacks a line: %v", seen)
	}
	return nil
}

func (p *play) rest(ctx context.Context) error {
	in, ok := p.app.feed.Lookup(p.symbol)
	if !ok {
		return broken("%s is gone", p.symbol)
	}
	limit := in.RoundPrice(p.bid.Mul(num.MustParse("0.90")))
	higher := in.RoundPrice(p.bid.Mul(num.MustParse("0.91")))
	var t demoTicket
	if _, err := p.call(ctx, "create_order", map[string]any{"account": p.account, "symbol": p.symbol, "side": "buy", "quantity": 5, "type": "limit", "limit_price": limit, "time_in_force": "gtc"}, &t); err != nil {
		return err
	}
	if _, err := p.call(ctx, "confirm_trade", map[string]any{"confirmation_id": t.ID}, &struct{}{}); err != nil {
		return err
	}
	id := t.Orders[0].OrderID
	o, err := p.await(ctx, id, "working")
	if err != nil {
		return err
	}
	p.say("← it rests at %s", o.Limit)
	var r demoTicket
	if _, err := p.call(ctx, "replace_order", map[string]any{"order_id": id, "limit_price": higher, "quantity": 4}, &r); err != nil {
		return err
	}
	p.say("← %s", r.Summary)
	if _, err := p.call(ctx, "confirm_trade", map[string]any{"confirmation_id": r.ID}, &struct{}{}); err != nil {
		return err
	}
	if o, err = p.await(ctx, id, "working"); err != nil {
		return err
	}
	if !o.Limit.Equal(higher) || !o.Quantity.Equal(num.FromInt(4)) || o.Revision != 1 {
		return broken("the replacement is not what was confirmed: %+v", o)
	}
	p.say("← it rests at %s for %s, revision %d", o.Limit, o.Quantity, o.Revision)
	if _, err := p.call(ctx, "cancel_order", map[string]any{"order_id": id}, &struct{}{}); err != nil {
		return err
	}
	if _, err = p.await(ctx, id, "cancelled"); err != nil {
		return err
	}
	p.say("← cancelled, in one step")
	return nil
}

func (p *play) refused(ctx context.Context) error {
	text, err := p.call(ctx, "create_order", map[string]any{"account": p.account, "symbol": p.symbol, "side": "buy", "quantity": 900000, "type": "market"}, &struct{}{})
	if err == nil || !strings.Contains(text, "max_") && !strings.Contains(text, "limit") {
		return broken("an order far over the limits was not refused: %s", text)
	}
	p.say("← %s", text)
	text, err = p.call(ctx, "create_order", map[string]any{"account": p.account, "symbol": p.symbol, "side": "buy", "quantity": 1, "transmit": false}, &struct{}{})
	if err == nil || !strings.Contains(text, "transmit") {
		return broken("an unknown argument was not refused: %s", text)
	}
	p.say("← %s", text)
	return nil
}

func (p *play) audit(ctx context.Context) error {
	r, err := p.app.db.VerifyAudit(ctx)
	if err != nil {
		return err
	}
	if !r.OK || r.Entries < 10 {
		return broken("the audit is not whole: %s", r.Reason)
	}
	p.say("$ quantdesk audit verify")
	p.say("the audit is whole: %d entries, head %s…", r.Entries, r.Head[:16])
	_, err = fmt.Fprint(p.io.out)
	return err
}
