package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ring is where each room stands: it imports the rings below it.
var ring = map[string]int{
	"num": 0, "market": 0, "trade": 0, "fault": 0,
	"sim": 1, "sim/source": 1, "match": 1, "ledger": 1, "risk": 1, "algo": 1, "algo/indicator": 1,
	"quant": 1, "quant/cointegration": 1, "quant/correlation": 1, "quant/covariance": 1, "quant/factor": 1, "quant/hrp": 1, "quant/kalman": 1, "quant/optimize": 1, "quant/pairs": 1, "quant/pca": 1, "quant/perf": 1, "quant/rank": 1, "quant/rebalance": 1, "quant/regime": 1, "quant/regress": 1, "quant/reversion": 1, "quant/screen": 1, "quant/solve": 1, "quant/tracking": 1, "quant/unitroot": 1,
	"order": 2, "identity": 2, "audit": 2, "project": 2, "report": 2, "report/sheet": 2, "report/shelf": 2, "research": 2,
	"broker/paper": 3, "broker/ibkr": 3, "tws": 3, "tws/server": 3, "tws/client": 3, "broker/brokertest": 3, "lean": 3, "store": 3, "feed": 3, "jobs": 3, "qc": 3,
	"python": 3, "python/strategy": 3, "python/runner": 3,
	"tool": 4, "tools": 4, "tools/accounts": 4, "tools/connections": 4, "tools/desk": 4, "tools/market": 4, "tools/orders": 4,
	"tools/account": 4, "tools/admin": 4, "tools/auth": 4, "tools/backtests": 4, "tools/collaboration": 4, "tools/compile": 4, "tools/files": 4, "tools/ibkr": 4, "tools/projects": 4, "tools/research": 4, "tools/system": 4,
	"mcpd": 4, "rest": 4, "web": 4, "qcapi": 4,
	"obs": 4,
}

// testsOnly are packages that hold tests or generators and may see everything.
var testsOnly = []string{"arch", "quant/golden", "desktest", "tws/server/servertest", "fault/gen", "tools/gen"}

const (
	module = "quantdesk/internal/"
	root   = "../.."
)

// source is one parsed package folder.
type source struct {
	imports map[string]bool
	doc     string
	files   []*ast.File
}

func packages(t *testing.T) map[string]*source {
	t.Helper()
	out := map[string]*source{}
	fset := token.NewFileSet()
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(filepath.Join(root, "internal"), filepath.Dir(path))
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		s := out[name]
		if s == nil {
			s = &source{imports: map[string]bool{}}
			out[name] = s
		}
		s.files = append(s.files, f)
		if f.Doc != nil {
			s.doc += f.Doc.Text()
		}
		for _, i := range f.Imports {
			if p, ok := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), module); ok {
				s.imports[p] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRings(t *testing.T) {
	all := packages(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if slices.Contains(testsOnly, name) {
			continue
		}
		at, known := ring[name]
		if !known {
			t.Errorf("internal/%s stands in no ring: add it to the table and to docs/architecture.md", name)
			continue
		}
		for imported := range all[name].imports {
			below := ring[imported]
			siblings := at == 2 || at == 3
			switch {
			case below > at:
				t.Errorf("internal/%s (ring %d) imports internal/%s (ring %d) above it", name, at, imported, below)
			case below == at && siblings && !sameRoom(name, imported) && !(name == "broker/ibkr" && strings.HasPrefix(imported, "tws")): // an adapter over the wire
				t.Errorf("internal/%s imports its sibling internal/%s: rings 2 and 3 have none", name, imported)
			}
		}
	}
	for name := range ring {
		if all[name] == nil {
			t.Errorf("the table names internal/%s, which is not there", name)
		}
	}
}

// sameRoom tells that both lie within one room that is a package itself.
func sameRoom(name, imported string) bool {
	room, _, _ := strings.Cut(name, "/")
	_, known := ring[room]
	return known && (imported == room || strings.HasPrefix(imported, room+"/"))
}

func TestPackageDocs(t *testing.T) {
	for name, s := range packages(t) {
		base := name[strings.LastIndexByte(name, '/')+1:]
		if !strings.HasPrefix(s.doc, "Package "+base+" ") && !strings.HasPrefix(s.doc, "Command "+base+" ") {
			t.Errorf("internal/%s has no package comment that says what it is for", name)
		}
	}
}

// TestExportedDocs keeps a sentence on every exported declaration.
func TestExportedDocs(t *testing.T) {
	for name, s := range packages(t) {
		for _, f := range s.files {
			for _, d := range f.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Name.IsExported() && exportedReceiver(d) && d.Doc == nil {
						t.Errorf("internal/%s: %s has no doc comment", name, d.Name.Name)
					}
				case *ast.GenDecl:
					for _, spec := range d.Specs {
						if ts, ok := spec.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil {
							t.Errorf("internal/%s: type %s has no doc comment", name, ts.Name.Name)
						}
					}
				}
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	t := d.Recv.List[0].Type
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	if g, ok := t.(*ast.IndexExpr); ok {
		t = g.X
	}
	id, ok := t.(*ast.Ident)
	return ok && id.IsExported()
}

// TestNoFloatMoney forbids float64 where money and quantities are counted. The
// exceptions convert, for those who draw or compute statistics.
func TestNoFloatMoney(t *testing.T) {
	all := packages(t)
	for _, name := range []string{"market", "trade", "ledger", "risk", "order", "match", "broker/paper"} {
		for _, f := range all[name].files {
			ast.Inspect(f, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && (id.Name == "float64" || id.Name == "float32") {
					t.Errorf("internal/%s uses %s: money and quantities are num.Decimal", name, id.Name)
				}
				return true
			})
		}
	}
}

// TestNoMachinePaths keeps the project speaking of itself.
func TestNoMachinePaths(t *testing.T) {
	home, err := os.UserHomeDir()
	if err != nil || len(home) < 4 {
		t.Skip("no home directory to look for")
	}
	abs, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); n == ".git" || n == "node_modules" || n == "bin" || n == "out" {
				return filepath.SkipDir
			}
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, p := range []string{home + "/", abs + "/"} {
			if strings.Contains(string(raw), p) {
				t.Errorf("%s names the machine's path %s", path, p)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
