package project_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/fault"
	"quantdesk/internal/project"
	"quantdesk/internal/store"
)

// users are the people of the tests; zoe is on another platform.
type users map[string]project.Person

var everybody = users{
	"ann": {User: "ann", Number: 1, Name: "Ann", Organization: "org-ann"},
	"ben": {User: "ben", Number: 2, Name: "Ben", Organization: "org-ben"},
	"zoe": {User: "zoe", Number: 3, Name: "Zoe", Organization: "org-zoe", Platform: "elsewhere"},
}

func (u users) Person(_ context.Context, user string) (project.Person, bool, error) {
	p, ok := u[user]
	return p, ok, nil
}

func (u users) PersonByNumber(_ context.Context, n int64) (project.Person, bool, error) {
	for _, p := range u {
		if p.Number == n {
			return p, true, nil
		}
	}
	return project.Person{}, false, nil
}

// scripted is a runner that does what the test says.
type scripted struct {
	compile  func(project.Source) ([]project.Problem, error)
	backtest func(ctx context.Context, r project.Run, progress func(project.Progress)) (*project.Result, error)
}

func (s scripted) Compile(_ context.Context, src project.Source) ([]project.Problem, error) {
	if s.compile == nil {
		return nil, nil
	}
	return s.compile(src)
}

func (s scripted) Backtest(ctx context.Context, r project.Run, progress func(project.Progress)) (*project.Result, error) {
	if s.backtest == nil {
		return &project.Result{Status: project.Completed}, nil
	}
	return s.backtest(ctx, r, progress)
}

var (
	ann = project.Caller{User: "ann"}
	ben = project.Caller{User: "ben"}
)

// world is a service over a real store.
type world struct {
	*project.Service
	t  *testing.T
	db *store.DB
}

func open(t *testing.T, path string) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), path, store.Options{AuditKey: bytes.Repeat([]byte{1}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func newWorld(t *testing.T, r project.Runner, parallel int) world {
	t.Helper()
	db := open(t, filepath.Join(t.TempDir(), "desk.db"))
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return world{project.New(project.Config{Store: db, Directory: everybody, Runner: r, Parallel: parallel}), t, db}
}

// work runs the service until the test ends, or until stop is called.
func (w world) work() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.Run(ctx); !errors.Is(err, context.Canceled) {
			w.t.Errorf("run: %v", err)
		}
	}()
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); <-done }) }
	w.t.Cleanup(stop)
	return stop
}

func (w world) project(c project.Caller) project.Project {
	w.t.Helper()
	p, err := w.CreateProject(w.t.Context(), c, "Test", project.Python, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w world) compiled(c project.Caller, id int64) project.Compile {
	w.t.Helper()
	k, err := w.CreateCompile(w.t.Context(), c, id)
	if err != nil {
		w.t.Fatal(err)
	}
	w.until("the compile is final", func() bool {
		if k, err = w.Compile(w.t.Context(), c, id, k.ID); err != nil {
			w.t.Fatal(err)
		}
		return k.State.Final()
	})
	return k
}

func (w world) backtest(c project.Caller, id int64, compile string) project.Backtest {
	w.t.Helper()
	b, err := w.CreateBacktest(w.t.Context(), c, id, project.NewBacktest{Compile: compile, Name: "run"})
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w world) final(c project.Caller, b project.Backtest) project.Backtest {
	w.t.Helper()
	w.until("the backtest is final", func() bool {
		var err error
		if b, err = w.Backtest(w.t.Context(), c, b.Project, b.ID); err != nil {
			w.t.Fatal(err)
		}
		return b.State.Final()
	})
	return b
}

func (w world) until(what string, is func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited 30 s for this: %s", what)
		}
	}
}

func wants(t *testing.T, err error, code fault.Code, part string) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Code != code || !strings.Contains(f.Message, part) {
		t.Errorf("got %v, want %s with %q", err, code, part)
	}
}

