package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	oteltrace "go.opentelemetry.io/otel/trace"

	"quantdesk/internal/audit"
	"quantdesk/internal/order"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
)

// wire puts every message to a broker, and its answer, into the audit and into
// the trace of the call it belongs to.
type wire struct {
	order.Broker
	audit  tool.Recorder
	tracer oteltrace.Tracer // nil traces nothing
}

// Place sends an order.
func (w wire) Place(ctx context.Context, o trade.Order) (ack order.Ack, err error) {
	err = w.told(ctx, "place", o.Trace, o.User, o.ID, o, func(ctx context.Context) (string, error) {
		ack, err = w.Broker.Place(ctx, o)
		return ack.VenueID, err
	})
	return ack, err
}

// Replace changes an order.
func (w wire) Replace(ctx context.Context, o trade.Order) (ack order.Ack, err error) {
	err = w.told(ctx, "replace", o.Trace, o.User, o.ID, o, func(ctx context.Context) (string, error) {
		ack, err = w.Broker.Replace(ctx, o)
		return ack.VenueID, err
	})
	return ack, err
}

// Cancel asks for the end of an order.
func (w wire) Cancel(ctx context.Context, account, orderID string) error {
	return w.told(ctx, "cancel", "", "", orderID, map[string]string{"account": account, "order_id": orderID}, func(ctx context.Context) (string, error) {
		return "", w.Broker.Cancel(ctx, account, orderID)
	})
}

func (w wire) told(ctx context.Context, call, trace, user, subject string, message any, send func(context.Context) (string, error)) error {
	if w.tracer != nil {
		var span oteltrace.Span
		ctx, span = w.tracer.Start(ctx, "broker "+call, oteltrace.WithAttributes(attribute.String("order.id", subject), attribute.String("desk.trace", trace)))
		defer span.End()
		inner := send
		send = func(ctx context.Context) (string, error) {
			id, err := inner(ctx)
			if err != nil {
				span.SetStatus(codes.Error, err.Error())
			}
			return id, err
		}
	}
	begun := time.Now()
	venueID, err := send(ctx)
	body := struct {
		Call    string  `json:"call"`
		Message any     `json:"message"`
		Answer  string  `json:"answer"`
		VenueID string  `json:"venue_order_id,omitempty"`
		Code    string  `json:"venue_code,omitempty"`
		Text    string  `json:"venue_text,omitempty"`
		MS      float64 `json:"ms"`
	}{Call: call, Message: message, Answer: "yes", VenueID: venueID, MS: float64(time.Since(begun).Microseconds()) / 1000}
	var no *order.VenueError
	switch {
	case errors.As(err, &no):
		body.Answer, body.Code, body.Text = "no", no.Code, no.Text
	case err != nil:
		body.Answer = "lost"
	}
	// The answer stands whatever becomes of its record.
	if raw, merr := json.Marshal(body); merr == nil {
		w.audit.RecordLater(audit.Entry{Time: time.Now().UTC(), Trace: trace, Kind: "wire", User: user, Subject: subject, Body: raw})
	}
	return err
}
