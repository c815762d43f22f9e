package qcapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/project"
	"quantdesk/internal/qcapi"
	"quantdesk/internal/store"
	"quantdesk/internal/web"
)

// memory keeps signing keys.
type memory struct{ text []byte }

func (m *memory) Load() ([]byte, error)  { return m.text, nil }
func (m *memory) Save(text []byte) error { m.text = text; return nil }

// people sees identity's users as the projects want them.
type people struct{ *identity.Service }

func (p people) Person(ctx context.Context, user string) (project.Person, bool, error) {
	u, err := p.User(ctx, user)
	if fault.CodeOf(err) == fault.NotFound {
		return project.Person{}, false, nil
	}
	if err != nil {
		return project.Person{}, false, err
	}
	n, err := p.UserNumber(ctx, user)
	return project.Person{User: user, Number: n, Name: u.Name, Platform: u.Platform, Organization: "org-" + user}, true, err
}

func (p people) PersonByNumber(ctx context.Context, n int64) (project.Person, bool, error) {
	u, ok, err := p.UserByNumber(ctx, n)
	if err != nil || !ok {
		return project.Person{}, false, err
	}
	return p.Person(ctx, u.ID)
}

// runner finds the word "wrong" when it compiles, and gives one result.
type runner struct{}

func (runner) Compile(_ context.Context, s project.Source) ([]project.Problem, error) {
	out := []project.Problem{}
	for _, f := range s.Files {
		if strings.Contains(f.Content, "warn") {
			out = append(out, project.Problem{File: f.Name, Line: 1, Column: 2, Severity: project.Warning, Message: "look here"})
		}
		if strings.Contains(f.Content, "wrong") {
			out = append(out, project.Problem{File: f.Name, Line: 3, Column: 5, Severity: project.Error, Message: "invalid syntax"})
		}
	}
	return out, nil
}

const equity = `{"name":"Strategy Equity","chartType":0,"series":{"Equity":{"name":"Equity","unit":"$","index":0,"seriesType":2,"values":[[100,1,1,1,1],[200,1,2,1,2],[300,2,2,1,1.5],[400,1.5,3,1,3]]}}}`

func (runner) Backtest(ctx context.Context, r project.Run, progress func(project.Progress)) (*project.Result, error) {
	if r.Parameters["wait"] != "" {
		progress(project.Progress{Fraction: 0.42, Reached: time.Date(2020, 5, 1, 0, 0, 0, 0, time.UTC), Equity: "$5.00"})
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if r.Parameters["fail"] != "" {
		return &project.Result{Status: project.RuntimeError, Error: "During the algorithm initialization, the following exception has occurred: boom", StackTrace: "at main.py:7"}, nil
	}
	orders := make([]json.RawMessage, 150)
	for i := range orders {
		orders[i] = json.RawMessage(fmt.Sprintf(`{"id":%d}`, i+1))
	}
	return &project.Result{
		Status: project.Completed, Start: time.Date(2013, 10, 7, 0, 0, 0, 0, time.UTC), End: time.Date(2013, 10, 11, 0, 0, 0, 0, time.UTC), TradeableDates: 5,
		Statistics:        map[string]string{"Zeta": "9", "Net Profit": "1.5%", "Total Orders": "150", "Alpha": "-0.1", "Total Fees": "$3.00", "Drawdown": "NaN"},
		RuntimeStatistics: map[string]string{"Equity": "$101,500.00"}, TotalPerformance: json.RawMessage(`{"closedTrades":[]}`),
		RollingWindow: json.RawMessage(`{"M1_20131011":{}}`), Charts: map[string]json.RawMessage{"Strategy Equity": json.RawMessage(equity)},
		Orders: orders, Insights: orders[:2], Logs: []string{"a", "b", "ab"}, EngineVersion: "e", DataHash: "d", Seed: 3,
	}, nil
}

// world is the API over HTTP with two users.
type world struct {
	t   *testing.T
	ids *identity.Service
	api *qcapi.Server
	url string
	now time.Time
	// ann has every scope.
	ann, ben credential
}

type credential struct {
	user   string
	number int64
	secret string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, filepath.Join(t.TempDir(), "desk.db"), store.Options{AuditKey: bytes.Repeat([]byte{1}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, now: time.Now()}
	clock := func() time.Time { return w.now }
	keys, err := identity.OpenKeys(&memory{}, w.now)
	if err != nil {
		t.Fatal(err)
	}
	if w.ids, err = identity.New(ctx, identity.Config{Store: db, Keys: keys, Issuer: "i", Audience: "i", SecretKey: bytes.Repeat([]byte{2}, 32), Now: clock}); err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	if err := os.MkdirAll(filepath.Join(data, "crypto", "coinbase", "daily"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "crypto", "coinbase", "daily", "btcusd.zip"), []byte("zip"), 0o644); err != nil {
		t.Fatal(err)
	}
	svc := project.New(project.Config{Store: db, Directory: people{w.ids}, Runner: runner{}, Parallel: 2})
	w.api = qcapi.New(qcapi.Config{
		Projects: svc, Identity: w.ids, Data: os.DirFS(data), DataKey: bytes.Repeat([]byte{3}, 32), Version: "1.2.3", Now: clock,
		Limiter: &identity.Limiter{Local: identity.Limits{All: 100_000}},
	})
	srv := httptest.NewServer(w.api)
	w.url = srv.URL + qcapi.Base
	run, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- svc.Run(run) }()
	t.Cleanup(func() {
		srv.Close()
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w.ann, w.ben = w.user("Ann", "admin"), w.user("Ben", "admin")
	return w
}

func (w *world) user(name string, scopes ...string) credential {
	w.t.Helper()
	u, _, err := w.ids.AddUser(context.Background(), "", name, []string{"admin"})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.credential(u.ID, scopes...)
}

func (w *world) credential(user string, scopes ...string) credential {
	w.t.Helper()
	m, err := w.ids.MintAPIToken(context.Background(), user, scopes, time.Hour)
	if err != nil {
		w.t.Fatal(err)
	}
	return credential{user, m.Number, m.Secret}
}

func (c credential) sign(r *http.Request, at time.Time) {
	stamp := fmt.Sprint(at.Unix())
	sum := sha256.Sum256([]byte(c.secret + ":" + stamp))
	r.SetBasicAuth(fmt.Sprint(c.number), hex.EncodeToString(sum[:]))
	r.Header.Set("Timestamp", stamp)
}

type answer struct {
	status int
	body   string
	data   map[string]any
}

func (a answer) ok() bool { return a.data["success"] == true }

func (a answer) error() string {
	list, _ := a.data["errors"].([]any)
	if len(list) == 0 {
		return ""
	}
	s, _ := list[0].(string)
	return s
}

// at reads a value by its path; numbers index lists.
func (a answer) at(path ...any) any {
	var v any = a.data
	for _, p := range path {
		switch k := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[k]
		case int:
			l, _ := v.([]any)
			if k >= len(l) {
				return nil
			}
			v = l[k]
		}
	}
	return v
}

func (w *world) send(client *http.Client, r *http.Request) answer {
	w.t.Helper()
	res, err := client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	a := answer{status: res.StatusCode, body: string(raw)}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &a.data); err != nil {
			w.t.Fatalf("%s: %v in %s", r.URL, err, raw)
		}
	}
	return a
}