// TestIsolation has a stranger try everything on a project that is not his: it
// does not exist for him.
func TestIsolation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scripted{}, 1)
	w.work()
	ctx := t.Context()
	p := w.project(ann)
	k := w.compiled(ann, p.ID)
	b := w.final(ann, w.backtest(ann, p.ID, k.ID))
	mine := w.project(ben)
	name := "x"
	content := "y"
	for what, err := range map[string]error{
		"read":        second(w.Project(ctx, ben, p.ID)),
		"update":      w.UpdateProject(ctx, ben, p.ID, project.Update{Name: &name}),
		"delete":      w.DeleteProject(ctx, ben, p.ID),
		"files":       second(w.Files(ctx, ben, p.ID, "")),
		"create file": second(w.CreateFile(ctx, ben, p.ID, "x.py", &content)),
		"patch":       w.PatchFiles(ctx, ben, p.ID, "--- a/main.py\n+++ b/main.py\n@@ -1,1 +0,0 @@\n-x\n"),
		"compile":     second(w.CreateCompile(ctx, ben, p.ID)),
		"its compile": second(w.Compile(ctx, ben, p.ID, k.ID)),
		"run":         second(w.CreateBacktest(ctx, ben, p.ID, project.NewBacktest{Compile: k.ID, Name: "x"})),
		"run in mine": second(w.CreateBacktest(ctx, ben, mine.ID, project.NewBacktest{Compile: k.ID, Name: "x"})),
		"backtest":    second(w.Backtest(ctx, ben, p.ID, b.ID)),
		"through own": second(w.Backtest(ctx, ben, mine.ID, b.ID)),
		"list":        second(w.Backtests(ctx, ben, p.ID)),
		"cancel":      w.CancelBacktest(ctx, ben, p.ID, b.ID),
		"library":     w.AddLibrary(ctx, ben, mine.ID, p.ID),
		"members":     second(w.Collaborators(ctx, ben, p.ID)),
		"join":        second(w.AddCollaborator(ctx, ben, p.ID, 2, true, true)),
		"lock":        w.AcquireLock(ctx, project.Caller{User: "ben", Source: "x"}, p.ID),
		"nobody":      second(w.Project(ctx, project.Caller{}, p.ID)),
		"platform":    second(w.AddCollaborator(ctx, ann, p.ID, 3, true, true)),
	} {
		if code := fault.CodeOf(err); code != fault.NotFound {
			t.Errorf("%s: %v, want not_found", what, err)
		}
	}
	if list, err := w.Projects(ctx, ben, ""); err != nil || len(list) != 1 || list[0].ID != mine.ID {
		t.Errorf("ben's projects: %v, %v", list, err)
	}
	wants(t, second(w.Projects(ctx, ben, "org-ann")), fault.NotFound, "organization")
}

func second[T any](_ T, err error) error { return err }

func TestBadFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scripted{}, 1)
	p := w.project(ann)
	text := "x = 1\n"
	for name, part := range map[string]string{
		"../x.py": "..", "a/../../x.py": "..", "/etc/x.py": "absolute", `a\b.py`: "backslash", "": "empty", "a//b.py": "empty part", "./a.py": "empty part",
		"C:/x.py": "drive", "a\x00b.py": "control", strings.Repeat("a", 500): "longer", "a/ . /b": "dots", "\xff.py": "UTF-8",
	} {
		wants(t, second(w.CreateFile(t.Context(), ann, p.ID, name, &text)), fault.Invalid, part)
		wants(t, w.RenameFile(t.Context(), ann, p.ID, "main.py", name), fault.Invalid, part)
		wants(t, w.UpdateProject(t.Context(), ann, p.ID, project.Update{Files: &[]project.File{{Name: name, Content: text}}}), fault.Invalid, part)
	}
	large := strings.Repeat("x", project.MaxFile+1)
	wants(t, second(w.CreateFile(t.Context(), ann, p.ID, "large.py", &large)), fault.Invalid, "10 MB")
	full := large[:project.MaxFile]
	if _, err := w.CreateFile(t.Context(), ann, p.ID, "full.py", &full); err != nil {
		t.Errorf("a file of exactly 10 MB: %v", err)
	}
	empty := ""
	wants(t, second(w.CreateFile(t.Context(), ann, p.ID, "e.py", &empty)), fault.Invalid, "empty")
	wants(t, second(w.CreateFile(t.Context(), ann, p.ID, "main.py", &text)), fault.Conflict, "already")
	wants(t, second(w.UpdateFile(t.Context(), ann, p.ID, "none.py", text)), fault.NotFound, "none.py")
	many := make([]project.File, project.MaxFiles+1)
	for i := range many {
		many[i] = project.File{Name: fmt.Sprintf("f%d.py", i), Content: "x"}
	}
	wants(t, w.UpdateProject(t.Context(), ann, p.ID, project.Update{Files: &many}), fault.Invalid, "10000 files")
	files, err := w.Files(t.Context(), ann, p.ID, "")
	if err != nil || len(files) != 3 {
		t.Errorf("after refusals: %d files, %v; want the 3 from before", len(files), err)
	}
	if testing.Short() {
		return
	}
	ten := many[:project.MaxFiles]
	if err := w.UpdateProject(t.Context(), ann, p.ID, project.Update{Files: &ten}); err != nil {
		t.Errorf("10,000 files: %v", err)
	}
	wants(t, second(w.CreateFile(t.Context(), ann, p.ID, "one-more.py", &text)), fault.Invalid, "10000 files")
}

// TestKeepFiles has a caller that may write and not delete.
func TestKeepFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scripted{}, 1)
	p := w.project(ann)
	writer := project.Caller{User: "ann", KeepFiles: true}
	wants(t, w.UpdateProject(t.Context(), writer, p.ID, project.Update{Files: &[]project.File{{Name: "main.py", Content: "x"}}}), fault.Forbidden, "research.ipynb")
	wants(t, w.PatchFiles(t.Context(), writer, p.ID, "--- a/gone.py\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n"), fault.NotFound, "gone.py")
	text := "x\n"
	if _, err := w.CreateFile(t.Context(), writer, p.ID, "gone.py", &text); err != nil {
		t.Fatal(err)
	}
	wants(t, w.PatchFiles(t.Context(), writer, p.ID, "--- a/gone.py\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n"), fault.Forbidden, "gone.py")
	if err := w.PatchFiles(t.Context(), ann, p.ID, "--- a/gone.py\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n"); err != nil {
		t.Error(err)
	}
}

func TestProjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scripted{}, 1)
	ctx := t.Context()
	a, b := w.project(ann), w.project(ann) // the same name may be created twice
	taken, free := "Test", "Other/Name"
	if err := w.UpdateProject(ctx, ann, a.ID, project.Update{Name: &free}); err != nil {
		t.Fatal(err)
	}
	wants(t, w.UpdateProject(ctx, ann, a.ID, project.Update{Name: &taken}), fault.Conflict, "in use")
	for _, bad := range []string{"", "/", "a/../b", "a\\b", strings.Repeat("n", 300), "a\nb"} {
		wants(t, second(w.CreateProject(ctx, ann, bad, project.Python, "")), fault.Invalid, "project name")
	}
	wants(t, second(w.CreateProject(ctx, ann, "x", "F#", "")), fault.Invalid, "Py or C#")
	wants(t, second(w.CreateProject(ctx, ann, "x", project.Python, "org-ben")), fault.NotFound, "organization")
	if err := w.AddLibrary(ctx, ann, a.ID, b.ID); err != nil {
		t.Fatal(err)
	}
	wants(t, w.AddLibrary(ctx, ann, a.ID, a.ID), fault.Invalid, "own library")
	if err := w.DeleteProject(ctx, ann, b.ID); err != nil {
		t.Fatal(err)
	}
	gone, err := w.Project(ctx, ann, b.ID)
	if err != nil || gone.Name != "Recycle Bin/Test" {
		t.Errorf("deleted: %q, %v", gone.Name, err)
	}
	if err := w.DeleteProject(ctx, ann, b.ID); err != nil {
		t.Fatal(err)
	}
	wants(t, second(w.Project(ctx, ann, b.ID)), fault.NotFound, "no project")
	c := w.project(ann)
	if c.ID <= b.ID {
		t.Errorf("the id %d came back after %d was deleted", c.ID, b.ID)
	}
}

