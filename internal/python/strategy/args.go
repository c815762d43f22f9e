package strategy

import (
	"fmt"

	"quantdesk/internal/num"
	"quantdesk/internal/python"
)

// args are the arguments of a call from Python. A wrong one is kept as the
// first error, so that a call can read all and check once.
type args struct {
	h   *host
	in  []python.Object
	err error
}

func (a *args) bad(i int, want string) {
	if a.err == nil {
		got := "nothing"
		if i < len(a.in) {
			got = a.in[i].TypeName()
		}
		a.err = &python.Raise{Type: "TypeError", Message: fmt.Sprintf("argument %d is %s, not %s", i+1, got, want)}
	}
}

func (a *args) none(i int) bool { return i >= len(a.in) || a.in[i].IsNoneOrZero() }

func (a *args) int(i int) int {
	if i < len(a.in) {
		if n, ok := a.in[i].Int(); ok {
			return int(n)
		}
	}
	a.bad(i, "an int")
	return 0
}

func (a *args) int64(i int) int64 { return int64(a.int(i)) }

func (a *args) bool(i int) bool {
	if i < len(a.in) {
		if b, ok := a.in[i].Bool(); ok {
			return b
		}
	}
	a.bad(i, "a bool")
	return false
}

func (a *args) text(i int) string {
	if i < len(a.in) {
		if s, ok := a.in[i].Text(); ok {
			return s
		}
	}
	a.bad(i, "a str")
	return ""
}

func (a *args) float(i int) float64 {
	if i < len(a.in) {
		if f, ok := a.in[i].Float(); ok {
			return f
		}
		if f, err := a.h.p.ToFloat(a.in[i]); err == nil {
			return f
		}
	}
	a.bad(i, "a number")
	return 0
}

// decimal reads a number as .NET turns a double into a decimal.
func (a *args) decimal(i int) num.Decimal {
	if i < len(a.in) && a.in[i].IsInt() {
		if n, ok := a.in[i].Int(); ok {
			return num.FromInt(n)
		}
	}
	d, err := num.FromFloatNET(a.float(i))
	if err != nil {
		if a.err == nil {
			a.err = &python.Raise{Type: "OverflowError", Message: err.Error()}
		}
		return num.Zero
	}
	return d
}

// optional reads a number that may be None.
func (a *args) optional(i int) *num.Decimal {
	if a.none(i) {
		return nil
	}
	d := a.decimal(i)
	return &d
}

func (a *args) object(i int) python.Object {
	if i < len(a.in) {
		return a.in[i]
	}
	a.bad(i, "an object")
	return 0
}

func (a *args) items(i int) []python.Object {
	if i < len(a.in) && (a.in[i].IsTuple() || a.in[i].IsList()) {
		return a.in[i].Items()
	}
	a.bad(i, "a tuple")
	return nil
}

// keep gives an argument with a reference of its own, zero for None.
func (a *args) keep(i int) python.Object {
	if a.none(i) {
		return 0
	}
	return a.in[i].IncRef()
}
