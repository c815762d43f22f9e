//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"quantdesk/internal/python"
)

// engine skips a test where user code cannot run: without a sandbox, or with the
// race detector, whose shadow memory does not fit into a child's limits.
func engine(t *testing.T) {
	t.Helper()
	if level := python.SandboxLevel(); level < python.Confined {
		t.Skipf("this system is %s", level)
	}
	if raceDetector {
		t.Skip("children of the race detector do not fit into their limits")
	}
}

// crossing trades a little on the simulated market and predicts a little.
const crossing = `from AlgorithmImports import *

class Crossing(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2024, 1, 2)
        self.set_end_date(2024, 3, 28)
        self.set_cash(100_000)
        self._asset = self.add_equity("AAPL", Resolution.DAILY).symbol
        self._size = float(self.get_parameter("size", "0.5"))
        self._days = 0

    def on_data(self, data):
        self._days += 1
        if self._days % 10 == 1:
            self.emit_insights(Insight.price(self._asset, timedelta(5), InsightDirection.UP))
            self.set_holdings(self._asset, self._size)
        elif self._days % 10 == 6:
            self.liquidate()
`

type qcReply struct {
	Project struct {
		ProjectID int64  `json:"project_id"`
		Backend   string `json:"backend"`
		Language  string `json:"language"`
	} `json:"project"`
	Projects []struct {
		ProjectID int64  `json:"project_id"`
		Backend   string `json:"backend"`
		Name      string `json:"name"`
	} `json:"projects"`
	Cloud     string   `json:"cloud"`
	CompileID string   `json:"compile_id"`
	State     string   `json:"state"`
	Errors    []string `json:"errors"`
	Files     []struct {
		Name, Content string
		Size          int
		NextOffset    int `json:"next_offset"`
	} `json:"files"`
	BacktestID string            `json:"backtest_id"`
	Backend    string            `json:"backend"`
	Status     string            `json:"status"`
	Completed  bool              `json:"completed"`
	Error      string            `json:"error"`
	Statistics map[string]string `json:"statistics"`
	Charts     []string          `json:"charts"`
	Parameters map[string]string `json:"parameters"`
	Orders     json.RawMessage   `json:"orders"`
	Insights   json.RawMessage   `json:"insights"`
	Length     int               `json:"length"`
	NextStart  int               `json:"next_start"`
	Series     []struct {
		Name    string
		Columns []string
		Points  [][]any
	} `json:"series"`
	Chart *struct {
		Series []struct{ Points [][]any }
	} `json:"chart"`
	Backtests     []struct{ Name, Status string } `json:"backtests"`
	Collaborators []struct {
		ID, Name, Permission string
		Owner                bool
	} `json:"collaborators"`
	WillNotRun    []string `json:"will_not_run"`
	MissingData   []string `json:"missing_data"`
	LibraryIDs    []int64  `json:"library_ids"`
	FileNames     []string `json:"file_names"`
	Headers       []string `json:"header_fields"`
	Source        string   `json:"source"`
	Authenticated bool     `json:"authenticated"`
	Backends      []string `json:"backends"`
	Success       bool     `json:"success"`
	Answer        string   `json:"answer"`
	Auto          bool     `json:"auto_select_node"`
	Backtest      []struct{ ID string }
	Versions      []struct{ Name string } `json:"versions"`
	Organization  string                  `json:"organization_id"`
	Result        string                  `json:"result"`
}

// qcCall calls a tool that must succeed.
func (r running) qcCall(t *testing.T, token, name, format string, args ...any) (out qcReply) {
	t.Helper()
	r.must(t, token, name, fmt.Sprintf(format, args...), &out)
	return out
}

// refusal calls a tool that must fail with a code.
func (r running) refusal(t *testing.T, token, code, name, format string, args ...any) string {
	t.Helper()
	a := r.rest(t, token, name, fmt.Sprintf(format, args...))
	if got := a.text("error", "code"); got != code {
		t.Fatalf("%s: %d %s, want %s", name, a.status, a.body, code)
	}
	if a.text("error", "hint") == "" {
		t.Errorf("%s: no hint: %s", name, a.body)
	}
	return a.text("error", "message")
}