func (w *world) request(method, path, kind, body string) *http.Request {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return r
}

// post sends JSON as a user.
func (w *world) post(c credential, path, body string) answer {
	w.t.Helper()
	r := w.request("POST", path, "application/json", body)
	c.sign(r, w.now)
	return w.send(http.DefaultClient, r)
}

// must is a post that succeeds.
func (w *world) must(c credential, path, body string) answer {
	w.t.Helper()
	a := w.post(c, path, body)
	if a.status != 200 || !a.ok() {
		w.t.Fatalf("%s %s: %d %s", path, body, a.status, a.body)
	}
	return a
}

// refuses wants a refusal with HTTP 200 that says part.
func (w *world) refuses(c credential, path, body, part string) {
	w.t.Helper()
	a := w.post(c, path, body)
	if a.status != 200 || a.data["success"] != false || !strings.Contains(a.error(), part) {
		w.t.Errorf("%s %s: %d %s, want a refusal with %q", path, body, a.status, a.body, part)
	}
}

func (w *world) project(c credential) int64 {
	w.t.Helper()
	id, _ := w.must(c, "projects/create", `{"name":"Test","language":"Py"}`).at("projects", 0, "projectId").(float64)
	return int64(id)
}

func (w *world) until(what string, is func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited 30 s for this: %s", what)
		}
	}
}

// compiled compiles until it is built, and gives the id.
func (w *world) compiled(c credential, id int64) (string, answer) {
	w.t.Helper()
	a := w.must(c, "compile/create", fmt.Sprintf(`{"projectId":%d}`, id))
	if a.at("state") != "InQueue" {
		w.t.Errorf("a new compile: %s", a.body)
	}
	k, _ := a.at("compileId").(string)
	w.until("the compile ends", func() bool {
		a = w.must(c, "compile/read", fmt.Sprintf(`{"projectId":%d,"compileId":%q}`, id, k))
		return a.at("state") != "InQueue"
	})
	return k, a
}

func (w *world) backtest(c credential, id int64, compile, parameters string) string {
	w.t.Helper()
	b, _ := w.must(c, "backtests/create", fmt.Sprintf(`{"projectId":%d,"compileId":%q,"backtestName":"run","parameters":%s}`, id, compile, parameters)).at("backtest", "backtestId").(string)
	return b
}

