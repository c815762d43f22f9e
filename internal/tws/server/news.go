package server

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/tws"
)

// The one provider of news: what there is to say of a market without newsrooms
// is made of its prices and corporate actions.
const (
	provider     = "DESK"
	providerName = "Quantdesk market notes"
	newsDays     = 90
	kindBulletin = "bulletins"
)

// headline is one note about an instrument.
type headline struct {
	at       time.Time
	id, text string
	body     string
}

// large is the daily move that makes a headline.
var large = num.MustParse("0.02")

// headlines are the notes about an instrument between two moments, newest first.
func (s *Server) headlines(ctx context.Context, in market.Instrument, from, to time.Time) (out []headline) {
	if now := s.cfg.Market.Now(); to.After(now) {
		to = now
	}
	bars, err := s.cfg.Market.Bars(ctx, market.BarRequest{Symbol: in.Symbol, Resolution: market.Daily, Start: from.AddDate(0, 0, -7), End: to, Adjustment: market.Raw})
	if err != nil {
		return nil
	}
	for i := 1; i < len(bars); i++ {
		b, before := bars[i], bars[i-1]
		if b.End.Before(from) || before.Close.Sign() <= 0 {
			continue
		}
		move := b.Close.Sub(before.Close).Quo(before.Close)
		if move.Abs().Less(large) {
			continue
		}
		verb := "rises"
		if move.Sign() < 0 {
			verb = "falls"
		}
		percent := move.Abs().Mul(num.FromInt(100)).Round(1)
		day := market.DateOf(b.End.Add(-1))
		out = append(out, headline{
			at: b.End, id: fmt.Sprintf("%s$%s$%s", provider, in.Symbol, day.Compact()), text: fmt.Sprintf("%s %s %s %% to %s", in.Symbol, verb, percent, b.Close),
			body: fmt.Sprintf("%s (%s) closed at %s on %s after %s the session before. It opened at %s and traded between %s and %s; %s changed hands.", in.Name, in.Symbol, b.Close, day, before.Close, b.Open, b.Low, b.High, b.Volume),
		})
	}
	actions, err := s.cfg.Market.Actions(in.Symbol, market.DateOf(from), market.DateOf(to))
	if err == nil {
		for _, a := range actions {
			h := headline{at: a.Date.In(time.UTC), id: fmt.Sprintf("%s$%s$%s$%s", provider, in.Symbol, a.Date.Compact(), a.Kind)}
			switch a.Kind {
			case market.Dividend:
				h.text = fmt.Sprintf("%s pays a dividend of %s", in.Symbol, a.Dividend)
			case market.Split:
				h.text = fmt.Sprintf("%s splits, factor %s", in.Symbol, a.SplitFactor.Round(6))
			default:
				h.text = fmt.Sprintf("%s: %s", in.Symbol, a.Kind)
			}
			h.body = h.text + " on " + a.Date.String() + "."
			out = append(out, h)
		}
	}
	slices.SortStableFunc(out, func(a, b headline) int { return b.at.Compare(a.at) })
	return out
}

func (c *client) newsProviders() {
	c.send(&tws.NewsProviders{Providers: []tws.TagValue{{Tag: provider, Value: providerName}}})
}

func (c *client) historicalNews(ctx context.Context, m *tws.ReqHistoricalNews) {
	in, ok := c.s.contracts.byID[m.ConID]
	switch {
	case !ok:
		c.fail(m.ReqID, 200, "%s", errNone)
		return
	case !slices.Contains(strings.FieldsFunc(m.Providers, func(r rune) bool { return r == '+' || r == ',' || r == ' ' }), provider):
		c.fail(m.ReqID, 321, "Error validating request.-'bW' : cause - Incorrect provider code in %q: the one here is %s", m.Providers, provider)
		return
	}
	now := c.s.cfg.Market.Now()
	from, to := now.AddDate(0, 0, -newsDays), now
	for _, b := range []struct {
		text string
		at   *time.Time
	}{{m.Start, &from}, {m.End, &to}} {
		if b.text == "" {
			continue
		}
		at, err := parseNewsTime(b.text)
		if err != nil {
			c.fail(m.ReqID, 321, "Error validating request.-'bW' : cause - %s", err)
			return
		}
		*b.at = at
	}
	list := c.s.headlines(ctx, in, from, to)
	most := int(min(max(m.Total, 1), 300))
	for _, h := range list[:min(most, len(list))] {
		c.send(&tws.HistoricalNews{ReqID: m.ReqID, Time: h.at.UTC().Format("2006-01-02 15:04:05.0"), Provider: provider, ArticleID: h.id, Headline: h.text})
	}
	c.send(&tws.HistoricalNewsEnd{ReqID: m.ReqID, HasMore: len(list) > most})
}

