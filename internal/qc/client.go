// Package qc is the one client of QuantConnect's REST API v2. It speaks to
// whatever answers an http.RoundTripper: the engine inside the desk, in process
// and as the calling user, or QuantConnect's cloud with a user's own
// credentials.
//
//	c := qc.New(qc.Config{Backend: qc.Cloud, Base: qc.CloudBase, Credential: cred})
//	list, err := c.Projects(ctx, 0)
//
// Refusals are faults: the engine's own, whole; the cloud's as rejected_by_venue
// with its words in the detail. No secret is in any of them.
package qc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"quantdesk/internal/fault"
)

// Backend is who runs a project.
type Backend string

// The backends: the engine inside the desk, and QuantConnect's cloud.
const (
	Embedded Backend = "embedded"
	Cloud    Backend = "cloud"
)

// Values lists the backends.
func (Backend) Values() []string { return []string{string(Embedded), string(Cloud)} }

// CloudBase is where QuantConnect's cloud answers.
const CloudBase = "https://www.quantconnect.com/api/v2"

// FaultHeader carries a fault whole where the server is in process, as JSON of
// code, message, hint and detail.
const FaultHeader = "Quantdesk-Fault"

// maxReply bounds an answer; perRequest how long one is waited for.
const (
	maxReply   = 64 << 20
	perRequest = 30 * time.Second
)

// Credential is what a user proves themselves to the cloud with.
type Credential struct {
	UserID       string
	Token        string
	Organization string
}

// Config is what a Client is made of.
type Config struct {
	Backend Backend
	// Base is the address of the API without a slash at the end.
	Base string
	// Transport carries the requests; nil means http.DefaultTransport.
	Transport http.RoundTripper
	// Credential signs requests; an empty one signs none.
	Credential Credential
	// Now is the wall clock; nil means time.Now.
	Now func() time.Time
}

// Client calls one backend as one user.
type Client struct {
	cfg  Config
	http *http.Client
}

// New makes a client.
func New(cfg Config) *Client {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Client{cfg, &http.Client{
		Transport: cfg.Transport, Timeout: perRequest,
		// A redirect would carry the signature to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Backend tells whom the client speaks to.
func (c *Client) Backend() Backend { return c.cfg.Backend }

// envelope is what every answer has.
type envelope struct {
	Success *bool    `json:"success"`
	Errors  []string `json:"errors"`
	Message string   `json:"message"`
}

// Call posts in to a path and decodes the answer into out, which may be nil.
func (c *Client) Call(ctx context.Context, path string, in, out any) error {
	raw, err := c.Raw(ctx, http.MethodPost, path, in)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fault.Wrap("qc.Call", fault.Unavailable, err, "the answer of %s to %s is not as documented", c.name(), path).
			Hinted("Try again; if it stays so, the API has changed.")
	}
	return nil
}

// Raw sends one request and gives the answer as it is, once it is a success.
func (c *Client) Raw(ctx context.Context, method, path string, in any) (json.RawMessage, error) {
	const op = "qc.Raw"
	body := []byte("{}")
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, err
		}
	}
	var reader io.Reader
	if method != http.MethodGet {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.cfg.Base+"/"+path, reader)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "quantdesk")
	c.sign(req)
	res, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		// The cause may quote the address, which a user of the desk need not know.
		return nil, fault.Wrap(op, fault.Unavailable, err, "%s does not answer", c.name()).Hinted("Try again in a moment; the embedded backend works without it.")
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxReply+1))
	if err != nil {
		return nil, fault.Wrap(op, fault.Unavailable, err, "%s broke off its answer", c.name()).Hinted("Try again in a moment.")
	}
	if len(raw) > maxReply {
		return nil, fault.E(op, fault.Unavailable, "the answer of %s to %s is larger than 64 MB", c.name(), path).Hinted("Ask for less.")
	}
	return raw, c.judge(path, res, raw)
}

