package runner

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/python/strategy"
)

// TestStubs keeps the stubs as the library is; QUANTDESK_UPDATE writes them.
func TestStubs(t *testing.T) {
	r := caged(t, Config{Data: t.TempDir()})
	got, err := r.MakeStubs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("QUANTDESK_UPDATE") != "" {
		if err := os.WriteFile(filepath.Join("..", "strategy", "stubs", strategy.StubsName), []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != strategy.Stubs {
		d := cmp.Diff(strings.Split(strategy.Stubs, "\n"), strings.Split(got, "\n"))
		t.Errorf("the stubs are not as the library is: make golden writes them\n%.2000s", d)
	}
	for _, w := range []string{"class QCAlgorithm(Api):", "    def set_holdings(", "    def SetHoldings(", "class Resolution(int):", "    DAILY: Resolution", "    Daily: Resolution", "    portfolio: SecurityPortfolioManager", "class SimpleMovingAverage"} {
		if !strings.Contains(got, w) {
			t.Errorf("%q is missing", w)
		}
	}
}
