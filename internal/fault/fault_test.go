package fault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCodesAreThoseOfTheFile(t *testing.T) {
	raw, err := os.ReadFile("codes.json")
	if err != nil {
		t.Fatal(err)
	}
	var file []Info
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(file, Codes()); d != "" {
		t.Errorf("codes_gen.go is not codes.json: run make golden\n%s", d)
	}
	for _, c := range file {
		if c.Meaning == "" || c.Person == "" || !strings.HasSuffix(c.Next, ".") || c.HTTP < 400 || c.HTTP > 599 {
			t.Errorf("%s lacks a sentence or a status: %+v", c.Code, c)
		}
	}
	if n := len(slices.Compact(slices.Sorted(func(yield func(Code) bool) {
		for _, c := range file {
			if !yield(c.Code) {
				return
			}
		}
	}))); n != len(file) {
		t.Errorf("%d codes, %d different", len(file), n)
	}
}

func TestAs(t *testing.T) {
	own := E("a.B", Expired, "ticket %d is old", 7)
	for _, x := range []struct {
		err  error
		want Code
		text string
	}{
		{own, Expired, "ticket 7 is old"},
		{fmt.Errorf("deeper: %w", own), Expired, "ticket 7 is old"},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), Timeout, "the answer did not come in time"},
		{context.Canceled, Cancelled, "the call was cancelled"},
		{errors.New("password=hunter2"), Internal, "something went wrong inside the desk"},
	} {
		got := As(x.err)
		if got.Code != x.want || got.Message != x.text {
			t.Errorf("%v: %s %q, want %s %q", x.err, got.Code, got.Message, x.want, x.text)
		}
	}
	if As(nil) != nil || CodeOf(nil) != "" {
		t.Error("nothing is a fault")
	}
}

func TestHintAndIdentity(t *testing.T) {
	f := Wrap("a.B", NotFound, errors.New("row 7"), "there is no order")
	if f.Next() != Lookup(NotFound).Next {
		t.Errorf("without a hint: %q", f.Next())
	}
	if f.Hinted("Call get_orders.").Next() != "Call get_orders." {
		t.Errorf("with a hint: %q", f.Next())
	}
	if !errors.Is(f, &Error{Code: NotFound}) || errors.Is(f, &Error{Code: Invalid}) {
		t.Error("a fault is not told by its code")
	}
	if !strings.Contains(f.Error(), "row 7") {
		t.Errorf("the log's text lacks the cause: %s", f.Error())
	}
	if Lookup("nonsense").Code != Internal {
		t.Error("an unknown code is not internal")
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct{ in, want string }{{"short", "short"}, {"just ten b", "just ten b"}, {"eleven byte", "eleven ..."}, {"äääääääää", "äää..."}} {
		if got := Clip(c.in, 10); got != c.want {
			t.Errorf("%q became %q; want %q", c.in, got, c.want)
		}
	}
}