// sign proves the user: the SHA-256 of token and time, in basic authentication.
func (c *Client) sign(req *http.Request) {
	if c.cfg.Credential.Token == "" {
		return
	}
	stamp := strconv.FormatInt(c.cfg.Now().Unix(), 10)
	sum := sha256.Sum256([]byte(c.cfg.Credential.Token + ":" + stamp))
	req.SetBasicAuth(c.cfg.Credential.UserID, hex.EncodeToString(sum[:]))
	req.Header.Set("Timestamp", stamp)
}

func (c *Client) name() string {
	if c.cfg.Backend == Cloud {
		return "QuantConnect's cloud"
	}
	return "the embedded engine"
}

// told is a fault on its way out of the server.
type told struct {
	Code    fault.Code     `json:"code"`
	Message string         `json:"message"`
	Hint    string         `json:"hint"`
	Detail  map[string]any `json:"detail"`
}

// judge turns a refusal into a fault.
func (c *Client) judge(path string, res *http.Response, raw []byte) error {
	const op = "qc.judge"
	if text := res.Header.Get(FaultHeader); text != "" && c.cfg.Backend == Embedded {
		var t told
		if err := json.Unmarshal([]byte(text), &t); err != nil {
			return err
		}
		f := fault.E(op, t.Code, "%s", t.Message).Hinted("%s", t.Hint)
		f.Detail = t.Detail
		return f
	}
	var e envelope
	err := json.Unmarshal(raw, &e)
	words := c.words(strings.Join(e.Errors, " "))
	if words == "" {
		words = c.words(e.Message)
	}
	switch {
	case res.StatusCode == http.StatusUnauthorized, strings.HasPrefix(words, "Hash doesn't match"), strings.HasPrefix(words, "UserID not valid"):
		return fault.Wrap(op, fault.Forbidden, errRefused, "%s refuses the credentials", c.name()).
			Hinted("Check user id, API token and the machine's clock, then call configure_quantconnect_auth.").With("reason", "credentials_refused")
	case res.StatusCode == http.StatusTooManyRequests:
		f := fault.E(op, fault.RateLimited, "%s says: too many requests", c.name())
		f.RetryAfter = time.Minute
		if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s > 0 && s < 3600 {
			f.RetryAfter = time.Duration(s) * time.Second
		}
		return f
	case res.StatusCode >= 300:
		return fault.E(op, fault.Unavailable, "%s answers %s with HTTP %d", c.name(), path, res.StatusCode).Hinted("Try again in a moment.").With("status", res.StatusCode)
	case err != nil:
		return fault.Wrap(op, fault.Unavailable, err, "the answer of %s to %s is not JSON", c.name(), path).Hinted("Try again in a moment.")
	case e.Success != nil && *e.Success, e.Success == nil && len(e.Errors) == 0:
		return nil
	}
	if words == "" {
		words = "it gives no reason"
	}
	return fault.E(op, fault.RejectedByVenue, "%s refuses %s: %s", c.name(), path, strings.TrimRight(words, ".")).
		Hinted("The words are the cloud's own. Check the ids: a project of the desk's own engine is not in the cloud.").With("venue_text", words)
}

var errRefused = errors.New("the credentials were refused")

// Refused tells that the credentials were not accepted.
func Refused(err error) bool { return errors.Is(err, errRefused) }

// words makes a foreign text plain and short, without the secret.
func (c *Client) words(s string) string {
	if t := c.cfg.Credential.Token; t != "" {
		s = strings.ReplaceAll(s, t, "***")
	}
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s))
	return fault.Clip(s, 500)
}

// Time is a moment as the API writes it: UTC without a zone, or RFC 3339.
type Time struct{ time.Time }

// UnmarshalJSON reads a moment; what is none of the known forms is no moment.
func (t *Time) UnmarshalJSON(raw []byte) error {
	t.Time = time.Time{}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		var seconds float64
		if json.Unmarshal(raw, &seconds) == nil && seconds > 0 && seconds < 253402300799 {
			t.Time = time.Unix(int64(seconds), 0).UTC()
		}
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, "2006-01-02T15:04:05.9999999", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil && at.Year() > 1 {
			t.Time = at.UTC()
			return nil
		}
	}
	return nil
}