// built makes a project with an algorithm and compiles it.
func (r running) built(t *testing.T, token, name, code, more string) (project int64, compile string) {
	t.Helper()
	project = r.qcCall(t, token, "create_project", `{"name":%q%s}`, name, more).Project.ProjectID
	r.qcCall(t, token, "update_file_contents", `{"project_id":%d,"name":"main.py","content":%q%s}`, project, code, more)
	k := r.qcCall(t, token, "create_compile", `{"project_id":%d,"wait_seconds":50%s}`, project, more)
	if k.State != "BuildSuccess" || k.CompileID == "" {
		t.Fatalf("the compile is %+v", k)
	}
	return project, k.CompileID
}

// Every tool of the engine, from a project to its orders, on the simulator.
func TestQuantConnectTools(t *testing.T) {
	engine(t)
	d := startDesk(t, unlimited)
	token := d.token(t, "admin")
	made := d.qcCall(t, token, "create_project", `{"name":"tools/one","language":"python"}`)
	p := made.Project.ProjectID
	if p == 0 || made.Project.Backend != "embedded" || made.Project.Language != "Py" {
		t.Fatalf("made %+v", made)
	}
	d.refusal(t, token, "invalid", "create_project", `{"name":"x","language":"cobol"}`)
	d.qcCall(t, token, "update_project", `{"project_id":%d,"name":"tools/two","description":"words"}`, p)
	d.refusal(t, token, "invalid", "update_project", `{"project_id":%d}`, p)
	if got := d.qcCall(t, token, "read_project", `{"projectId":%d}`, p); len(got.Projects) != 1 || got.Projects[0].Name != "tools/two" || got.Projects[0].Backend != "embedded" {
		t.Errorf("read %+v", got)
	}
	if got := d.qcCall(t, token, "list_projects", `{}`); len(got.Projects) != 1 || !strings.Contains(got.Cloud, "no credentials") {
		t.Errorf("listed %+v", got)
	}
	d.refusal(t, token, "not_found", "read_project", `{"project_id":99}`)
	d.refusal(t, token, "conflict", "list_projects", `{"backend":"cloud"}`)

	// Files, by every name of their arguments.
	d.qcCall(t, token, "create_file", `{"project_id":%d,"name":"more.py","content":"x = 1\ny = 2\n"}`, p)
	d.refusal(t, token, "conflict", "create_file", `{"project_id":%d,"name":"more.py","content":"x"}`, p)
	d.refusal(t, token, "invalid", "create_file", `{"project_id":%d,"name":"../more.py","content":"x"}`, p)
	d.qcCall(t, token, "patch_file", `{"project_id":%d,"patch":"--- a/more.py\n+++ b/more.py\n@@ -1,2 +1,2 @@\n x = 1\n-y = 2\n+y = 3\n"}`, p)
	d.qcCall(t, token, "update_file_name", `{"project_id":%d,"old_file_name":"more.py","new_name":"lib/other.py"}`, p)
	if got := d.qcCall(t, token, "read_file", `{"project_id":%d,"name":"lib/other.py"}`, p); len(got.Files) != 1 || got.Files[0].Content != "x = 1\ny = 3\n" {
		t.Errorf("read %+v", got)
	}
	long := strings.Repeat("# é\n", 20_000)
	d.qcCall(t, token, "update_file_contents", `{"project_id":%d,"name":"lib/other.py","content":%q}`, p, long)
	var whole string
	for at := 0; ; {
		f := d.qcCall(t, token, "read_file", `{"project_id":%d,"name":"lib/other.py","offset":%d}`, p, at).Files[0]
		whole += f.Content
		if at = f.NextOffset; at == 0 {
			break
		}
	}
	if whole != long {
		t.Errorf("by parts the file has %d bytes of %d", len(whole), len(long))
	}
	if got := d.qcCall(t, token, "read_file", `{"project_id":%d}`, p); len(got.Files) != 3 {
		t.Errorf("read %+v", got)
	}
	d.qcCall(t, token, "delete_file", `{"project_id":%d,"name":"lib/other.py"}`, p)

	// A compile that fails says where; the old name calls the tool too.
	d.qcCall(t, token, "update_file_content", `{"project_id":%d,"name":"main.py","content":"def x(:\n"}`, p)
	if k := d.qcCall(t, token, "compile_project", `{"project_id":%d,"wait_seconds":50}`, p); k.State != "BuildError" || len(k.Errors) == 0 || !strings.Contains(k.Errors[0], "main.py") {
		t.Errorf("compiled %+v", k)
	}
	d.qcCall(t, token, "update_file_contents", `{"project_id":%d,"name":"main.py","content":%q}`, p, crossing)
	k := d.qcCall(t, token, "create_compile", `{"project_id":%d}`, p)
	if k = d.qcCall(t, token, "read_compile", `{"project_id":%d,"compile_id":%q,"wait_seconds":50}`, p, k.CompileID); k.State != "BuildSuccess" {
		t.Fatalf("compiled %+v", k)
	}

	// A backtest with its progress over MCP.
	var told []string
	s := d.connect(t, "/mcp", token, &mcp.ClientOptions{ProgressNotificationHandler: func(_ context.Context, r *mcp.ProgressNotificationClientRequest) {
		told = append(told, r.Params.Message)
	}}, legacy())
	params := &mcp.CallToolParams{Name: "create_backtest", Arguments: json.RawMessage(fmt.Sprintf(`{"project_id":%d,"compile_id":%q,"name":"half","parameters":{"size":"0.4"},"wait_seconds":50}`, p, k.CompileID))}
	params.SetProgressToken("one")
	res, err := s.CallTool(t.Context(), params)
	if err != nil || res.IsError {
		t.Fatalf("%v %+v", err, res)
	}
	raw, err := json.Marshal(res.StructuredContent)
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) > pageLimit {
		t.Errorf("the summary has %d characters", len(raw))
	}
	var b qcReply
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	if !b.Completed || b.Error != "" || b.Backend != "embedded" || b.Statistics["Total Orders"] == "0" || b.Parameters["size"] != "0.4" || len(b.Charts) == 0 || string(b.Orders) == "0" {
		t.Fatalf("the backtest is %s", raw)
	}
	if len(told) == 0 {
		t.Error("no progress was told")
	}
	id := fmt.Sprintf(`"project_id":%d,"backtest_id":%q`, p, b.BacktestID)
	if again := d.qcCall(t, token, "read_backtest", `{%s,"chart":"Strategy Equity"}`, id); again.Statistics["Sharpe Ratio"] != b.Statistics["Sharpe Ratio"] || again.Chart == nil || len(again.Chart.Series) == 0 {
		t.Errorf("read %+v", again)
	}
	c := d.qcCall(t, token, "read_backtest_chart", `{%s,"chart":"Strategy Equity","count":10,"start":"2024-02-01T00:00:00Z"}`, id)
	if len(c.Series) == 0 || len(c.Series[0].Points) == 0 || len(c.Series[0].Points) > 10 || !strings.HasPrefix(fmt.Sprint(c.Series[0].Points[0][0]), "2024-0") {
		t.Errorf("the chart is %+v", c)
	}
	d.refusal(t, token, "not_found", "read_backtest_chart", `{%s,"name":"no such"}`, id)
	d.refusal(t, token, "invalid", "read_backtest_chart", `{%s,"name":"Strategy Equity","start":"tomorrow"}`, id)
	o := d.qcCall(t, token, "read_backtest_orders", `{%s,"start":0,"end":2}`, id)
	var rows []struct {
		Symbol, Type, Side, Status string
		CreatedAt                  time.Time `json:"created_at"`
		Price, Fee                 float64
	}
	if err := json.Unmarshal(o.Orders, &rows); err != nil || len(rows) != 2 || o.NextStart != 2 || rows[0].Symbol != "AAPL" || rows[0].Side != "buy" || rows[0].Status != "filled" || rows[0].Price <= 0 || rows[0].Fee <= 0 || rows[0].CreatedAt.Year() != 2024 {
		t.Errorf("orders %v %s", err, o.Orders)
	}
	d.refusal(t, token, "invalid", "read_backtest_orders", `{%s,"start":0,"end":200}`, id)
	if x := d.qcCall(t, token, "read_backtest_insights", `{%s}`, id); x.Length == 0 || !strings.Contains(string(x.Insights), `"up"`) {
		t.Errorf("insights %+v", x)
	}
	d.qcCall(t, token, "update_backtest", `{%s,"name":"renamed","note":"n"}`, id)
	if l := d.qcCall(t, token, "list_backtests", `{"project_id":%d,"includeStatistics":true}`, p); len(l.Backtests) != 1 || l.Backtests[0].Name != "renamed" {
		t.Errorf("listed %+v", l)
	}
	d.qcCall(t, token, "delete_backtest", `{%s}`, id)
	d.refusal(t, token, "not_found", "read_backtest", `{%s}`, id)

	// Nodes, account, versions, the test of the API.
	n := d.qcCall(t, token, "read_project_nodes", `{"project_id":%d}`, p)
	if len(n.Backtest) == 0 || !n.Auto {
		t.Fatalf("nodes %+v", n)
	}
	if got := d.qcCall(t, token, "update_project_nodes", `{"project_id":%d,"nodes":[%q]}`, p, n.Backtest[0].ID); got.Auto {
		t.Errorf("nodes %+v", got)
	}
	if a := d.qcCall(t, token, "read_account", `{}`); a.Organization == "" || a.Backend != "embedded" {
		t.Errorf("account %+v", a)
	}
	if v := d.qcCall(t, token, "read_lean_versions", `{}`); len(v.Versions) == 0 {
		t.Errorf("versions %+v", v)
	}
	if v := d.qcCall(t, token, "read_mcp_server_version", `{}`); v.Result != version() {
		t.Errorf("version %+v", v)
	}
	if got := d.qcCall(t, token, "test_quantconnect_api", `{"endpoint":"projects/read","method":"GET"}`); !got.Success || !strings.Contains(got.Answer, "tools/two") {
		t.Errorf("tested %+v", got)
	}
	d.refusal(t, token, "invalid", "test_quantconnect_api", `{"endpoint":"projects/delete"}`)
	d.qcCall(t, token, "delete_project", `{"project_id":%d}`, p)
}

