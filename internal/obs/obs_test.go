package obs

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestNoSecretReachesALog(t *testing.T) {
	const token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJsb2NhbCJ9.c2lnbmF0dXJlLW9mLWEtdG9rZW4"
	const secret = "qdu_0123456789abcdef0123456789abcdef"
	var b strings.Builder
	for _, asJSON := range []bool{false, true} {
		log := Logger(&b, slog.LevelDebug, asJSON)
		log.Info("minted "+token, "token", "plain", "note", "Bearer abcdefghijkl", "err", errors.New("refused "+secret))
		log.With("password", "hunter2").WithGroup("g").Warn("x", "api_key", "hunter3", "typed", Secret("hunter4"), "text", secret)
	}
	for _, leak := range []string{token, secret, "hunter", "plain", "abcdefghijkl"} {
		if strings.Contains(b.String(), leak) {
			t.Errorf("the log holds %q:\n%s", leak, b.String())
		}
	}
	if !strings.Contains(b.String(), "***") || !strings.Contains(b.String(), "minted") {
		t.Errorf("the log says nothing: %s", b.String())
	}
	if fmt.Sprint(Secret("x"))+fmt.Sprintf("%v", Secret("x")) != "******" {
		t.Error("a secret prints itself")
	}
}

func TestMetrics(t *testing.T) {
	m := NewMetrics("v1", func() float64 { return 3 })
	m.Observe("get_quotes", "ok", time.Millisecond)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{`quantdesk_tool_calls_total{code="ok",tool="get_quotes"} 1`, "quantdesk_orders_working 3", `quantdesk_build_info{version="v1"} 1`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in\n%.600s", want, w.Body)
		}
	}
}
