package runner

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/project"
)

// leanAlgorithms are the algorithms of LEAN's repository, or the test is
// skipped.
func leanAlgorithms(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("QUANTDESK_LEAN_SOURCE")
	if dir == "" {
		t.Skip("no LEAN source: set QUANTDESK_LEAN_SOURCE to a checkout")
	}
	list, err := filepath.Glob(filepath.Join(dir, "Algorithm.Python", "*.py"))
	if err != nil || len(list) == 0 {
		t.Skipf("no algorithms in %s", dir)
	}
	return list
}

// body is an algorithm whose initialize holds statements from line 4 on.
func body(statements string) project.Source {
	return alone("from AlgorithmImports import *\nclass A(QCAlgorithm):\n    def initialize(self):\n        " + strings.ReplaceAll(statements, "\n", "\n        ") + "\n")
}

func TestCompile(t *testing.T) {
	r := caged(t, Config{Data: t.TempDir()})
	for _, c := range []struct {
		name   string
		source project.Source
		want   []project.Problem // Message is a part of the message
	}{
		{"fine", body("self.set_cash(1)\nself.SetCash(1)\nself.AddEquity('SPY', Resolution.Daily)\nself.Portfolio.TotalPortfolioValue\nself.schedule.on(self.date_rules.every_day(), self.time_rules.noon, print)"), nil},
		{"syntax", alone("from AlgorithmImports import *\nclass A(QCAlgorithm)\n    pass\n"), []project.Problem{{File: "main.py", Line: 2, Column: 21, Message: "SyntaxError: expected ':'"}}},
		{"indentation", alone("class A:\npass\n"), []project.Problem{{File: "main.py", Line: 2, Column: 1, Message: "IndentationError"}}},
		{"a member", body("self.set_kash(1)"), []project.Problem{{File: "main.py", Line: 4, Column: 14, Message: "'A' has no member 'set_kash'; did you mean 'set_cash'?"}}},
		{"a member in Pascal", body("self.SetKash(1)"), []project.Problem{{File: "main.py", Line: 4, Column: 14, Message: "did you mean 'SetCash'?"}}},
		{"an enum", body("self.add_equity('SPY', Resolution.Dialy)"), []project.Problem{{File: "main.py", Line: 4, Column: 43, Message: "'Resolution' has no member 'Dialy'; did you mean 'Daily'?"}}},
		{"after letters of two bytes", body("x = 'é', Resolution.Dialy"), []project.Problem{{File: "main.py", Line: 4, Column: 29, Message: "Dialy"}}},
		{"a part of the API", body("self.portfolio.total_portfolio_valeu\nself.date_rules.every_dya()\nself.settings.free_portfolio_valeu"), []project.Problem{
			{File: "main.py", Line: 4, Column: 24, Message: "total_portfolio_value"}, {File: "main.py", Line: 5, Column: 25, Message: "every_day"}, {File: "main.py", Line: 6, Column: 23, Message: "free_portfolio_value"}}},
		{"a name", alone("from AlgorithmImports import *\nclass A(QCAlgoritm):\n    pass\n"), []project.Problem{{File: "main.py", Line: 2, Column: 9, Message: "the name 'QCAlgoritm' is not defined; did you mean 'QCAlgorithm'?"}}},
		{"overloads", body("self.set_holdings([PortfolioTarget('SPY', 1)])\nself.set_cash('EUR', 1, 1)"), nil},
		{"arguments", body("self.set_cash()\nself.set_start_date(2013, 1, 1, 1, 1)\nself.market_order('SPY')\nself.liquidate(wrong=1)"), []project.Problem{
			{File: "main.py", Line: 4, Column: 9, Message: "set_cash takes 1 to 3 arguments, and gets 0"}, {File: "main.py", Line: 5, Column: 9, Message: "set_start_date"}, {File: "main.py", Line: 6, Column: 9, Message: "missing a required argument"},
			{File: "main.py", Line: 7, Column: 9, Message: "unexpected keyword argument 'wrong'"}}},
		{"a handler", alone("from AlgorithmImports import *\nclass A(QCAlgorithm):\n    def on_data(self):\n        pass\n"), []project.Problem{{File: "main.py", Line: 3, Column: 5, Message: "on_data is called with 1 argument beside self"}}},
		{"imports", alone("import nothing_there\nfrom math import flor\nfrom . import x\nfrom AlgorithmImports import Resolutoin\ntry:\n    import torch\nexcept ImportError:\n    torch = None\n"), []project.Problem{
			{File: "main.py", Line: 1, Column: 1, Message: "there is no module 'nothing_there'"}, {File: "main.py", Line: 2, Column: 1, Message: "the module 'math' has no 'flor'; did you mean 'floor'?"},
			{File: "main.py", Line: 3, Column: 1, Message: "relative import"}, {File: "main.py", Line: 4, Column: 1, Message: "'Resolution'"}, {File: "main.py", Line: 6, Column: 5, Severity: project.Warning, Message: "torch"}}},
		{"what is made on the way", body("self.mine = 1\nself.mine\nsetattr(self, 'other', 2)\nself.other\nif hasattr(self, 'third'): self.third\ntry:\n    self.fourth\nexcept AttributeError:\n    pass\nspy = self.add_equity('SPY')\nspy.anything = 1\nself.anything"), nil},
		{"a base class", alone("from AlgorithmImports import *\nclass B(QCAlgorithm):\n    def later(self):\n        self.window = 3\nclass A(B):\n    def initialize(self):\n        self.later()\n        self.Window\n        self.wimdow\n"), []project.Problem{{File: "main.py", Line: 9, Column: 14, Message: "'window'"}}},
		{"names by text", body("exec('x = 1')\nself.unknowable"), nil},
		{"nothing to run", alone("x = 1\n"), []project.Problem{{File: "main.py", Severity: project.Warning, Message: "no class derives from QCAlgorithm"}}},
		{"a dubious escape", alone("from AlgorithmImports import *\nclass A(QCAlgorithm):\n    x = '\\d'\n"), []project.Problem{{File: "main.py", Line: 3, Severity: project.Warning, Message: "invalid escape sequence"}}},
		{"what will not run here", body("self.add_option('SPY')\nself.AddFuture('ES')\nself.download('http://localhost')\nother.download(1)\nSubscriptionTransportMedium.REMOTE_FILE\nimport http.client\nself.add_equity('SPY')\nother = 1"), []project.Problem{
			{File: "main.py", Line: 4, Column: 9, Severity: project.Warning, Message: "add_option: options are not served"}, {File: "main.py", Line: 5, Column: 9, Severity: project.Warning, Message: "AddFuture: futures are not served"},
			{File: "main.py", Line: 6, Column: 9, Severity: project.Warning, Message: "no network"}, {File: "main.py", Line: 8, Column: 9, Severity: project.Warning, Message: "no network"}, {File: "main.py", Line: 9, Column: 9, Severity: project.Warning, Message: "no network"}}},
		{"no Python", project.Source{Language: project.Python, Files: []project.File{{Name: "README.md"}}}, []project.Problem{{Message: "no Python file"}}},
		{"C#", project.Source{Language: project.CSharp, Files: []project.File{{Name: "Main.cs"}}}, []project.Problem{{Message: "C#"}}},
		{"ten megabytes", alone(strings.Repeat("x = 1\n", 10<<20/6)), []project.Problem{{File: "main.py", Message: "the file has 10.0 MB, and a Python file has at most 1"}}},
		{"a long file", alone(strings.Repeat("x = 1\n", 1<<18/6)), []project.Problem{{File: "main.py", Severity: project.Warning, Message: "no class derives"}}},
		{"nesting", alone("x = " + strings.Repeat("(", 500) + strings.Repeat(")", 500) + "\n"), []project.Problem{{File: "main.py", Line: 1, Column: -1, Message: "too many nested parentheses"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := r.Compile(context.Background(), c.source)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %+v; want %d", got, len(c.want))
			}
			for i, w := range c.want {
				g := got[i]
				if w.Severity == "" {
					w.Severity = project.Error
				}
				if g.File != w.File || g.Line != w.Line || w.Column >= 0 && g.Column != w.Column || g.Severity != w.Severity || !strings.Contains(g.Message, w.Message) {
					t.Errorf("got %+v; want %+v", g, w)
				}
			}
		})
	}
}