func (w *world) ended(c credential, id int64, b string) answer {
	w.t.Helper()
	var a answer
	w.until("the backtest ends", func() bool {
		a = w.must(c, "backtests/read", fmt.Sprintf(`{"projectId":%d,"backtestId":%q}`, id, b))
		return a.at("backtest", "completed") == true
	})
	return a
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	try := func(agent string, change func(*http.Request)) answer {
		r := w.request("GET", "authenticate", "", "")
		w.ann.sign(r, w.now)
		r.Header.Set("User-Agent", agent)
		change(r)
		return w.send(http.DefaultClient, r)
	}
	if a := try("", func(*http.Request) {}); a.status != 200 || a.body != "{\"success\":true}\n" {
		t.Errorf("good credentials: %d %q", a.status, a.body)
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		part   string
	}{
		"none":       {func(r *http.Request) { r.Header.Del("Authorization") }, "credentials are required"},
		"wrong hash": {func(r *http.Request) { r.SetBasicAuth(fmt.Sprint(w.ann.number), "00") }, "Hash doesn't match."},
		"other time": {func(r *http.Request) { r.Header.Set("Timestamp", fmt.Sprint(w.now.Unix()-1)) }, "Hash doesn't match."},
		"old":        {func(r *http.Request) { w.ann.sign(r, w.now.Add(-7201*time.Second)) }, "Hash doesn't match."},
		"future":     {func(r *http.Request) { w.ann.sign(r, w.now.Add(time.Hour)) }, "Hash doesn't match."},
		"no time":    {func(r *http.Request) { r.Header.Del("Timestamp") }, "Hash doesn't match."},
		"no user":    {func(r *http.Request) { r.SetBasicAuth("999999999", "00") }, "UserID not valid"},
		"a word":     {func(r *http.Request) { r.SetBasicAuth("ann", "00") }, "UserID not valid"},
		"other user": {func(r *http.Request) { c := w.ann; c.number = w.ben.number; c.sign(r, w.now) }, "Hash doesn't match."},
		"not base64": {func(r *http.Request) { r.Header.Set("Authorization", "Basic ~") }, "base64"},
		"two":        {func(r *http.Request) { r.Header.Add("Authorization", "Basic x") }, "more than one"},
		"bearer":     {func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, "token"},
	} {
		if a := try("", c.change); a.status != 401 || a.ok() || !strings.Contains(a.error(), c.part) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if a := try("Lean CLI 1.0", c.change); a.status != 200 || a.data["success"] != false || !strings.Contains(a.error(), c.part) {
			t.Errorf("%s, to the CLI: %d %s", name, a.status, a.body)
		}
	}
	// A pair is used again, in parallel and for long.
	w.now = w.now.Add(50 * time.Minute)
	for range 2 {
		if a := try("", func(r *http.Request) { w.ann.sign(r, w.now.Add(-49*time.Minute)) }); !a.ok() {
			t.Errorf("used again: %s", a.body)
		}
	}
	stamp := fmt.Sprint(w.now.Unix())
	sum := sha256.Sum256([]byte(w.ann.secret + ":" + stamp))
	link := url.Values{"authorization": {base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%d:%x", w.ann.number, sum))}, "timestamp": {stamp}}
	if a := w.send(http.DefaultClient, w.request("GET", "authenticate?"+link.Encode(), "", "")); !a.ok() {
		t.Errorf("by link: %s", a.body)
	}
	m, err := w.ids.Mint(t.Context(), w.ann.user, []string{"admin"}, time.Hour, false)
	if err != nil {
		t.Fatal(err)
	}
	if a := try("", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+m.Token) }); !a.ok() {
		t.Errorf("the desk's own token: %s", a.body)
	}
	w.now = w.now.Add(11 * time.Minute)
	if a := try("", func(r *http.Request) { w.ann.sign(r, w.now) }); a.ok() {
		t.Error("an expired API token is good")
	}
}

func TestScopesAndRevocation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.project(w.ann)
	reader := w.credential(w.ann.user, "read")
	w.must(reader, "projects/read", "{}")
	for path, scope := range map[string]string{
		"projects/create": "qc:projects:write", "projects/delete": "qc:projects:delete", "files/create": "qc:files:write", "files/delete": "qc:files:delete",
		"compile/create": "qc:compile:execute", "backtests/create": "qc:backtests:write", "backtests/delete": "qc:backtests:delete",
		"projects/collaboration/create": "qc:collaboration:write", "lean/versions/read": "qc:admin:read",
	} {
		w.refuses(reader, path, `{}`, scope)
	}
	half := w.credential(w.ann.user, "qc:projects:write")
	w.refuses(half, "projects/update", fmt.Sprintf(`{"projectId":%d,"files":[{"name":"main.py","content":"x"}]}`, id), "qc:files:write")
	writer := w.credential(w.ann.user, "qc:projects:write", "qc:files:write")
	w.refuses(writer, "projects/update", fmt.Sprintf(`{"projectId":%d,"files":[{"name":"main.py","content":"x"}]}`, id), "qc:files:delete")
	tokens, err := w.ids.Tokens(t.Context(), w.ann.user)
	if err != nil {
		t.Fatal(err)
	}
	for _, tok := range tokens {
		if err := w.ids.Revoke(t.Context(), tok.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
	if a := w.post(reader, "authenticate", ""); a.status != 401 {
		t.Errorf("revoked: %d %s", a.status, a.body)
	}
	if _, err := w.ids.SetDisabled(t.Context(), w.ben.user, true); err != nil {
		t.Fatal(err)
	}
	if a := w.post(w.ben, "authenticate", ""); a.status != 401 || !strings.Contains(a.error(), "UserID") {
		t.Errorf("disabled: %d %s", a.status, a.body)
	}
}

// TestEveryRouteIsScoped has nobody and a token without scopes knock everywhere.
func TestEveryRouteIsScoped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bare := w.credential(w.ann.user, "desk:read")
	for _, path := range w.api.Paths() {
		if a := w.send(http.DefaultClient, w.request("POST", path, "application/json", "{}")); a.status != 401 {
			t.Errorf("%s without credentials: %d", path, a.status)
		}
		if path != "authenticate" {
			w.refuses(bare, path, `{}`, "lack the scope")
		}
	}
	if a := w.post(w.ann, "no/such", "{}"); a.ok() || !strings.Contains(a.error(), "no endpoint") {
		t.Errorf("unknown: %s", a.body)
	}
	for _, path := range []string{"live/read", "optimizations/create", "object/get", "ai/tools/search"} {
		w.refuses(w.ann, path, "{}", "not served yet")
	}
	w.refuses(w.ann, "live/read", "{}", "No live deployment found")
}

