package runner

import (
	"encoding/json"
	"testing"

	"quantdesk/internal/algo"
	"quantdesk/internal/num"
)

// A trade's text is made once, with an id of its own in every list.
func TestClosedTrades(t *testing.T) {
	s := &algo.Symbol{Value: "SPY", ID: `SPY "id":"`}
	a := &algo.Trade{Symbol: s, Entry: 1_000_000, Exit: 2_000_000, EntryPrice: num.FromInt(7), Quantity: num.One, Orders: []int{1, 2}}
	b := &algo.Trade{Symbol: s, Entry: 3_000_000, Exit: 4_000_000, Short: true, Quantity: num.One, Orders: []int{3}}
	c := &closedTrades{algorithm: "x", known: map[*algo.Trade][2][]byte{}}
	text, err := c.rolling([]algo.Performance{{Key: "M3_20131031", Closed: []*algo.Trade{a, b}}, {Key: "M1_20131031", Closed: []*algo.Trade{b}}, {Key: "M1_20130930"}})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]struct {
		ClosedTrades []struct {
			ID         string
			Symbol     struct{ ID string }
			EntryPrice float64
			Direction  int
			OrderIDs   []int `json:"orderIds"`
		}
		TradeStatistics, PortfolioStatistics map[string]any
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if len(got) != 3 || len(got["M1_20130930"].ClosedTrades) != 0 || len(got["M1_20131031"].ClosedTrades) != 1 || len(got["M3_20131031"].ClosedTrades) != 2 {
		t.Fatalf("got %s", text)
	}
	two, one := got["M3_20131031"].ClosedTrades, got["M1_20131031"].ClosedTrades[0]
	if two[0].ID != derived("x", "trade "+s.ID, 1000) || two[1].ID != derived("x", "trade "+s.ID, 3001) || one.ID != derived("x", "trade "+s.ID, 3000) {
		t.Errorf("got ids %s, %s, %s", two[0].ID, two[1].ID, one.ID)
	}
	if two[0].EntryPrice != 7 || two[0].Direction != 0 || one.Direction != 1 || one.Symbol.ID != s.ID || len(one.OrderIDs) != 1 {
		t.Errorf("got %s", text)
	}
	if len(got["M1_20131031"].TradeStatistics) == 0 || len(got["M1_20131031"].PortfolioStatistics) == 0 {
		t.Errorf("got %s", text)
	}
	again, err := json.Marshal(json.RawMessage(text))
	if err != nil || string(again) != string(text) {
		t.Errorf("not written as encoding/json writes it: %v", err)
	}
}