func TestCollaboration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scripted{}, 1)
	ctx := t.Context()
	p := w.project(ann)
	list, err := w.AddCollaborator(ctx, ann, p.ID, 2, false, false)
	if err != nil || len(list) != 2 || !list[0].Owner || list[1].Name != "Ben" || list[1].Write {
		t.Fatalf("%+v, %v", list, err)
	}
	text := "x"
	cli := func(user string) project.Caller { return project.Caller{User: user, Source: "cli"} }
	wants(t, second(w.CreateFile(ctx, ben, p.ID, "b.py", &text)), fault.Forbidden, "write permission")
	wants(t, second(w.AddCollaborator(ctx, ben, p.ID, 2, true, true)), fault.Forbidden, "owner")
	yes := true
	if _, err := w.UpdateCollaborator(ctx, ann, p.ID, 2, &yes, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.AcquireLock(ctx, cli("ben"), p.ID); err != nil {
		t.Fatal(err)
	}
	wants(t, second(w.CreateFile(ctx, cli("ann"), p.ID, "a.py", &text)), fault.Conflict, "write permission")
	wants(t, second(w.CreateFile(ctx, cli("ben"), p.ID, "b.py", &text)), fault.Conflict, "not read")
	if _, err := w.Files(ctx, ben, p.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CreateFile(ctx, cli("ben"), p.ID, "b.py", &text); err != nil {
		t.Errorf("with lock and read: %v", err)
	}
	if _, err := w.CreateFile(ctx, ann, p.ID, "forced.py", &text); err != nil {
		t.Errorf("by force: %v", err)
	}
	if list, err = w.DeleteCollaborator(ctx, ann, p.ID, 2); err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	wants(t, second(w.Project(ctx, ben, p.ID)), fault.NotFound, "no project")
	wants(t, second(w.DeleteCollaborator(ctx, ann, p.ID, 2)), fault.NotFound, "not a collaborator")
}

func TestCompile(t *testing.T) {
	t.Parallel()
	var got project.Source
	w := newWorld(t, scripted{compile: func(s project.Source) ([]project.Problem, error) {
		got = s
		for _, f := range s.Files {
			switch {
			case strings.Contains(f.Content, "panic"):
				panic("in the compiler")
			case strings.Contains(f.Content, "limit"):
				return nil, fault.E("test", fault.Timeout, "the compiler took too long")
			case strings.Contains(f.Content, "wrong"):
				return []project.Problem{{File: f.Name, Line: 1, Severity: project.Error, Message: "bad"}}, nil
			case strings.Contains(f.Content, "warn"):
				return []project.Problem{{File: f.Name, Line: 1, Severity: project.Warning, Message: "hm"}}, nil
			}
		}
		return nil, nil
	}}, 1)
	w.work()
	ctx := t.Context()
	p, lib := w.project(ann), w.project(ann)
	name := "Library/Tools"
	if err := errors.Join(w.UpdateProject(ctx, ann, lib.ID, project.Update{Name: &name}), w.AddLibrary(ctx, ann, p.ID, lib.ID)); err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]project.State{"wrong": project.Failed, "warn": project.Succeeded, "panic": project.Failed, "limit": project.Failed, "x = self.get_parameter('a')": project.Succeeded} {
		if _, err := w.UpdateFile(ctx, ann, p.ID, "main.py", content); err != nil {
			t.Fatal(err)
		}
		k := w.compiled(ann, p.ID)
		if k.State != want {
			t.Errorf("%s: %s, want %s: %+v", content, k.State, want, k)
		}
		switch content {
		case "limit":
			if !strings.Contains(k.Failure, "too long") {
				t.Errorf("failure %q", k.Failure)
			}
		case "x = self.get_parameter('a')":
			if diff := cmp.Diff([]project.Use{{File: "main.py", Line: 1}}, k.Uses); diff != "" {
				t.Error(diff)
			}
		}
		if want == project.Failed {
			wants(t, second(w.CreateBacktest(ctx, ann, p.ID, project.NewBacktest{Compile: k.ID, Name: "x"})), fault.Conflict, "BuildError")
		}
	}
	if len(got.Libraries) != 1 || got.Libraries[0].Name != "Tools" || len(got.Libraries[0].Files) != 2 {
		t.Errorf("libraries: %+v", got.Libraries)
	}
	cs, err := w.CreateProject(ctx, ann, "Sharp", project.CSharp, "")
	if err != nil {
		t.Fatal(err)
	}
	if k := w.compiled(ann, cs.ID); k.State != project.Failed || len(k.Problems) != 1 || !strings.Contains(k.Problems[0].Message, "runs Python") {
		t.Errorf("C#: %+v", k)
	}
	if err := w.DeleteFile(ctx, ann, lib.ID, "main.py"); err != nil {
		t.Fatal(err)
	}
	if k := w.compiled(ann, lib.ID); k.State != project.Failed || !strings.Contains(k.Problems[0].Message, "no main.py") {
		t.Errorf("without main.py: %+v", k)
	}
	wants(t, second(w.Compile(ctx, ann, p.ID, "nonsense")), fault.NotFound, "Compile id not found")
}

