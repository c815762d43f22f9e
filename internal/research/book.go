package research

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/fault"
)

// DefaultBook is the workspace of calls that name none. It is always there.
const DefaultBook = "default"

// The bounds of a user's workspaces.
const (
	maxBooks      = 50
	maxSecurities = 2000
	// maxResults of a workspace are kept; the oldest go first.
	maxResults = 200
)

var nameRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$`)

// Security is an instrument that a workspace follows.
type Security struct {
	Symbol     string `json:"symbol"`
	Resolution string `json:"resolution"`
}

// AltSubscription is a set of alternative data that a workspace follows.
type AltSubscription struct {
	Dataset string `json:"dataset"`
	Symbol  string `json:"symbol"`
}

// Book is a research workspace: a user's own, by name.
type Book struct {
	User        string            `json:"user"`
	Name        string            `json:"name"`
	Created     time.Time         `json:"created"`
	Securities  []Security        `json:"securities"`
	Alternative []AltSubscription `json:"alternative"`
}

// Symbols lists the securities' symbols.
func (b Book) Symbols() []string {
	out := make([]string, len(b.Securities))
	for i, s := range b.Securities {
		out[i] = s.Symbol
	}
	return out
}

// State of a result.
type State string

// The states. Interrupted work was running when the desk ended.
const (
	Running     State = "running"
	Done        State = "done"
	Failed      State = "failed"
	Cancelled   State = "cancelled"
	Interrupted State = "interrupted"
)

// Result is what an analysis left behind.
type Result struct {
	Handle   string    `json:"result"`
	User     string    `json:"user"`
	Book     string    `json:"book"`
	Kind     string    `json:"kind"`
	State    State     `json:"state"`
	Created  time.Time `json:"created"`
	Finished time.Time `json:"finished,omitzero"`
	// Error is set where State is Failed.
	Error string `json:"error,omitempty"`
	Code  string `json:"code,omitempty"`
	// Params are the arguments, Summary the answer.
	Params  json.RawMessage `json:"params,omitempty"`
	Summary json.RawMessage `json:"summary,omitempty"`
	Tables  []TableInfo     `json:"tables,omitempty"`
}

// Store keeps workspaces and results. What is not there is false, no error.
type Store interface {
	Book(ctx context.Context, user, name string) (Book, bool, error)
	Books(ctx context.Context, user string) ([]Book, error)
	// ChangeBook changes a workspace in one step; where there is none it begins with
	// a new one of that name. An error of change leaves everything as it is.
	ChangeBook(ctx context.Context, user, name string, change func(b *Book, fresh bool) error) (Book, error)
	// DropBook forgets a workspace with its results.
	DropBook(ctx context.Context, user, name string) error
	// PutResult keeps a result and its tables, and forgets the oldest beyond keep.
	PutResult(ctx context.Context, r Result, tables []Table, keep int) error
	Result(ctx context.Context, user, handle string) (Result, bool, error)
	// Results lists those of a workspace, newest first, without their summaries.
	Results(ctx context.Context, user, book string) ([]Result, error)
	// OpenResults lists all that are running.
	OpenResults(ctx context.Context) ([]Result, error)
	Table(ctx context.Context, handle, name string) (Table, bool, error)
}

// Book finds a workspace; the default one needs not be made first.
func (s *Service) Book(ctx context.Context, c Caller, name string) (Book, error) {
	if name == "" {
		name = DefaultBook
	}
	b, ok, err := s.cfg.Store.Book(ctx, c.User, name)
	if err == nil && !ok {
		if name == DefaultBook {
			return Book{User: c.User, Name: name, Created: s.cfg.Now().UTC()}, nil
		}
		err = fault.E("research.Book", fault.NotFound, "there is no research workspace %q", clip(name)).With("argument", "instance_name").
			Hinted("Make it with initialize_quantbook, or see list_quantbook_instances.")
	}
	return b, err
}

// Books lists a user's workspaces by name.
func (s *Service) Books(ctx context.Context, c Caller) ([]Book, error) {
	return s.cfg.Store.Books(ctx, c.User)
}

// Results lists what a workspace holds, newest first, without the summaries.
func (s *Service) Results(ctx context.Context, c Caller, book string) ([]Result, error) {
	return s.cfg.Store.Results(ctx, c.User, book)
}

// OpenBook makes a workspace unless it is there; fresh tells that it was not.
func (s *Service) OpenBook(ctx context.Context, c Caller, name string) (b Book, fresh bool, err error) {
	if name == "" {
		name = DefaultBook
	}
	if !nameRule.MatchString(name) {
		return b, false, fault.E("research.OpenBook", fault.Invalid, "the name of a workspace begins with a letter or digit and has 1 to 64 of letters, digits, space, dot, dash and underscore").With("argument", "instance_name")
	}
	all, err := s.cfg.Store.Books(ctx, c.User)
	if err != nil {
		return b, false, err
	}
	if len(all) >= maxBooks && !slices.ContainsFunc(all, func(b Book) bool { return b.Name == name }) {
		return b, false, fault.E("research.OpenBook", fault.Conflict, "there are %d workspaces already; that is the most", maxBooks).
			Hinted("Remove one with remove_quantbook_instance.")
	}
	b, err = s.change(ctx, c, name, func(*Book) error { return nil }, &fresh)
	return b, fresh, err
}

func (s *Service) change(ctx context.Context, c Caller, name string, change func(*Book) error, fresh *bool) (Book, error) {
	return s.cfg.Store.ChangeBook(ctx, c.User, name, func(b *Book, isNew bool) error {
		if fresh != nil {
			*fresh = isNew
		}
		if isNew {
			b.Created = s.cfg.Now().UTC()
		}
		return change(b)
	})
}

// DropBook forgets a workspace with its results and ends its jobs.
func (s *Service) DropBook(ctx context.Context, c Caller, name string) error {
	if _, ok, err := s.cfg.Store.Book(ctx, c.User, name); err != nil || !ok {
		if err == nil {
			err = fault.E("research.DropBook", fault.NotFound, "there is no research workspace %q", clip(name)).With("argument", "instance_name").
				Hinted("See list_quantbook_instances.")
		}
		return err
	}
	s.mu.Lock()
	for _, j := range s.jobs {
		if j.user == c.User && j.book == name {
			j.cancel(errCancelled)
		}
	}
	s.mu.Unlock()
	return s.cfg.Store.DropBook(ctx, c.User, name)
}

// Added tells of one symbol that was to be added.
type Added struct {
	Symbol string `json:"symbol" jsonschema:"As it was asked for, or as it is known."`
	Added  bool   `json:"added" jsonschema:"False where it could not be."`
	Reason string `json:"reason,omitempty" jsonschema:"Why not, or that it was there already."`
}

// AddSecurities subscribes a workspace to instruments. Unknown ones do not stop
// the others; each is told of.
func (s *Service) AddSecurities(ctx context.Context, c Caller, book string, symbols []string, resolution string) ([]Added, Book, error) {
	r, err := parseResolution(resolution)
	if err != nil {
		return nil, Book{}, err
	}
	if _, err := s.Book(ctx, c, book); err != nil {
		return nil, Book{}, err
	}
	if book == "" {
		book = DefaultBook
	}
	var told []Added
	b, err := s.change(ctx, c, book, func(b *Book) error {
		told = told[:0]
		for _, symbol := range symbols {
			in, ok := s.cfg.Prices.Lookup(symbol)
			if !ok {
				told = append(told, Added{Symbol: clip(symbol), Reason: "there is no such instrument"})
				continue
			}
			a := Added{Symbol: in.Symbol, Added: true}
			at := slices.IndexFunc(b.Securities, func(x Security) bool { return x.Symbol == in.Symbol })
			switch {
			case at >= 0:
				b.Securities[at].Resolution = r.String()
				a.Reason = "was there already"
			case len(b.Securities) >= maxSecurities:
				a.Added, a.Reason = false, "the workspace is full"
			default:
				b.Securities = append(b.Securities, Security{in.Symbol, r.String()})
			}
			told = append(told, a)
		}
		return nil
	}, nil)
	return told, b, err
}

// NotAdded is the error of a symbol that could not be added.
func (s *Service) NotAdded(a Added) error {
	if _, ok := s.cfg.Prices.Lookup(a.Symbol); !ok {
		return unknown("research.AddSecurities", a.Symbol)
	}
	return fault.E("research.AddSecurities", fault.Conflict, "%s is not added: %s", a.Symbol, a.Reason).With("limit", maxSecurities)
}

// AddAlternative subscribes a workspace to alternative data about a symbol.
func (s *Service) AddAlternative(ctx context.Context, c Caller, book, dataset, symbol string) (Book, error) {
	const op = "research.AddAlternative"
	if _, err := s.Book(ctx, c, book); err != nil {
		return Book{}, err
	}
	if book == "" {
		book = DefaultBook
	}
	in, ok := s.cfg.Prices.Lookup(symbol)
	if !ok {
		return Book{}, unknown(op, symbol)
	}
	set, err := s.dataset(ctx, dataset)
	if err != nil {
		return Book{}, err
	}
	return s.change(ctx, c, book, func(b *Book) error {
		sub := AltSubscription{set, in.Symbol}
		if !slices.Contains(b.Alternative, sub) {
			b.Alternative = append(b.Alternative, sub)
		}
		return nil
	}, nil)
}

// dataset finds a data set by its name, case-insensitively.
func (s *Service) dataset(ctx context.Context, name string) (string, error) {
	all, err := s.cfg.Reference.Datasets(ctx)
	if err != nil {
		return "", err
	}
	for _, d := range all {
		if strings.EqualFold(d, name) {
			return d, nil
		}
	}
	e := fault.E("research.dataset", fault.NotFound, "there is no alternative data set %q here", clip(name)).With("argument", "data_type")
	if len(all) == 0 {
		return "", e.Hinted("This market data folder has none.")
	}
	return "", e.Hinted("There is: %s.", strings.Join(all, ", "))
}

func unknown(op, symbol string) error {
	return fault.E(op, fault.UnknownSymbol, "there is no instrument %q", clip(symbol)).With("argument", "symbols").With("value", clip(symbol)).
		Hinted("Call search_instruments to find its symbol.")
}

// clip keeps an echo of what was asked from growing.
func clip(s string) string {
	return fault.Clip(s, 40)
}
