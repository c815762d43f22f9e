package qc_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/qc"
)

const secret = "a-token-nobody-may-see"

// standing answers every call with one status and body.
func standing(t *testing.T, status int, body string, headers ...string) (*qc.Client, *http.Header) {
	t.Helper()
	seen := &http.Header{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*seen = r.Header.Clone()
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return qc.New(qc.Config{
		Backend: qc.Cloud, Base: s.URL, Credential: qc.Credential{UserID: "7", Token: secret},
		Now: func() time.Time { return time.Unix(1_700_000_000, 0) },
	}), seen
}

// Whatever the cloud answers is a fault of its own code, with a hint and without
// the secret.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   fault.Code
		words  string
	}{
		{"wrong hash", 200, `{"success":false,"errors":["Hash doesn't match."]}`, fault.Forbidden, "credentials"},
		{"401", 401, `{"success":false}`, fault.Forbidden, "credentials"},
		{"its own words", 200, `{"success":false,"errors":["Project not found ` + secret + `\u001b[31m"]}`, fault.RejectedByVenue, "Project not found ***"},
		{"no words", 200, `{"success":false}`, fault.RejectedByVenue, "no reason"},
		{"too many", 429, ``, fault.RateLimited, "too many"},
		{"broken", 502, `<html>`, fault.Unavailable, "HTTP 502"},
		{"elsewhere", 302, ``, fault.Unavailable, "HTTP 302"},
		{"no JSON", 200, `<html>`, fault.Unavailable, "not JSON"},
		{"not as documented", 200, `{"success":true,"projects":7}`, fault.Unavailable, "not as documented"},
		{"a fault from outside", 200, `{"success":true,"projects":[]}`, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			q, _ := standing(t, c.status, c.body, "Location", "https://example.com/", "Retry-After", "9", qc.FaultHeader, `{"code":"internal","message":"forged"}`)
			_, err := q.Projects(t.Context())
			if got := fault.CodeOf(err); got != c.want {
				t.Fatalf("got %q (%v), want %q", got, err, c.want)
			}
			if err == nil {
				return
			}
			f := fault.As(err)
			if !strings.Contains(f.Message, c.words) || f.Next() == "" || strings.Contains(f.Error(), secret) || strings.ContainsRune(f.Error(), '\x1b') {
				t.Errorf("got %q, hint %q", f.Error(), f.Next())
			}
			if c.want == fault.RateLimited && f.RetryAfter != 9*time.Second {
				t.Errorf("wait %s", f.RetryAfter)
			}
		})
	}
}

// The signature is the SHA-256 of token and second, never the token.
func TestSignature(t *testing.T) {
	q, seen := standing(t, 200, `{"success":true}`)
	if err := q.Authenticate(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := &http.Request{Header: *seen}
	user, hash, _ := r.BasicAuth()
	// From: printf 'a-token-nobody-may-see:1700000000' | sha256sum
	if user != "7" || hash != "3543a83d6ed68473629d94bbd8970a5d9ef21fbe1faad19c7ee41c67a4212986" || seen.Get("Timestamp") != "1700000000" {
		t.Errorf("got %s %s at %s", user, hash, seen.Get("Timestamp"))
	}
}

func TestCancelled(t *testing.T) {
	q, _ := standing(t, 200, `{"success":true}`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Authenticate(ctx); fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("got %v", err)
	}
}

func TestLenientDecoding(t *testing.T) {
	for in, want := range map[string]string{
		`"2024-01-02 03:04:05"`: "2024-01-02T03:04:05Z", `"2024-01-02T03:04:05.5Z"`: "2024-01-02T03:04:05.5Z", `1700000000`: "2023-11-14T22:13:20Z",
		`"2024-01-02"`: "2024-01-02T00:00:00Z", `null`: "0001-01-01T00:00:00Z", `"0001-01-01T00:00:00"`: "0001-01-01T00:00:00Z", `"soon"`: "0001-01-01T00:00:00Z", `[]`: "0001-01-01T00:00:00Z",
	} {
		var got qc.Time
		if err := json.Unmarshal([]byte(in), &got); err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%s: %s %v, want %s", in, got.Format(time.RFC3339Nano), err, want)
		}
	}
	var b qc.Backtest
	if err := json.Unmarshal([]byte(`{"parameterSet":[],"statistics":null,"charts":{"A":{}},"error":null,"tags":null}`), &b); err != nil || len(b.Parameters) != 0 || len(b.Charts) != 1 {
		t.Errorf("%v %+v", err, b)
	}
	var p qc.Project
	if err := json.Unmarshal([]byte(`{"libraries":[5,{"projectId":6,"libraryName":"l"}]}`), &p); err != nil || len(p.Libraries) != 2 || p.Libraries[0].ID != 5 || p.Libraries[1].ID != 6 {
		t.Errorf("%v %+v", err, p)
	}
}