func TestCompileOfSeveralFiles(t *testing.T) {
	r := caged(t, Config{Data: t.TempDir()})
	s := alone("from AlgorithmImports import *\nfrom helper import days, weeks\nimport package.inner as p\nfrom Shared.tool import symbol, nothing\nfrom Shared import tool\nclass A(QCAlgorithm):\n    def initialize(self):\n        p.thing\n        tool.symbol\n")
	s.Files = append(s.Files,
		project.File{Name: "helper.py", Content: "from package.inner import *\ndef days(): return thing\ndef bad(): return thign\nopen('/etc/passwd').read()\nraise SystemExit\n"},
		project.File{Name: "package/inner.py", Content: "from .other import one\nfrom .missing import two\nthing = 1\n"}, project.File{Name: "package/other.py", Content: "one = 1\n"},
		project.File{Name: "notes.txt", Content: "not (python"})
	s.Libraries = []project.Library{{Name: "Shared", Files: []project.File{{Name: "tool.py", Content: "symbol = 'SPY'\n"}}}}
	got, err := r.Compile(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, p := range got {
		said = append(said, fmt.Sprintf("%s:%d %s", p.File, p.Line, p.Message))
	}
	want := []string{
		"helper.py:3 the name 'thign' is not defined; did you mean 'thing'?",
		"main.py:2 the module 'helper' has no 'weeks'",
		"main.py:4 the module 'Shared.tool' has no 'nothing'",
		"package/inner.py:2 there is no module 'package.missing' in the project",
	}
	if d := cmp.Diff(want, said); d != "" {
		t.Error(d)
	}
}

func TestTenThousandFiles(t *testing.T) {
	t.Parallel()
	r := caged(t, Config{})
	s := in("from module_9999 import value\nassert value == 9999")
	for i := range 10_000 {
		s.Files = append(s.Files, project.File{Name: fmt.Sprintf("module_%d.py", i), Content: fmt.Sprintf("value = %d\n", i)})
	}
	if got, err := r.Compile(context.Background(), s); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	if got := backtest(t, r, project.Run{Source: s}); got.Status != project.Completed {
		t.Errorf("got %s: %s", got.Status, got.Error)
	}
}

func TestCompileLeansAlgorithms(t *testing.T) {
	list := leanAlgorithms(t)
	r := caged(t, Config{Data: t.TempDir()})
	clean, texts := 0, map[string]int{}
	for _, file := range list {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s := project.Source{Language: project.Python, Files: []project.File{{Name: filepath.Base(file), Content: string(text)}}}
		for _, other := range list {
			name := filepath.Base(other)
			if other != file && strings.Contains(string(text), "from "+strings.TrimSuffix(name, ".py")+" import") {
				o, err := os.ReadFile(other)
				if err != nil {
					t.Fatal(err)
				}
				s.Files = append(s.Files, project.File{Name: name, Content: string(o)})
			}
		}
		got, err := r.Compile(context.Background(), s)
		if err != nil {
			t.Fatal(file, err)
		}
		bad := false
		for _, p := range got {
			if p.Severity == project.Error {
				bad = true
				texts[p.Message]++
				t.Logf("%s:%d:%d %s", p.File, p.Line, p.Column, p.Message)
			}
		}
		if !bad {
			clean++
		}
	}
	t.Logf("%d of %d have no errors", clean, len(list))
	// The others use options, futures and what else this engine does not have.
	if clean < 170 {
		t.Errorf("got %d without errors", clean)
	}
}