func raws(n int) []json.RawMessage {
	out := make([]json.RawMessage, n)
	for i := range out {
		out[i] = json.RawMessage(fmt.Sprintf(`{"id":%d}`, i+1))
	}
	return out
}

func TestResult(t *testing.T) {
	t.Parallel()
	var got project.Run
	w := newWorld(t, scripted{backtest: func(_ context.Context, r project.Run, _ func(project.Progress)) (*project.Result, error) {
		got = r
		return &project.Result{
			Status: project.Completed, Statistics: map[string]string{"Total Orders": "2500"}, Charts: map[string]json.RawMessage{"A b/c": json.RawMessage(`{"name":"A b/c"}`)},
			Orders: raws(2500), Insights: raws(3), Logs: []string{"one", "two"}, TotalPerformance: json.RawMessage(`{"closedTrades":[]}`), Seed: 7, DataHash: "h",
		}, nil
	}}, 1)
	w.work()
	ctx := t.Context()
	p := w.project(ann)
	if err := w.UpdateProject(ctx, ann, p.ID, project.Update{Parameters: &[]project.Parameter{{Key: "a", Value: json.RawMessage(`"1"`)}, {Key: "b", Value: json.RawMessage(`2`)}}}); err != nil {
		t.Fatal(err)
	}
	k := w.compiled(ann, p.ID)
	b, err := w.CreateBacktest(ctx, ann, p.ID, project.NewBacktest{Compile: k.ID, Name: "run", Parameters: []project.Parameter{{Key: "b", Value: json.RawMessage(`2.5`)}}})
	if err != nil {
		t.Fatal(err)
	}
	b = w.final(ann, b)
	if diff := cmp.Diff(map[string]string{"a": "1", "b": "2.5"}, got.Parameters); diff != "" {
		t.Error(diff)
	}
	if b.State != project.Succeeded || b.Summary.Orders != 2500 || b.Summary.Seed != 7 || b.Attempts != 1 {
		t.Errorf("%+v %+v", b, b.Summary)
	}
	for _, c := range []struct{ start, end, n, first int }{{0, 100, 100, 1}, {950, 1050, 100, 951}, {2490, 2590, 10, 2491}, {2500, 2600, 0, 0}, {5, 5, 0, 0}} {
		list, err := w.Orders(ctx, b, c.start, c.end)
		if err != nil || len(list) != c.n || c.n > 0 && string(list[0]) != fmt.Sprintf(`{"id":%d}`, c.first) {
			t.Errorf("orders %d to %d: %d, %v", c.start, c.end, len(list), err)
		}
	}
	wants(t, second(w.Orders(ctx, b, 0, 200)), fault.Invalid, "100 entries")
	wants(t, second(w.Insights(ctx, b, 3, 2)), fault.Invalid, "100 entries")
	if logs, err := w.Logs(ctx, b); err != nil || len(logs) != 2 {
		t.Errorf("logs %v, %v", logs, err)
	}
	if c, err := w.Chart(ctx, b, "A b/c"); err != nil || string(c) != `{"name":"A b/c"}` {
		t.Errorf("chart %s, %v", c, err)
	}
	wants(t, second(w.Chart(ctx, b, "none")), fault.NotFound, "no chart")
	if perf, err := w.Performance(ctx, b); err != nil || string(perf.Total) != `{"closedTrades":[]}` {
		t.Errorf("performance %s, %v", perf.Total, err)
	}
	note, name := "good", "renamed"
	if err := errors.Join(w.UpdateBacktest(ctx, ann, p.ID, b.ID, &name, &note), w.TagBacktest(ctx, ann, p.ID, b.ID, []string{"t"})); err != nil {
		t.Fatal(err)
	}
	if b, err = w.Backtest(ctx, ann, p.ID, b.ID); err != nil || b.Name != name || b.Note != note || len(b.Tags) != 1 || b.State != project.Succeeded {
		t.Errorf("%+v, %v", b, err)
	}
	wants(t, w.CancelBacktest(ctx, ann, p.ID, b.ID), fault.Conflict, "ended already")
	if err := w.DeleteBacktest(ctx, ann, p.ID, b.ID); err != nil {
		t.Fatal(err)
	}
	if raw, err := w.db.Part(ctx, b.ID, "logs"); err != nil || raw != nil {
		t.Errorf("a part outlived its backtest: %s, %v", raw, err)
	}
}

