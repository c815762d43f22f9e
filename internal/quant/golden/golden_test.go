package golden

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"

	"quantdesk/internal/fault"
)

// file is a set of reference values.
type file struct {
	Series map[string]json.RawMessage `json:"series"`
	Cases  []goldenCase               `json:"cases"`
	Errors []goldenCase               `json:"error_cases"`
}

type goldenCase struct {
	ID       string                     `json:"id"`
	Analytic string                     `json:"analytic"`
	Inputs   map[string]json.RawMessage `json:"inputs"`
	Params   json.RawMessage            `json:"params"`
	Expected map[string]any             `json:"expected"`
	Tol      map[string]tolerance       `json:"tol"`
	Error    fault.Code                 `json:"error"`
}

// tolerance passes |got-want| <= Abs + Rel*|want|; with OneSided, got <= want
// plus that much.
type tolerance struct {
	Abs      float64 `json:"abs"`
	Rel      float64 `json:"rel"`
	OneSided string  `json:"one_sided"`
}

// analytics run one case each: by the name of the analytic. What they return
// has the fields that are expected; NaN stands for null.
var analytics = map[string]func(*call) (map[string]any, error){}

// TestGolden runs every case of the shared files, or of the copy in testdata, and
// of the file that QUANTDESK_GOLDEN names.
func TestGolden(t *testing.T) {
	const shared = "../../../../shared/golden"
	paths := []string{filepath.Join(shared, "quant.json"), filepath.Join(shared, "quant-real.json")}
	if _, err := os.Stat(paths[0]); errors.Is(err, fs.ErrNotExist) {
		t.Log("the shared reference values are not there: the copy in testdata is used")
		paths = []string{filepath.Join("testdata", "quant.json")}
	}
	if more := os.Getenv("QUANTDESK_GOLDEN"); more != "" {
		paths = append(paths, more)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var f file
			if err := json.Unmarshal(raw, &f); err != nil {
				t.Fatal(err)
			}
			if len(f.Cases) == 0 {
				t.Fatal("the file has no cases")
			}
			for _, c := range f.Cases {
				t.Run(c.ID, func(t *testing.T) {
					t.Parallel()
					got, err := f.run(t, c)
					if err != nil {
						t.Fatal(err)
					}
					for field, want := range c.Expected {
						tol, ok := c.Tol[field]
						if !ok {
							tol = c.Tol["default"]
						}
						g, ok := got[field]
						if !ok {
							t.Errorf("%s is not computed", field)
							continue
						}
						compare(t, field, plain(reflect.ValueOf(g)), want, tol)
					}
				})
			}
			for _, c := range f.Errors {
				t.Run(c.ID, func(t *testing.T) {
					t.Parallel()
					if got, err := f.run(t, c); fault.CodeOf(err) != c.Error {
						t.Errorf("%v, %v; want the error %s", got, err, c.Error)
					}
				})
			}
		})
	}
}

func (f *file) run(t *testing.T, c goldenCase) (map[string]any, error) {
	t.Helper()
	do := analytics[c.Analytic]
	if do == nil {
		t.Fatalf("nothing computes %s", c.Analytic)
	}
	return do(&call{t: t, f: f, goldenCase: c})
}

// plain turns a result into what encoding/json would have read: maps, slices,
// float64, string, bool; NaN and nil pointers become nil.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Invalid:
		return nil
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Float64:
		switch x := v.Float(); {
		case math.IsNaN(x):
			return nil
		case math.IsInf(x, -1):
			return "-inf"
		case math.IsInf(x, 1):
			return "inf"
		default:
			return x
		}
	case reflect.Int, reflect.Int64:
		return float64(v.Int())
	case reflect.Bool:
		return v.Bool()
	case reflect.String:
		return v.String()
	case reflect.Slice, reflect.Array:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = plain(v.Index(i))
		}
		return out
	case reflect.Map:
		out := map[string]any{}
		for _, k := range v.MapKeys() {
			out[k.String()] = plain(v.MapIndex(k))
		}
		return out
	}
	panic(fmt.Sprintf("a golden result holds a %s", v.Kind()))
}

func compare(t *testing.T, at string, got, want any, tol tolerance) {
	t.Helper()
	switch w := want.(type) {
	case float64:
		g, ok := got.(float64)
		room := tol.Abs + tol.Rel*math.Abs(w)
		if !ok || g-w > room || (tol.OneSided == "" && w-g > room) {
			t.Errorf("%s is %v; want %v within %g", at, got, w, room)
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			t.Errorf("%s is %v; want %v", at, got, want)
			return
		}
		for i := range w {
			compare(t, at+"["+strconv.Itoa(i)+"]", g[i], w[i], tol)
		}
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s is %v; want %v", at, got, want)
			return
		}
		for k := range w {
			compare(t, at+"."+k, g[k], w[k], tol)
		}
	default:
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v; want %v", at, got, want)
		}
	}
}
