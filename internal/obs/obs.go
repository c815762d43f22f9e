// Package obs is what operators see of the desk from outside: structured logs
// without secrets, counters for Prometheus, and traces.
//
//	log := obs.Logger(os.Stderr, slog.LevelInfo, false)
//	log.Info("token minted", "token", obs.Secret(text)) // token=***
package obs

import (
	"context"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

// Secret is text that must never be read in a log or a reply.
type Secret string

// LogValue hides the text.
func (Secret) LogValue() slog.Value { return slog.StringValue("***") }

// String hides the text from fmt too.
func (Secret) String() string { return "***" }

// MarshalText hides the text from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Logger writes records as text or JSON, with anything that looks like a secret
// taken out: attributes named like one, tokens and our own secrets in any text.
func Logger(w io.Writer, level slog.Leveler, asJSON bool) *slog.Logger {
	opt := &slog.HandlerOptions{Level: level, ReplaceAttr: redactAttr}
	var h slog.Handler = slog.NewTextHandler(w, opt)
	if asJSON {
		h = slog.NewJSONHandler(w, opt)
	}
	return slog.New(redacting{h})
}

// redacting takes secrets out of messages; attributes are the options' work.
type redacting struct{ slog.Handler }

func (r redacting) Handle(ctx context.Context, rec slog.Record) error {
	rec.Message = Redact(rec.Message)
	return r.Handler.Handle(ctx, rec)
}

func (r redacting) WithAttrs(a []slog.Attr) slog.Handler { return redacting{r.Handler.WithAttrs(a)} }
func (r redacting) WithGroup(g string) slog.Handler      { return redacting{r.Handler.WithGroup(g)} }

var (
	secretName = regexp.MustCompile(`(?i)(secret|password|passwd|api_?key|authorization|credential|^token$|access_token|private)`)
	secretText = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*|qd[acu]_[0-9a-f]{16,}|(?i:bearer)\s+[A-Za-z0-9._~+/=-]{8,}`)
)

// Redact takes tokens and secrets out of a text.
func Redact(s string) string {
	if !strings.Contains(s, "eyJ") && !strings.Contains(s, "qdc_") && !strings.Contains(s, "qdu_") && !strings.Contains(s, "qda_") && !strings.Contains(strings.ToLower(s), "bearer ") {
		return s
	}
	return secretText.ReplaceAllString(s, "***")
}

func redactAttr(_ []string, a slog.Attr) slog.Attr {
	if secretName.MatchString(a.Key) {
		return slog.String(a.Key, "***")
	}
	switch v := a.Value.Any().(type) {
	case string:
		return slog.String(a.Key, Redact(v))
	case error:
		return slog.String(a.Key, Redact(v.Error()))
	}
	return a
}