// A project is its owner's and its collaborators' alone, by any tool; a token
// without the scope is refused whatever it asks.
func TestQuantConnectToolsKeepUsersApart(t *testing.T) {
	d := startDesk(t, unlimited)
	platform, _, err := d.identity.AddPlatform(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	person := func(name string) (user, token string) {
		u, _, err := d.identity.AddUser(t.Context(), platform.ID, name, []string{"admin"})
		if err != nil {
			t.Fatal(err)
		}
		return u.ID, d.tokenOf(t, u.ID, "admin")
	}
	_, alice := person("alice")
	bobID, bob := person("bob")
	p := d.qcCall(t, alice, "create_project", `{"name":"hers"}`).Project.ProjectID
	asks := map[string]string{
		"read_project": ``, "update_project": `,"name":"x"`, "delete_project": ``, "read_file": ``, "create_file": `,"name":"x.py"`, "update_file_name": `,"name":"main.py","new_name":"x.py"`,
		"update_file_contents": `,"name":"main.py","content":"x"`, "patch_file": `,"patch":"x"`, "delete_file": `,"name":"main.py"`, "create_compile": ``, "read_compile": `,"compile_id":"x"`,
		"create_backtest": `,"compile_id":"x","backtest_name":"x"`, "read_backtest": `,"backtest_id":"x"`, "list_backtests": ``, "read_backtest_chart": `,"backtest_id":"x","name":"x"`,
		"read_backtest_orders": `,"backtest_id":"x"`, "read_backtest_insights": `,"backtest_id":"x"`, "update_backtest": `,"backtest_id":"x","name":"x"`, "delete_backtest": `,"backtest_id":"x"`,
		"read_project_nodes": ``, "update_project_nodes": ``, "read_project_collaborators": ``, "create_project_collaborator": `,"collaborator_user_id":"1","collaboration_write":true,"collaboration_live_control":false`,
		"update_project_collaborator": `,"collaborator_user_id":"1","write":true,"live_control":true`, "delete_project_collaborator": `,"collaborator_id":"1"`, "lock_project_with_collaborators": ``,
	}
	weak := d.token(t, "desk:read")
	for name, more := range asks {
		args := fmt.Sprintf(`{"project_id":%d%s}`, p, more)
		// A patch is read before the project is looked for, by anybody.
		if code := d.rest(t, bob, name, args).text("error", "code"); code != "not_found" && (name != "patch_file" || code != "invalid") {
			t.Errorf("%s of another's project: %q", name, code)
		}
		if a := d.rest(t, weak, name, args); a.text("error", "code") != "forbidden" || !strings.Contains(a.body, "insufficient_scope") {
			t.Errorf("%s without its scope: %s", name, a.body)
		}
	}
	if got := d.qcCall(t, bob, "list_projects", `{}`); len(got.Projects) != 0 {
		t.Errorf("bob sees %+v", got)
	}

	// Shared, it is both's, one editor at a time.
	number, err := d.identity.UserNumber(t.Context(), bobID)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.qcCall(t, alice, "create_project_collaborator", `{"project_id":%d,"user_id":"%d","write":true,"live_control":false}`, p, number); len(got.Collaborators) != 2 {
		t.Errorf("shared %+v", got)
	}
	d.refusal(t, bob, "forbidden", "delete_project", `{"project_id":%d}`, p)
	d.qcCall(t, alice, "lock_project_with_collaborators", `{"project_id":%d}`, p)
	d.refusal(t, bob, "conflict", "update_file_contents", `{"project_id":%d,"name":"main.py","content":"x"}`, p)
	d.qcCall(t, bob, "lock_project_with_collaborators", `{"project_id":%d}`, p)
	d.refusal(t, bob, "conflict", "update_file_contents", `{"project_id":%d,"name":"main.py","content":"x"}`, p)
	d.qcCall(t, bob, "read_file", `{"project_id":%d}`, p)
	d.qcCall(t, bob, "update_file_contents", `{"project_id":%d,"name":"main.py","content":"x"}`, p)
	if got := d.qcCall(t, alice, "update_project_collaborator", `{"project_id":%d,"user_id":"%d","collaborationWrite":false,"live_control":false}`, p, number); got.Collaborators[1].Permission != "read" {
		t.Errorf("updated %+v", got)
	}
	d.refusal(t, bob, "forbidden", "update_file_contents", `{"project_id":%d,"name":"main.py","content":"y"}`, p)
	if got := d.qcCall(t, bob, "read_project_collaborators", `{"project_id":%d}`, p); len(got.Collaborators) != 2 || !got.Collaborators[0].Owner {
		t.Errorf("read %+v", got)
	}
	d.qcCall(t, alice, "delete_project_collaborator", `{"project_id":%d,"collaborator_user_id":"%d"}`, p, number)
	d.refusal(t, bob, "not_found", "read_project", `{"project_id":%d}`, p)
}

// A user's credentials of the cloud are their own, sealed, checked before they
// are kept, and told to nobody. The embedded API of a second desk stands in for
// the cloud, over HTTP.
func TestQuantConnectCloud(t *testing.T) {
	engine(t)
	cloud := open(t, func(s *setup) { unlimited(&s.set); s.listen.QuantConnectAddr = "127.0.0.1:0" })
	mint, err := cloud.identity.MintAPIToken(t.Context(), "local", []string{"admin"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	d := startDeskIn(t, dir, func(s *desk) { unlimited(s); s.QuantConnectCloud = cloud.quantconnect })
	token, other := d.token(t, "admin"), d.tokenOf(t, d.user(t, "else"), "trader")
	if got := d.qcCall(t, token, "get_auth_status", `{}`); got.Status != "not_configured" || got.Source != "none" || len(got.Backends) != 1 {
		t.Errorf("before: %+v", got)
	}
	d.refusal(t, token, "forbidden", "configure_quantconnect_auth", `{"user_id":"%d","api_token":"wrong-%s"}`, mint.Number, mint.Secret)
	d.refusal(t, token, "invalid", "configure_quantconnect_auth", `{"user_id":"me","api_token":%q}`, mint.Secret)
	if got := d.qcCall(t, token, "get_auth_status", `{}`); got.Source != "none" {
		t.Errorf("refused credentials were kept: %+v", got)
	}
	for range 2 { // the second takes the place of the first
		if got := d.qcCall(t, token, "configure_quantconnect_auth", `{"user_id":"%d","token":%q}`, mint.Number, mint.Secret); got.Status != "configured" || !got.Authenticated || got.Source != "stored" || len(got.Backends) != 2 {
			t.Errorf("configured: %+v", got)
		}
	}
	if got := d.qcCall(t, token, "validate_quantconnect_auth", `{}`); got.Status != "valid" {
		t.Errorf("validated: %+v", got)
	}
	if got := d.qcCall(t, token, "test_quantconnect_api", `{"backend":"cloud","endpoint":"account/read"}`); !got.Success {
		t.Errorf("tested: %+v", got)
	}
	// Another user has none, and cannot reach the first one's.
	if got := d.qcCall(t, other, "get_auth_status", `{}`); got.Source != "none" {
		t.Errorf("another user has %+v", got)
	}
	d.refusal(t, other, "conflict", "create_project", `{"name":"x","backend":"cloud"}`)

	here := d.qcCall(t, token, "create_project", `{"name":"here"}`)
	p, k := d.built(t, token, "there", crossing, `,"backend":"cloud"`)
	list := d.qcCall(t, token, "list_projects", `{}`)
	if len(list.Projects) != 2 || list.Projects[0].Backend != "embedded" || list.Projects[1].Backend != "cloud" || list.Projects[1].ProjectID != p || list.Cloud != "listed" {
		t.Errorf("listed %+v", list)
	}
	b := d.qcCall(t, token, "create_backtest", `{"project_id":%d,"compile_id":%q,"backtest_name":"b","backend":"cloud","wait_seconds":50}`, p, k)
	if !b.Completed || b.Error != "" || b.Backend != "cloud" {
		t.Fatalf("the backtest is %+v", b)
	}
	id := fmt.Sprintf(`"backend":"cloud","project_id":%d,"backtest_id":%q`, p, b.BacktestID)
	if got := d.qcCall(t, token, "read_backtest_orders", `{%s}`, id); got.Length == 0 {
		t.Errorf("orders %+v", got)
	}
	if got := d.qcCall(t, token, "read_backtest_chart", `{%s,"name":"Strategy Equity"}`, id); len(got.Series) == 0 {
		t.Errorf("chart %+v", got)
	}
	if words := d.refusal(t, token, "rejected_by_venue", "read_project", `{"project_id":%d,"backend":"cloud"}`, p+1000); !strings.Contains(words, "project") {
		t.Errorf("the cloud's words are %q", words)
	}
	if here.Project.Backend != "embedded" {
		t.Errorf("made %+v", here)
	}

	// Copies run here, with what they were made of, and tell what will not.
	d.qcCall(t, token, "update_file_contents", `{"project_id":%d,"name":"main.py","content":%q,"backend":"cloud"}`, p, crossing+"        self.add_option(\"ZZZZ9\")\n        self.add_equity(\"ZZZZ9\")\n")
	copied := d.qcCall(t, token, "copy_project", `{"project_id":%d,"name":"copy"}`, p)
	if copied.Project.Backend != "embedded" || copied.State != "BuildSuccess" || len(copied.WillNotRun) != 1 || !strings.Contains(copied.WillNotRun[0], "options") || len(copied.MissingData) != 1 || copied.MissingData[0] != "ZZZZ9" {
		t.Errorf("copied %+v", copied)
	}
	if got := d.qcCall(t, token, "read_file", `{"project_id":%d,"name":"main.py"}`, copied.Project.ProjectID); len(got.Files) != 1 || !strings.HasPrefix(got.Files[0].Content, crossing) {
		t.Errorf("the copy holds %+v", got.Files)
	}
	d.refusal(t, token, "conflict", "copy_project", `{"project_id":%d,"name":"copy"}`, p)
	d.qcCall(t, token, "delete_project", `{"project_id":%d}`, copied.Project.ProjectID)
	d.qcCall(t, token, "delete_project", `{"project_id":%d}`, copied.Project.ProjectID)

	// A cloud that is away hides nothing of what is here.
	for _, s := range cloud.servers {
		_ = s.Close()
	}
	if list = d.qcCall(t, token, "list_projects", `{}`); len(list.Projects) != 1 || !strings.Contains(list.Cloud, "does not answer") {
		t.Errorf("without the cloud: %+v", list)
	}
	d.refusal(t, token, "unavailable", "validate_quantconnect_auth", `{}`)
	if got := d.qcCall(t, token, "clear_quantconnect_auth", `{}`); got.Status != "cleared" || got.Source != "none" {
		t.Errorf("cleared: %+v", got)
	}

	// The secret is in no log, no audit and no file of the home.
	if strings.Contains(d.log.String()+cloud.log.String(), mint.Secret) {
		t.Error("the log has the secret")
	}
	_ = filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil
		}
		if raw, err := os.ReadFile(path); err == nil && strings.Contains(string(raw), mint.Secret) {
			t.Errorf("%s has the secret", path)
		}
		return nil
	})
}

