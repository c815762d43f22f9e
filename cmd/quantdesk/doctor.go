package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/order"
	"quantdesk/internal/store"
	"quantdesk/internal/trade"
)

type doctorCmd struct{}

// check is one thing that was looked at.
type check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
	Fix  string `json:"fix,omitempty"`
}

// Run looks at everything and names what is wrong; it fails when something is.
func (doctorCmd) Run(ctx context.Context, io streams, home place) error {
	list := []check{homeCheck(string(home))}
	var found []check
	if err := perform(ctx, string(home), "doctor", subject{}, &found, nil); err != nil {
		f := fault.As(err)
		found = []check{{"desk", false, f.Message, f.Next()}}
	}
	bad := 0
	for _, c := range append(list, found...) {
		mark := "ok  "
		if !c.OK {
			mark = "FAIL"
			bad++
		}
		fmt.Fprintf(io.out, "%s  %-12s %s\n", mark, c.Name, c.Text)
		if !c.OK && c.Fix != "" {
			fmt.Fprintf(io.out, "      %-12s %s\n", "", c.Fix)
		}
	}
	if bad > 0 {
		return fault.E("doctor", fault.Conflict, "%d of %d checks failed", bad, len(list)+len(found)).Hinted("Each says what to do.")
	}
	return nil
}

func homeCheck(dir string) check {
	st, err := os.Stat(dir)
	switch {
	case err != nil:
		return check{"home", true, dir + " (made now)", ""}
	case st.Mode().Perm()&0o077 != 0:
		return check{"home", false, fmt.Sprintf("%s can be read by others (%s)", dir, st.Mode().Perm()), "Run: chmod 700 " + dir}
	}
	text := dir
	if o := store.ReadOwner(dir); o.PID != 0 && o.PID != os.Getpid() {
		text = fmt.Sprintf("%s, held by process %d (quantdesk %s %s)", dir, o.PID, o.Command, o.Address)
	}
	return check{"home", true, text, ""}
}

// examine is the part that needs the desk.
func examine(ctx context.Context, a *app, _ subject, _ steps) (any, error) {
	var out []check
	add := func(name string, err error, text, fix string) {
		if err != nil {
			f := fault.As(err)
			out = append(out, check{name, false, f.Message, fix})
			return
		}
		out = append(out, check{name, true, text, ""})
	}
	add("store", a.ready(ctx), a.db.Path(), "Check the disk for space and permissions.")
	r, err := a.db.VerifyAudit(ctx)
	if err == nil && !r.OK {
		err = fault.E("doctor", fault.Conflict, "not whole at entry %d: %s", r.BadSeq, r.Reason)
	}
	add("audit", err, fmt.Sprintf("%d entries, whole", r.Entries), "Compare with a backup.")
	all, err := a.feed.Instruments(ctx)
	if err == nil && len(all) == 0 {
		err = fault.E("doctor", fault.NotFound, "the market has no instruments")
	}
	add("market", err, fmt.Sprintf("%s (%s), %d instruments, venue clock %s", a.feed.Name(), a.feed.Kind(), len(all), a.feed.Now().Format(time.RFC3339)), "Check --market; import data with: quantdesk data import")
	if err == nil {
		q, err := a.feed.Quote(ctx, probeSymbol(ctx, a))
		add("quotes", err, fmt.Sprintf("%s %s/%s, %s old", q.Symbol, q.Bid, q.Ask, a.feed.Age(q.Time).Round(time.Millisecond)), "Check the data folder.")
	}
	p := a.policy.Now()
	if p.Halted {
		add("policy", fault.E("doctor", fault.Conflict, "the policy halts all trading"), "", "Mend "+a.policy.path+" or set halted to false.")
	} else {
		add("policy", nil, a.policy.path, "")
	}
	if k := a.desk.Kill(); k.Engaged {
		add("kill switch", fault.E("doctor", fault.Conflict, "engaged since %s by %s", k.At.Format(time.RFC3339), k.By), "", "Release it with: quantdesk kill --release")
	}
	accounts, err := a.identity.Accounts(ctx, "")
	add("accounts", err, fmt.Sprintf("%d", len(accounts)), "")
	for _, acc := range accounts {
		if acc.User != identity.LocalUser {
			continue
		}
		b, err := a.desk.Balances(ctx, deskAccount(acc))
		add(acc.ID, err, fmt.Sprintf("%s, equity %s %s", acc.Environment, b.Equity.Rescale(2), b.Currency), "Restart the desk; the log says more.")
	}
	unknown, err := a.desk.Orders(ctx, order.Caller{}, order.OrderFilter{Statuses: []trade.Status{trade.Unknown}, Limit: 10})
	if err == nil && len(unknown) > 0 {
		err = fault.E("doctor", fault.Conflict, "%d orders are unknown: the broker's answer was lost (first: %s)", len(unknown), unknown[0].ID)
	}
	add("orders", err, "none unknown", "Decide each with: quantdesk resolve ORDER --as working|cancelled|rejected")
	return append(out, examineTWS(ctx, a)...), nil
}

// probeSymbol is one that ought to have a quote.
func probeSymbol(ctx context.Context, a *app) string {
	for _, s := range []string{"SPY", "AAPL"} {
		if _, ok := a.feed.Lookup(s); ok {
			return s
		}
	}
	all, err := a.feed.Instruments(ctx)
	if err != nil || len(all) == 0 {
		return "SPY"
	}
	return all[0].Symbol
}
