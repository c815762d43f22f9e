package research

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"quantdesk/internal/fault"
)

// Question is what Query asks of a table.
type Question struct {
	Handle string
	// Table may be empty where the result has one table.
	Table string
	// Filter is an SQL WHERE, Order an SQL ORDER BY; see the grammar in filter.go.
	Filter, Order string
	// Columns to give back, all where there is none.
	Columns       []string
	Offset, Limit int
}

// Answer is a page of a table.
type Answer struct {
	Result Result
	Table  TableInfo
	// Columns are those of the rows, in their order.
	Columns []string
	Rows    []map[string]any
	// Matched counts the rows that pass the filter.
	Matched int
}

// Find gives a result that the caller owns.
func (s *Service) Find(ctx context.Context, c Caller, handle string) (Result, error) {
	r, ok, err := s.cfg.Store.Result(ctx, c.User, handle)
	if err == nil && !ok {
		err = fault.E("research.Find", fault.NotFound, "there is no result %q", clip(handle)).With("argument", "result").
			Hinted("Handles are in the answers of the analyses; get_quantbook_info lists those of a workspace.")
	}
	return r, err
}

// Read gives a whole table of a result; name may be empty where it has one.
func (s *Service) Read(ctx context.Context, c Caller, handle, name string) (Result, Table, error) {
	const op = "research.Read"
	r, err := s.Find(ctx, c, handle)
	if err != nil {
		return r, Table{}, err
	}
	if r.State != Done {
		return r, Table{}, fault.E(op, fault.Conflict, "the result %s is %s", handle, r.State).Hinted("Wait for it with query_result and no table.")
	}
	var names []string
	for _, t := range r.Tables {
		names = append(names, t.Name)
	}
	if name == "" && len(names) == 1 {
		name = names[0]
	}
	if !slices.Contains(names, name) {
		e := fault.E(op, fault.NotFound, "the result %s has no table %q", handle, clip(name)).With("argument", "table")
		if len(names) == 0 {
			return r, Table{}, e.Hinted("It has a summary only.")
		}
		return r, Table{}, e.Hinted("It has: %s.", strings.Join(names, ", "))
	}
	t, ok, err := s.cfg.Store.Table(ctx, handle, name)
	if err == nil && !ok {
		err = fault.E(op, fault.NotFound, "the table %s of %s is gone", name, handle).Hinted("Run the analysis again.")
	}
	return r, t, err
}

// Query reads rows of a table.
func (s *Service) Query(ctx context.Context, c Caller, q Question) (Answer, error) {
	const op = "research.Query"
	r, t, err := s.Read(ctx, c, q.Handle, q.Table)
	if err != nil {
		return Answer{}, err
	}
	pass, err := parseFilter(t, q.Filter)
	if err != nil {
		return Answer{}, err
	}
	less, err := parseOrder(t, q.Order)
	if err != nil {
		return Answer{}, err
	}
	for _, name := range q.Columns {
		if _, ok := t.Find(name); !ok {
			return Answer{}, fault.E(op, fault.InvalidParameter, "there is no column %q", clip(name)).With("argument", "columns").
				Hinted("There are: %s.", strings.Join(t.Info().Columns, ", "))
		}
	}
	var rows []int
	for i := range t.Rows() {
		if pass(i) == yes {
			rows = append(rows, i)
		}
	}
	if less != nil {
		slices.SortStableFunc(rows, less)
	}
	a := Answer{Result: r, Table: t.Info(), Columns: q.Columns, Rows: []map[string]any{}, Matched: len(rows)}
	if len(a.Columns) == 0 {
		a.Columns = a.Table.Columns
	}
	from := min(max(q.Offset, 0), len(rows))
	for _, i := range rows[from:min(from+q.Limit, len(rows))] {
		a.Rows = append(a.Rows, t.Row(i, a.Columns...))
	}
	return a, nil
}

// parseOrder reads "column [ASC|DESC], …"; missing values come last.
func parseOrder(t Table, text string) (func(a, b int) int, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	type key struct {
		c    Column
		sign int
	}
	var keys []key
	for part := range strings.SplitSeq(text, ",") {
		words := strings.Fields(part)
		sign := 1
		if n := len(words); n == 2 && (strings.EqualFold(words[1], "DESC") || strings.EqualFold(words[1], "ASC")) {
			if strings.EqualFold(words[1], "DESC") {
				sign = -1
			}
			words = words[:1]
		}
		var c Column
		ok := false
		if len(words) == 1 {
			c, ok = t.Find(strings.Trim(words[0], `"`))
		}
		if !ok {
			return nil, fault.E("research.order", fault.InvalidParameter, "order: %q is no column, perhaps with ASC or DESC", clip(strings.TrimSpace(part))).With("argument", "order").
				Hinted("The columns are %s.", strings.Join(t.Info().Columns, ", "))
		}
		keys = append(keys, key{c, sign})
	}
	return func(a, b int) int {
		for _, k := range keys {
			if k.c.Texts != nil {
				x, y := k.c.Texts[a], k.c.Texts[b]
				if (x == "") != (y == "") {
					return ifElse(x == "", 1, -1)
				}
				if c := strings.Compare(x, y); c != 0 {
					return c * k.sign
				}
				continue
			}
			x, y := k.c.Numbers[a], k.c.Numbers[b]
			if math.IsNaN(x) != math.IsNaN(y) {
				return ifElse(math.IsNaN(x), 1, -1)
			}
			if c := cmp.Compare(x, y); c != 0 {
				return c * k.sign
			}
		}
		return 0
	}, nil
}

func ifElse(b bool, x, y int) int {
	if b {
		return x
	}
	return y
}
