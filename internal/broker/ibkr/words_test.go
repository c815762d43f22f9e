package ibkr

import "testing"

// An option's own symbol means that option, whoever asks first.
func TestOptionSymbols(t *testing.T) {
	t.Parallel()
	got := guesses("AAPL 270115C00200000")
	if len(got) != 1 || got[0].SecType != "OPT" || got[0].LocalSymbol != "AAPL  270115C00200000" || Symbol(got[0]) != "AAPL 270115C00200000" {
		t.Errorf("%+v", got)
	}
	if got := guesses("AAPL"); got[0].SecType != "STK" {
		t.Errorf("%+v", got)
	}
}