// TestRunnerFails has the runner fail, panic and give nothing.
func TestRunnerFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scripted{backtest: func(_ context.Context, r project.Run, _ func(project.Progress)) (*project.Result, error) {
		switch r.Parameters["how"] {
		case "limit":
			return nil, fault.E("test", fault.Timeout, "the run struck the memory limit").Hinted("Use less.")
		case "secret":
			return nil, errors.New("text that stays inside")
		case "panic":
			panic("at the engine")
		case "user":
			return &project.Result{Status: project.RuntimeError, Error: "division by zero", StackTrace: "main.py:3"}, nil
		}
		return nil, nil
	}}, 2)
	w.work()
	p := w.project(ann)
	k := w.compiled(ann, p.ID)
	for how, part := range map[string]string{"limit": "memory limit. Use less.", "secret": "inside the desk", "panic": "inside the desk", "user": "division", "none": "inside the desk"} {
		b, err := w.CreateBacktest(t.Context(), ann, p.ID, project.NewBacktest{Compile: k.ID, Name: how, Parameters: []project.Parameter{{Key: "how", Value: json.RawMessage(`"` + how + `"`)}}})
		if err != nil {
			t.Fatal(err)
		}
		if b = w.final(ann, b); b.State != project.Failed || !strings.Contains(b.Summary.Error, part) || strings.Contains(b.Summary.Error, "stays inside") {
			t.Errorf("%s: %s %+v", how, b.State, b.Summary)
		}
	}
}