// parseNewsTime reads the times of news requests: yyyy-mm-dd hh:mm:ss.0 too.
func parseNewsTime(s string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02 15:04:05.0", time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t, nil
		}
	}
	return parseMoment(s, time.UTC)
}

func (c *client) newsArticle(ctx context.Context, m *tws.ReqNewsArticle) {
	parts := strings.Split(m.ArticleID, "$")
	if len(parts) >= 3 && parts[0] == provider && m.Provider == provider {
		in, ok := c.s.cfg.Market.Lookup(parts[1])
		day, err := time.Parse("20060102", parts[2])
		if ok && err == nil {
			for _, h := range c.s.headlines(ctx, in, day.AddDate(0, 0, -2), day.AddDate(0, 0, 3)) {
				if h.id == m.ArticleID {
					c.send(&tws.NewsArticle{ReqID: m.ReqID, Text: h.body})
					return
				}
			}
		}
	}
	c.fail(m.ReqID, 10172, "Failed to request news article: no article %q of %q", m.ArticleID, m.Provider)
}

// bulletins tells that the market is simulated; it has nothing else to say.
func (c *client) bulletins(ctx context.Context, m *tws.ReqNewsBulletins) {
	c.end(task{kindBulletin, 0})
	c.begin(ctx, task{kindBulletin, 0}, func(ctx context.Context) {
		if m.All {
			c.send(&tws.NewsBulletin{MsgID: 1, Type: 1, Text: "This is a paper TWS: prices and fills come from a simulation or a recording, and no money is at stake.", Exchange: "DESK"})
		}
		<-ctx.Done()
	})
}

func (c *client) fundamentals(_ context.Context, m *tws.ReqFundamentalData) {
	if _, ok := c.one(m.ReqID, m.Contract); ok {
		c.fail(m.ReqID, 430, "We are sorry, but fundamentals data for the security specified is not available: the paper TWS has no company reports")
	}
}

// wshMeta and wshEvents are the calendar of corporate actions.
func (c *client) wshMeta(m *tws.ReqWSHMetaData) {
	raw, err := json.Marshal(map[string]any{"meta_data": map[string]any{"event_types": []map[string]string{
		{"tag": "wshe_div", "name": "Dividend"}, {"tag": "wshe_split", "name": "Split"},
	}}})
	if err == nil {
		c.send(&tws.WSHMetaData{ReqID: m.ReqID, Data: string(raw)})
	}
}

func (c *client) wshEvents(m *tws.ReqWSHEventData) {
	in, ok := c.s.contracts.byID[m.ConID.N]
	if !m.ConID.OK || !ok {
		c.fail(m.ReqID, 200, "%s", errNone)
		return
	}
	now := market.DateOf(c.s.cfg.Market.Now())
	from, to := now.AddDays(-365), now.AddDays(365)
	for _, b := range []struct {
		text string
		at   *market.Date
	}{{m.Start, &from}, {m.End, &to}} {
		if b.text == "" {
			continue
		}
		t, err := time.Parse("20060102", b.text)
		if err != nil {
			c.fail(m.ReqID, 321, "Error validating request.-'bW' : cause - the date %q is not yyyymmdd", b.text)
			return
		}
		*b.at = market.DateOf(t)
	}
	actions, err := c.s.cfg.Market.Actions(in.Symbol, from, to)
	if err != nil {
		c.fail(m.ReqID, 10276, "News feed is not allowed: %v", err)
		return
	}
	events := []map[string]any{}
	for _, a := range actions {
		if a.Date.After(now) { // a calendar of the future would look ahead
			continue
		}
		e := map[string]any{"conid": m.ConID.N, "symbol": in.Symbol, "event_date": a.Date.Compact(), "event_type": "wshe_" + string(a.Kind)}
		if a.Kind == market.Dividend {
			e["event_type"], e["amount"] = "wshe_div", a.Dividend
		}
		events = append(events, e)
		if m.Total.OK && int64(len(events)) >= m.Total.N {
			break
		}
	}
	raw, err := json.Marshal(events)
	if err == nil {
		c.send(&tws.WSHEventData{ReqID: m.ReqID, Data: string(raw)})
	}
}