// The environment's credentials are the local user's alone.
func TestQuantConnectEnvironment(t *testing.T) {
	t.Setenv("QUANTCONNECT_USER_ID", "12")
	t.Setenv("QUANTCONNECT_API_TOKEN", "the-machine's-token")
	t.Setenv("QUANTCONNECT_ORGANIZATION_ID", "org")
	d := startDesk(t, unlimited)
	a := d.rest(t, d.token(t, "admin"), "get_auth_status", `{}`)
	if a.status != http.StatusOK || a.text("source") != "environment" || a.text("user_id") != "12" || a.text("organization_id") != "org" || strings.Contains(a.body, "machine's") {
		t.Errorf("the local user: %s", a.body)
	}
	if got := d.qcCall(t, d.tokenOf(t, d.user(t, "else"), "trader"), "get_auth_status", `{}`); got.Source != "none" || len(got.Backends) != 1 {
		t.Errorf("another user: %+v", got)
	}
}

// The server's own state is a resource, with the scope of the tool behind it.
func TestSystemResources(t *testing.T) {
	d := startDesk(t, unlimited)
	admin, weak := d.session(t, "/mcp", d.token(t, "admin")), d.session(t, "/mcp", d.token(t, "read"))
	for uri, want := range map[string]string{
		"resource://system/info": `"cpu_count":`, "resource://quantconnect/server/status": `"status":"running"`, "resource://quantconnect/tools/summary": `"create_backtest"`,
		"resource://quantconnect/performance/metrics": `"goroutines":`, "resource://system/processes/5": fmt.Sprintf(`"pid":%d,"kind":"server"`, os.Getpid()),
	} {
		res, err := admin.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
		if err != nil || len(res.Contents) != 1 || !strings.Contains(res.Contents[0].Text, want) {
			t.Errorf("%s: %v %+v", uri, err, res)
		}
		_, err = weak.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
		if open := uri == "resource://quantconnect/server/status" || uri == "resource://quantconnect/tools/summary"; (err == nil) != open {
			t.Errorf("%s without qc:admin:read: %v", uri, err)
		}
	}
	if _, err := admin.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "resource://system/processes/1000"}); err == nil {
		t.Error("a thousand processes are given")
	}
}

