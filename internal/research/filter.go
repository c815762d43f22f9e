package research

import (
	"math"
	"strconv"
	"strings"

	"quantdesk/internal/fault"
)

// The grammar of a filter is that of an SQL WHERE, without functions but abs and
// without sub-queries:
//
//	or    = and { OR and }            and = not { AND not }
//	not   = NOT not | test
//	test  = sum [ op sum | [NOT] IN (sum, …) | [NOT] BETWEEN sum AND sum
//	            | [NOT] LIKE text | IS [NOT] NULL ] | ( or )
//	sum   = product { (+|-) product } product = unary { (*|/) unary }
//	unary = - unary | abs(sum) | number | 'text' | column | "column" | ( sum )
//
// What touches a missing value is unknown, and unknown rows are left out, as in
// SQL.

// value is what an expression gives in a row.
type value struct {
	num    float64
	text   string
	isText bool
	null   bool
}

// truth is SQL's: what is neither true nor false is unknown.
type truth int8

const (
	no truth = iota
	unclear
	yes
)

type (
	expr func(row int) value
	test func(row int) truth
)

// maxFilter and maxDepth bound what a caller can make the parser do.
const (
	maxFilter = 2000
	maxDepth  = 50
)

type parser struct {
	table  Table
	tokens []token
	at     int
	depth  int
}

type token struct {
	kind rune // 'n' number, 's' text, 'w' word, 'q' quoted name, 'o' operator, 0 end
	text string
	pos  int
}

func badFilter(pos int, format string, args ...any) error {
	e := fault.E("research.filter", fault.InvalidParameter, "filter, at character "+strconv.Itoa(pos+1)+": "+format, args...)
	return e.With("argument", "filter").Hinted(`Write it as an SQL WHERE: p < 0.05 AND symbol IN ('KO', 'PEP') AND abs(z) >= 2.`)
}

// parseFilter makes a test of rows; an empty filter lets all pass.
func parseFilter(t Table, text string) (test, error) {
	if strings.TrimSpace(text) == "" {
		return func(int) truth { return yes }, nil
	}
	if len(text) > maxFilter {
		return nil, badFilter(maxFilter, "it is longer than %d characters", maxFilter)
	}
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := &parser{table: t, tokens: tokens}
	out, err := p.or()
	if err == nil && p.peek().kind != 0 {
		err = badFilter(p.peek().pos, "%q does not belong there", p.peek().text)
	}
	return out, err
}

func (p *parser) peek() token { return p.tokens[p.at] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != 0 {
		p.at++
	}
	return t
}

// word takes a keyword if it comes next.
func (p *parser) word(w string) bool {
	if t := p.peek(); t.kind == 'w' && strings.EqualFold(t.text, w) {
		p.at++
		return true
	}
	return false
}

func (p *parser) op(o string) bool {
	if t := p.peek(); t.kind == 'o' && t.text == o {
		p.at++
		return true
	}
	return false
}

func (p *parser) need(o string) error {
	if !p.op(o) {
		return badFilter(p.peek().pos, "%s is missing", o)
	}
	return nil
}

func (p *parser) or() (test, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, badFilter(p.peek().pos, "it is nested too deeply")
	}
	defer func() { p.depth-- }()
	a, err := p.and()
	for err == nil && p.word("OR") {
		var b test
		left := a
		if b, err = p.and(); err == nil {
			a = func(row int) truth { return max(left(row), b(row)) }
		}
	}
	return a, err
}

func (p *parser) and() (test, error) {
	a, err := p.not()
	for err == nil && p.word("AND") {
		var b test
		left := a
		if b, err = p.not(); err == nil {
			a = func(row int) truth { return min(left(row), b(row)) }
		}
	}
	return a, err
}

func (p *parser) not() (test, error) {
	if !p.word("NOT") {
		return p.test()
	}
	if p.depth++; p.depth > maxDepth {
		return nil, badFilter(p.peek().pos, "it is nested too deeply")
	}
	defer func() { p.depth-- }()
	a, err := p.not()
	if err != nil {
		return nil, err
	}
	return func(row int) truth { return yes - a(row) }, nil
}

func (p *parser) test() (test, error) {
	if p.peek().text == "(" { // of a condition, or of a sum
		at := p.at
		p.at++
		inner, err := p.or()
		if err == nil {
			if err = p.need(")"); err == nil && !p.comparison() {
				return inner, nil
			}
		}
		p.at = at
		out, sumErr := p.compare()
		if sumErr != nil && err != nil {
			return nil, err
		}
		return out, sumErr
	}
	return p.compare()
}

// comparison tells that what comes next compares what came before.
func (p *parser) comparison() bool {
	t := p.peek()
	switch t.kind {
	case 'o':
		return t.text != ")" && t.text != ","
	case 'w':
		switch strings.ToUpper(t.text) {
		case "IN", "BETWEEN", "LIKE", "IS", "NOT":
			return true
		}
	}
	return false
}