// TestBodies has one meaning come in every form that clients send.
func TestBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.project(w.ann)
	form := url.Values{
		"projectId": {fmt.Sprint(id)}, "description": {"d"}, "parameters[0][key]": {"k1"}, "parameters[0][value]": {"v1"}, "parameters[1][key]": {"k2"},
		"parameters[1][value]": {"2"}, "files[0][name]": {"main.py"}, "files[0][content]": {"x = 1\n"}, "files[1][name]": {"a/b.py"}, "files[1][content]": {""},
		"encryptionKey": {""}, "codeSourceId": {"cli"},
	}
	var parts bytes.Buffer
	mp := multipart.NewWriter(&parts)
	for k, v := range form {
		if err := mp.WriteField(k, v[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := mp.Close(); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*http.Request{
		"form":      w.request("POST", "projects/update", "application/x-www-form-urlencoded", form.Encode()),
		"multipart": w.request("POST", "projects/update", mp.FormDataContentType(), parts.String()),
		"query":     w.request("GET", "projects/update?"+form.Encode(), "", ""),
		"json list": w.request("POST", "projects/update", "application/json", fmt.Sprintf(`{"projectId":"%d","description":"d","parameters":[{"name":"k1","value":"v1"},{"key":"k2","value":2}],"files":[{"name":"main.py","content":"x = 1\n"},{"name":"a/b.py"}]}`, id)),
		"json map":  w.request("POST", "projects/update", "", fmt.Sprintf(`{"projectId":%d,"description":"d","parameters":{"k1":"v1","k2":"2"},"files":[{"name":"main.py","content":"x = 1\n"},{"name":"a/b.py"}]}`, id)),
	} {
		w.must(w.ann, "projects/update", fmt.Sprintf(`{"projectId":%d,"description":"","parameters":"","files":[{"name":"old.py","content":"x"}]}`, id))
		w.ann.sign(r, w.now)
		if a := w.send(http.DefaultClient, r); !a.ok() {
			t.Errorf("%s: %s", name, a.body)
			continue
		}
		a := w.must(w.ann, "projects/read", fmt.Sprintf(`{"projectId":%d}`, id))
		got := fmt.Sprint(a.at("projects", 0, "description"), a.at("projects", 0, "parameters", 0, "key"), a.at("projects", 0, "parameters", 0, "value"), a.at("projects", 0, "parameters", 1, "name"), a.at("projects", 0, "parameters", 1, "value"))
		if got != "d k1 v1 k2 2" && got != "dk1v1k22" {
			t.Errorf("%s: %s", name, got)
		}
		a = w.must(w.ann, "files/read", fmt.Sprintf(`{"projectId":%d}`, id))
		if list, _ := a.at("files").([]any); len(list) != 2 || a.at("files", 0, "name") != "a/b.py" || a.at("files", 1, "content") != "x = 1\n" {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	for _, body := range []string{"", "{}", "[]"} {
		w.must(w.ann, "projects/read", body)
	}
	for body, part := range map[string]string{"nonsense": "not a JSON object", `[1]`: "not a JSON object", `{"projectId":"five"}`: "not a whole number", `{"projectId":{}}`: "not a whole number"} {
		w.refuses(w.ann, "projects/read", body, part)
	}
	r := w.request("POST", "projects/update", "application/x-www-form-urlencoded", "a[b=1")
	w.ann.sign(r, w.now)
	if a := w.send(http.DefaultClient, r); a.ok() || !strings.Contains(a.error(), "not readable") {
		t.Errorf("a bad key: %s", a.body)
	}
	r = w.request("DELETE", "projects/read", "", "")
	w.ann.sign(r, w.now)
	if a := w.send(http.DefaultClient, r); a.ok() {
		t.Errorf("DELETE: %s", a.body)
	}
}

func TestProjectsAndFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.project(w.ann)
	p := func(more string) string { return fmt.Sprintf(`{"projectId":%d%s}`, id, more) }
	a := w.must(w.ann, "projects/read", p(""))
	for path, want := range map[string]any{"language": "Py", "owner": true, "ownerId": float64(w.ann.number), "leanPinnedToMaster": true, "description": "", "organizationId": "org-" + w.ann.user} {
		if got := a.at("projects", 0, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if _, err := time.Parse(time.DateTime, fmt.Sprint(a.at("projects", 0, "created"))); err != nil {
		t.Error(err)
	}
	if a.at("versions", 0, "name") != "master" {
		t.Errorf("versions: %v", a.at("versions"))
	}
	w.refuses(w.ann, "projects/read", `{"start":5,"end":5}`, "start")
	w.refuses(w.ann, "projects/read", `{"projectId":-1}`, "no project -1")
	w.refuses(w.ann, "projects/create", `{"name":"x","language":"F#"}`, "Py or C#")
	w.refuses(w.ann, "projects/create", `{"name":"x","language":"Py","organizationId":"nope"}`, "organization")
	w.refuses(w.ann, "projects/update", p(`,"encryptionKey":"k"`), "encrypted")

	w.must(w.ann, "files/create", p(`,"name":"d/x.py","content":"one\ntwo\n","codeSourceId":"t"`))
	w.must(w.ann, "files/create", p(`,"name":"empty.py"`))
	w.refuses(w.ann, "files/create", p(`,"name":"main.py"`), "already")
	w.refuses(w.ann, "files/create", p(`,"name":"y.py","content":""`), "empty")
	w.refuses(w.ann, "files/create", p(`,"name":"../y.py","content":"x"`), "..")
	w.refuses(w.ann, "files/read", p(`,"name":"none.py"`), "no file")
	w.refuses(w.ann, "files/update", p(`,"name":"main.py"`), "newName or content is required")
	w.refuses(w.ann, "files/update", p(`,"name":"main.py","content":"x","newName":"y"`), "exclude")
	w.must(w.ann, "files/patch", p(`,"patch":"--- a/d/x.py\n+++ b/d/x.py\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"`))
	w.refuses(w.ann, "files/patch", p(`,"patch":" "`), "cannot be applied")
	w.must(w.ann, "files/update", p(`,"name":"d/x.py","newName":"z.py"`))
	if a = w.must(w.ann, "files/read", p(`,"name":"z.py"`)); a.at("files", 0, "content") != "one\n2\n" || a.at("files", 0, "isLibrary") != false {
		t.Error(a.body)
	}
	w.must(w.ann, "files/delete", p(`,"name":"z.py"`))
	large := strings.Repeat("x", 10<<20+1)
	w.refuses(w.ann, "files/create", p(`,"name":"large.py","content":"`+large+`"`), "10 MB")

	form := url.Values{"projectId": {fmt.Sprint(id)}}
	for i := range 10_001 {
		form.Set(fmt.Sprintf("files[%d][name]", i), fmt.Sprintf("f%d.py", i))
		form.Set(fmt.Sprintf("files[%d][content]", i), "x")
	}
	r := w.request("POST", "projects/update", "application/x-www-form-urlencoded", form.Encode())
	w.ann.sign(r, w.now)
	if a := w.send(http.DefaultClient, r); a.status != 200 || a.ok() || !strings.Contains(a.error(), "10000 files") {
		t.Errorf("10,001 files: %d %s", a.status, a.body)
	}

	lib := w.project(w.ann)
	w.must(w.ann, "projects/library/create", p(fmt.Sprintf(`,"libraryId":%d`, lib)))
	if a = w.must(w.ann, "projects/read", p("")); a.at("projects", 0, "libraries", 0, "projectId") != float64(lib) || a.at("projects", 0, "libraries", 0, "access") != true {
		t.Error(a.body)
	}
	w.must(w.ann, "projects/library/delete", p(fmt.Sprintf(`,"libraryId":%d`, lib)))

	a = w.must(w.ann, "projects/collaboration/create", p(fmt.Sprintf(`,"collaboratorUserId":%d,"collaborationLiveControl":true,"collaborationWrite":true`, w.ben.number)))
	if a.at("collaborators", 1, "permission") != "write" || a.at("collaborators", 0, "owner") != true {
		t.Error(a.body)
	}
	w.must(w.ben, "projects/read", p(""))
	w.refuses(w.ben, "projects/delete", p(""), "owner")
	w.must(w.ann, "projects/collaboration/update", p(fmt.Sprintf(`,"collaboratorUserId":%d,"liveControl":false,"write":false`, w.ben.number)))
	if a = w.must(w.ben, "projects/collaboration/read", p("")); a.at("userPermissions") != "read" || a.at("userLiveControl") != false {
		t.Error(a.body)
	}
	w.must(w.ann, "projects/collaboration/lock/acquire", p(`,"codeSourceId":"me"`))
	w.refuses(w.ann, "projects/collaboration/create", p(`,"collaboratorUserId":99999999`), "no user")
	w.must(w.ann, "projects/collaboration/delete", p(fmt.Sprintf(`,"collaboratorId":%d`, w.ben.number)))
	w.refuses(w.ben, "projects/read", p(""), "no project")

	a = w.must(w.ann, "projects/nodes/read", p(""))
	node, _ := a.at("nodes", "backtest", 1, "id").(string)
	if a.at("autoSelectNode") != true || node == "" {
		t.Error(a.body)
	}
	if a = w.must(w.ann, "projects/nodes/update", p(`,"nodes":["`+node+`"]`)); a.at("autoSelectNode") != false || a.at("nodes", "backtest", 1, "active") != true || a.at("nodes", "backtest", 0, "active") != false {
		t.Error(a.body)
	}
	w.refuses(w.ann, "projects/nodes/update", p(`,"nodes":["none"]`), "no node")
	if a = w.must(w.ann, "projects/nodes/update", p("")); a.at("autoSelectNode") != true {
		t.Error(a.body)
	}
	w.must(w.ann, "projects/delete", p(""))
	if a = w.must(w.ann, "projects/read", p("")); a.at("projects", 0, "name") != "Recycle Bin/Test" {
		t.Error(a.body)
	}
}

func TestCompileLogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.project(w.ann)
	k, a := w.compiled(w.ann, id)
	if a.at("state") != "BuildSuccess" || !strings.HasPrefix(fmt.Sprint(a.at("logs", 0)), "Build Request Successful") || a.at("signature") != k[33:] {
		t.Error(a.body)
	}
	w.must(w.ann, "files/update", fmt.Sprintf(`{"projectId":%d,"name":"main.py","content":"warn wrong"}`, id))
	k, a = w.compiled(w.ann, id)
	if a.at("state") != "BuildError" || a.at("logs", 1) != "Build Error: File: main.py Line:3 Column:5 - invalid syntax" || a.at("logs", 2) != "Warning: File: main.py Line:1 Column:2 - look here" {
		t.Error(a.body)
	}
	w.refuses(w.ann, "backtests/create", fmt.Sprintf(`{"projectId":%d,"compileId":%q,"backtestName":"x"}`, id, k), "BuildError")
	w.refuses(w.ann, "compile/read", fmt.Sprintf(`{"projectId":%d,"compileId":"none"}`, id), "Compile id not found")
	w.refuses(w.ann, "compile/read", fmt.Sprintf(`{"projectId":%d,"compileId":%q}`, w.project(w.ann), k), "Compile id not found")
	w.refuses(w.ben, "compile/read", fmt.Sprintf(`{"projectId":%d,"compileId":%q}`, id, k), "no project")
}

func TestBacktests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.project(w.ann)
	k, _ := w.compiled(w.ann, id)
	a := w.must(w.ann, "backtests/create", fmt.Sprintf(`{"projectId":%d,"compileId":%q,"backtestName":"plain"}`, id, k))
	if set, ok := a.at("backtest", "parameterSet").([]any); !ok || len(set) != 0 || a.at("backtest", "error") != nil || a.at("debugging") != false {
		t.Error(a.body)
	}
	w.refuses(w.ann, "backtests/create", fmt.Sprintf(`{"projectId":%d,"compileId":%q,"backtestName":"x","parameters":{"a":{}}}`, id, k), "parameters")
	w.refuses(w.ann, "backtests/create", fmt.Sprintf(`{"projectId":%d,"compileId":%q,"backtestName":"x","parameters":{"a":[1]}}`, id, k), "text or a number")
	w.refuses(w.ann, "backtests/create", fmt.Sprintf(`{"projectId":%d,"compileId":%q}`, id, k), "name")
	b := w.backtest(w.ann, id, k, `{"i":5,"f":1.5,"s":"x"}`)
	a = w.ended(w.ann, id, b)
	for path, want := range map[string]any{
		"status": "Completed.", "progress": 1.0, "error": nil, "stacktrace": nil, "hasInitializeError": false, "tradeableDates": 5.0,
		"backtestStart": "2013-10-07 00:00:00", "note": "", "projectId": float64(id),
	} {
		if got := a.at("backtest", path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	for _, part := range []string{
		`"parameterSet":{"f":1.5,"i":5,"s":"x"}`, `"statistics":{"Total Orders":"150","Drawdown":"NaN","Net Profit":"1.5%","Alpha":"-0.1","Total Fees":"$3.00","Zeta":"9"}`,
		`"charts":{"Strategy Equity":{"name":"Strategy Equity"}}`, `"totalPerformance":{"closedTrades":[]}`, `"Seed":"3"`, `"M1_20131011"`,
	} {
		if !strings.Contains(a.body, part) {
			t.Errorf("no %s in %s", part, a.body)
		}
	}
	q := func(more string) string { return fmt.Sprintf(`{"projectId":%d,"backtestId":%q%s}`, id, b, more) }
	for more, want := range map[string]string{
		``: "[100 200 300 400]", `,"start":0,"end":0,"count":1000`: "[100 200 300 400]", `,"start":200,"end":200,"count":5`: "[200]",
		`,"start":150,"end":399,"count":5`: "[200 300]", `,"count":2`: "[100 400]", `,"count":3`: "[100 200 400]", `,"count":1`: "[400]", `,"start":"300"`: "[300 400]",
	} {
		a = w.must(w.ann, "backtests/chart/read", q(`,"name":"Strategy Equity"`+more))
		times := []any{}
		values, _ := a.at("chart", "series", "Equity", "values").([]any)
		for _, v := range values {
			point, _ := v.([]any)
			times = append(times, point[0])
		}
		if fmt.Sprint(times) != want {
			t.Errorf("%s: %v, want %s", more, times, want)
		}
	}
	w.refuses(w.ann, "backtests/chart/read", q(`,"name":"Strategy Equity","start":5,"end":4`), "start")
	w.refuses(w.ann, "backtests/chart/read", q(`,"name":"Strategy Equity","count":0`), "count")
	w.refuses(w.ann, "backtests/chart/read", q(`,"name":"none"`), "no chart")
	w.refuses(w.ann, "backtests/chart/read", q(``), "name is required")
	if a = w.must(w.ann, "backtests/orders/read", q(`,"start":100,"end":200`)); a.at("length") != 150.0 || a.at("orders", 49, "id") != 150.0 {
		t.Error(a.body)
	}
	w.refuses(w.ann, "backtests/orders/read", q(`,"start":0,"end":200`), "100")
	for _, path := range []string{"backtests/read/insights", "backtests/insights/read"} {
		if a = w.must(w.ann, path, q("")); a.at("length") != 2.0 {
			t.Error(a.body)
		}
	}
	w.refuses(w.ann, "backtests/read/insights", q(`,"start":0,"end":200`), "100")
	if a = w.must(w.ann, "backtests/read/log", q(`,"start":1,"query":"b"`)); a.at("length") != 2.0 || a.at("logs", 0) != "ab" {
		t.Error(a.body)
	}
	if a = w.must(w.ann, "backtests/read/report", q("")); !strings.Contains(fmt.Sprint(a.at("report")), "<polyline") {
		t.Error(a.body)
	}
	w.must(w.ann, "backtests/update", q(`,"name":"new","note":"n"`))
	w.must(w.ann, "backtests/tags/update", q(`,"tags":["a","b"]`))
	a = w.must(w.ann, "backtests/list", fmt.Sprintf(`{"projectId":%d,"includeStatistics":true}`, id))
	if a.at("count") != 2.0 || a.at("backtests", 0, "name") != "new" || a.at("backtests", 0, "alpha") != -0.1 || a.at("backtests", 0, "netProfit") != 1.5 || a.at("backtests", 0, "drawdown") != 0.0 || fmt.Sprint(a.at("backtests", 0, "tags")) != "[a b]" {
		t.Error(a.body)
	}
	if a = w.must(w.ann, "backtests/list", fmt.Sprintf(`{"projectId":%d}`, id)); a.at("backtests", 0, "alpha") != nil {
		t.Error(a.body)
	}
	w.refuses(w.ben, "backtests/read", q(""), "no project")
	w.must(w.ann, "backtests/delete", q(""))
	w.refuses(w.ann, "backtests/read", q(""), "no backtest")

	a = w.ended(w.ann, id, w.backtest(w.ann, id, k, `{"fail":1}`))
	if a.at("backtest", "status") != "Runtime Error" || a.at("backtest", "hasInitializeError") != true || a.at("backtest", "stacktrace") != "at main.py:7" || a.at("backtest", "totalPerformance") == nil {
		t.Error(a.body)
	}
	b = w.backtest(w.ann, id, k, `{"wait":1}`)
	w.until("it runs", func() bool {
		a = w.must(w.ann, "backtests/read", q(""))
		return a.at("backtest", "progress") == 0.42
	})
	if a.at("backtest", "status") != "Running: 42%" || a.at("backtest", "runtimeStatistics", "Date Reached") != "2020-05-01" || a.at("backtest", "completed") != false {
		t.Error(a.body)
	}
	if a = w.must(w.ann, "backtests/chart/read", q(`,"name":"x"`)); a.at("status") != "loading" {
		t.Error(a.body)
	}
	if a = w.must(w.ann, "backtests/read/report", q("")); a.at("generating") != true {
		t.Error(a.body)
	}
	w.must(w.ann, "backtests/delete", q(""))
}

func TestAccountAndData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	org := "org-" + w.ann.user
	a := w.must(w.ann, "account/read", "")
	if a.at("organizationId") != org || a.at("card") != nil || a.at("creditBalance") == nil {
		t.Error(a.body)
	}
	w.refuses(w.ann, "account/read", `{"organizationId":"org-other"}`, "no organization")
	if a = w.must(w.ann, "organizations/list", ""); a.at("organizations", 0, "id") != org || a.at("organizations", 0, "preferred") != true {
		t.Error(a.body)
	}
	if a = w.must(w.ann, "organizations/read", `{"organizationId":"`+org+`"}`); a.at("organization", "members", 0, "id") != float64(w.ann.number) {
		t.Error(a.body)
	}
	w.must(w.ann, "organizations/encryption/keys/list/", `{"organizationId":"`+org+`"}`)
	if a = w.must(w.ann, "nodes/read", `{"organizationId":"`+org+`"}`); a.at("backtest", 0, "active") != nil || a.at("backtest", 0, "id") == nil {
		t.Error(a.body)
	}
	for _, path := range []string{"lean/versions/read", "lean/environments/read", "user/read", "market/data/list", "services/terminal-news"} {
		w.must(w.ann, path, "")
	}
	if a = w.must(w.ann, "data/list", `{"filePath":"crypto/coinbase/daily/"}`); a.at("objects", 0) != "coinbase/daily/btcusd.zip" {
		t.Error(a.body)
	}
	if a = w.must(w.ann, "data/list", `{"filePath":"crypto/coinbase/daily/btc"}`); a.at("objects", 0) != "coinbase/daily/btcusd.zip" {
		t.Error(a.body)
	}
	if a = w.must(w.ann, "data/list", `{"filePath":"forex/oanda/daily/"}`); a.at("objects") == nil {
		t.Error(a.body)
	}
	if a = w.post(w.ann, "data/list", `{"filePath":"setup/forex"}`); a.status != 500 || a.body != "" {
		t.Errorf("an unknown prefix: %d %q", a.status, a.body)
	}
	w.refuses(w.ann, "data/list", `{"filePath":"../../etc"}`, "below the data folder")
	w.refuses(w.ann, "data/read", `{"filePath":"crypto/none.zip"}`, "no data file")
	a = w.must(w.ann, "data/read", `{"format":"link","filePath":"crypto/coinbase/daily/btcusd.zip","organizationId":"`+org+`"}`)
	link, _ := a.at("link").(string)
	get := func(u string) (int, string) {
		res, err := http.Get(u)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(raw)
	}
	if status, body := get(link); status != 200 || body != "zip" {
		t.Errorf("%s: %d %q", link, status, body)
	}
	if status, _ := get(strings.Replace(link, "btcusd", "ethusd", 1)); status != 403 {
		t.Errorf("a link that was changed: %d", status)
	}
	w.now = w.now.Add(time.Hour - time.Second)
	if status, _ := get(link); status != 403 {
		t.Errorf("an old link: %d", status)
	}
	if a = w.must(w.ann, "data/prices", `{"organizationId":"`+org+`"}`); a.at("prices", 0, "price") != 0.0 {
		t.Error(a.body)
	}
}

// TestTransport reaches the API in process: the same answers, the principal of
// the context, and nobody without one.
func TestTransport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.project(w.ann)
	client := &http.Client{Transport: w.api.Transport()}
	body := fmt.Sprintf(`{"projectId":%d}`, id)
	over := w.must(w.ann, "projects/read", body)
	r := w.request("POST", "projects/read", "application/json", body)
	who := identity.Principal{User: w.ann.user, Scopes: identity.Scopes(), Local: true}
	in := w.send(client, r.WithContext(web.WithPrincipal(r.Context(), who)))
	if in.body != over.body {
		t.Errorf("in process %s\nover HTTP  %s", in.body, over.body)
	}
	r = w.request("POST", "projects/read", "application/json", body)
	w.ann.sign(r, w.now)
	if a := w.send(client, r); a.status != 401 {
		t.Errorf("nobody in process: %d %s", a.status, a.body)
	}
	r = w.request("POST", "projects/read", "application/json", body)
	who.Scopes = nil
	if a := w.send(client, r.WithContext(web.WithPrincipal(r.Context(), who))); a.ok() || !strings.Contains(a.error(), "lack the scope") {
		t.Errorf("without scopes: %s", a.body)
	}
}

// TestLimit counts calls and refused credentials.
func TestLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	last := answer{}
	bad := w.ann
	bad.secret = "x"
	for range 125 {
		last = w.post(bad, "authenticate", "")
	}
	if last.status != 429 || last.ok() {
		t.Errorf("after 125 guesses: %d %s", last.status, last.body)
	}
	if a := w.post(w.ann, "authenticate", ""); a.status != 200 {
		t.Errorf("good credentials from the same address: %d %s", a.status, a.body)
	}
}

func FuzzForm(f *testing.F) {
	f.Add("a[0][b]=c&a[1][b]=d&e=f&g[]=1")
	f.Add("a=1&a[b]=2")
	f.Fuzz(func(t *testing.T, body string) {
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		if raw, err := qcapi.FromForm(form); err == nil && !json.Valid(raw) {
			t.Errorf("%q gives %s", body, raw)
		}
	})
}