// A LEAN CLI workspace that the operator names can be copied from: files,
// parameters and libraries, and nothing beside it.
func TestCopyWorkspace(t *testing.T) {
	engine(t)
	at := t.TempDir()
	for name, content := range map[string]string{
		"lean.json": "{}", "My Project/config.json": `{"algorithm-language":"Python","parameters":{"size":"0.25","n":3},"description":"mine","libraries":[{"name":"Shared","path":"Library/Shared"}]}`,
		"My Project/main.py": strings.Replace(crossing, "import *\n", "import *\nfrom Shared.tool import one\n", 1), "My Project/notes.md": "x", "My Project/backtests/r.json": "{}", "My Project/.idea/x.json": "{}",
		"Library/Shared/config.json": `{"algorithm-language":"Python"}`, "Library/Shared/tool.py": "one = 1\n", "Sharp/config.json": `{"algorithm-language":"CSharp"}`, "Sharp/Main.cs": "class X {}",
		"Broken/config.json": "{", "Leads/config.json": `{"algorithm-language":"Python","libraries":[{"name":"o","path":"../out"}]}`,
	} {
		file := filepath.Join(at, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(at, "My Project", "passwd.txt")); err != nil {
		t.Fatal(err)
	}
	d := startDesk(t, func(s *desk) { unlimited(s); s.LeanWorkspace = at })
	for _, preset := range []string{"admin", "trader"} { // the second may delete no files
		token, name := d.token(t, preset), "copy for "+preset
		got := d.qcCall(t, token, "copy_project", `{"path":"My Project","name":%q}`, name)
		if got.State != "BuildSuccess" || len(got.WillNotRun) != 0 || len(got.MissingData) != 0 || len(got.LibraryIDs) != 1 || len(got.FileNames) != 2 {
			t.Fatalf("copied %+v", got)
		}
		b := d.qcCall(t, token, "create_backtest", `{"project_id":%d,"compile_id":%q,"backtest_name":"b","wait_seconds":50}`, got.Project.ProjectID, got.CompileID)
		if !b.Completed || b.Error != "" || b.Parameters["size"] != "0.25" || b.Parameters["n"] != "3" {
			t.Errorf("the copy's backtest is %+v", b)
		}
	}
	token := d.token(t, "admin")
	if got := d.qcCall(t, token, "copy_project", `{"path":"Sharp"}`); got.Project.Language != "C#" || got.State != "BuildError" || !strings.Contains(strings.Join(got.WillNotRun, " "), "C#") {
		t.Errorf("copied %+v", got)
	}
	for path, code := range map[string]string{"../x": "invalid", ".": "invalid", "None": "not_found", "Broken": "invalid", "Leads": "invalid", "/etc": "not_found"} {
		d.refusal(t, token, code, "copy_project", `{"path":%q}`, path)
	}
	d.refusal(t, token, "invalid", "copy_project", `{}`)
	d.refusal(t, token, "conflict", "copy_project", `{"project_id":1}`)
	if got := d.qcCall(t, token, "get_auth_header", `{}`); got.Status != "not_configured" || len(got.Headers) != 2 {
		t.Errorf("headers %+v", got)
	}
}