func (p *parser) compare() (test, error) {
	a, err := p.sum()
	if err != nil {
		return nil, err
	}
	if p.word("IS") {
		not := p.word("NOT")
		if !p.word("NULL") {
			return nil, badFilter(p.peek().pos, "NULL is missing")
		}
		return func(row int) truth {
			if a(row).null != not {
				return yes
			}
			return no
		}, nil
	}
	negate := p.word("NOT")
	out, err := p.relation(a)
	if err != nil || !negate {
		return out, err
	}
	return func(row int) truth { return yes - out(row) }, nil
}

func (p *parser) relation(a expr) (test, error) {
	t := p.next()
	switch strings.ToUpper(t.text) {
	case "IN":
		if err := p.need("("); err != nil {
			return nil, err
		}
		var list []expr
		for {
			b, err := p.sum()
			if err != nil {
				return nil, err
			}
			list = append(list, b)
			if !p.op(",") {
				break
			}
		}
		return func(row int) truth {
			out := no
			for _, b := range list {
				out = max(out, holds("=", a(row), b(row)))
			}
			return out
		}, p.need(")")
	case "BETWEEN":
		lo, err := p.sum()
		if err != nil {
			return nil, err
		}
		if !p.word("AND") {
			return nil, badFilter(p.peek().pos, "AND is missing")
		}
		hi, err := p.sum()
		return func(row int) truth {
			v := a(row)
			return min(holds(">=", v, lo(row)), holds("<=", v, hi(row)))
		}, err
	case "LIKE":
		pattern := p.next()
		if pattern.kind != 's' {
			return nil, badFilter(pattern.pos, "LIKE takes a text in single quotes")
		}
		return func(row int) truth {
			v := a(row)
			switch {
			case v.null || !v.isText:
				return unclear
			case like(pattern.text, v.text):
				return yes
			}
			return no
		}, nil
	case "=", "==", "!=", "<>", "<", ">", "<=", ">=":
		b, err := p.sum()
		return func(row int) truth { return holds(t.text, a(row), b(row)) }, err
	}
	return nil, badFilter(t.pos, "a comparison is missing")
}

func (p *parser) sum() (expr, error) {
	a, err := p.product()
	for err == nil {
		sign := 1.0
		switch {
		case p.op("+"):
		case p.op("-"):
			sign = -1
		default:
			return a, nil
		}
		var b expr
		left := a
		if b, err = p.product(); err == nil {
			a = arithmetic(left, b, func(x, y float64) float64 { return x + sign*y })
		}
	}
	return nil, err
}

func (p *parser) product() (expr, error) {
	a, err := p.unary()
	for err == nil {
		var f func(x, y float64) float64
		switch {
		case p.op("*"):
			f = func(x, y float64) float64 { return x * y }
		case p.op("/"):
			f = func(x, y float64) float64 { return x / y }
		default:
			return a, nil
		}
		var b expr
		left := a
		if b, err = p.unary(); err == nil {
			a = arithmetic(left, b, f)
		}
	}
	return nil, err
}

// arithmetic is unknown for texts, missing values and what is no number.
func arithmetic(a, b expr, f func(x, y float64) float64) expr {
	return func(row int) value {
		x, y := a(row), b(row)
		if x.null || y.null || x.isText || y.isText {
			return value{null: true}
		}
		return number(f(x.num, y.num))
	}
}

func number(v float64) value { return value{num: v, null: math.IsNaN(v) || math.IsInf(v, 0)} }

func (p *parser) unary() (expr, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, badFilter(p.peek().pos, "it is nested too deeply")
	}
	defer func() { p.depth-- }()
	t := p.next()
	switch {
	case t.kind == 'o' && t.text == "-":
		a, err := p.unary()
		if err != nil {
			return nil, err
		}
		return arithmetic(a, a, func(x, _ float64) float64 { return -x }), nil
	case t.kind == 'o' && t.text == "(":
		a, err := p.sum()
		if err != nil {
			return nil, err
		}
		return a, p.need(")")
	case t.kind == 'n':
		v, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, badFilter(t.pos, "%q is no number", t.text)
		}
		return func(int) value { return number(v) }, nil
	case t.kind == 's':
		return func(int) value { return value{text: t.text, isText: true} }, nil
	case t.kind == 'w' && strings.EqualFold(t.text, "abs") && p.op("("):
		a, err := p.sum()
		if err != nil {
			return nil, err
		}
		return arithmetic(a, a, func(x, _ float64) float64 { return math.Abs(x) }), p.need(")")
	case t.kind == 'w' || t.kind == 'q':
		return p.column(t)
	case t.kind == 0:
		return nil, badFilter(t.pos, "something is missing at the end")
	}
	return nil, badFilter(t.pos, "%q does not belong there", t.text)
}

func (p *parser) column(t token) (expr, error) {
	c, ok := p.table.Find(t.text)
	if !ok {
		return nil, badFilter(t.pos, "there is no column %q; there are %s", clip(t.text), strings.Join(p.table.Info().Columns, ", "))
	}
	if c.Texts != nil {
		return func(row int) value { return value{text: c.Texts[row], isText: true, null: c.Texts[row] == ""} }, nil
	}
	return func(row int) value { return number(c.Numbers[row]) }, nil
}
