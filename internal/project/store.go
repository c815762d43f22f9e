package project

import "context"

// Store keeps projects and what was run of them. A change function runs inside
// the write, perhaps more than once, on what is stored at that moment; an error
// of it leaves everything as it was and is given back as it is. What is not
// there is a fault.NotFound.
type Store interface {
	// CreateProject keeps a new project with its files and gives its id.
	CreateProject(ctx context.Context, p Project, files []Stored) (int64, error)
	Project(ctx context.Context, id int64) (Project, error)
	// Projects lists those a user owns or is a member of, oldest first.
	Projects(ctx context.Context, user string) ([]Project, error)
	ChangeProject(ctx context.Context, id int64, change func(*Project) error) (Project, error)
	// PurgeProject forgets a project with everything that hangs on it.
	PurgeProject(ctx context.Context, id int64) error

	// Files reads the files of a project, by name; all of them without names.
	Files(ctx context.Context, project int64, names ...string) ([]Stored, error)
	// EditFiles changes a project and its files in one step.
	EditFiles(ctx context.Context, project int64, edit func(*Project, FileTx) error) error

	// Snapshot reads a source that was kept.
	Snapshot(ctx context.Context, id int64) ([]byte, error)

	// CreateCompile keeps a new compile and its source, which is kept once for
	// each hash, and sets the number of the snapshot.
	CreateCompile(ctx context.Context, c Compile, hash string, source []byte) (Compile, error)
	Compile(ctx context.Context, id string) (Compile, error)
	// FinishCompile keeps a final compile unless one is kept already.
	FinishCompile(ctx context.Context, c Compile) error
	OpenCompiles(ctx context.Context) ([]Compile, error)

	CreateBacktest(ctx context.Context, b Backtest) error
	Backtest(ctx context.Context, id string) (Backtest, error)
	// Backtests lists those of a project, newest first.
	Backtests(ctx context.Context, project int64) ([]Backtest, error)
	ChangeBacktest(ctx context.Context, id string, change func(*Backtest) error) (Backtest, error)
	// FinishBacktest keeps a final backtest with the parts of its result, in one
	// step, unless it is final already or gone; it tells whether it did. The
	// name, note and tags that are stored stay.
	FinishBacktest(ctx context.Context, b Backtest, parts map[string][]byte) (bool, error)
	DeleteBacktest(ctx context.Context, id string) error
	// OpenBacktests lists those that are not final, urgent ones first, then
	// oldest first.
	OpenBacktests(ctx context.Context) ([]Backtest, error)
	// CountOpen counts a user's backtests that are not final.
	CountOpen(ctx context.Context, user string) (int, error)
	// Part reads a part of a final backtest's result, nil where there is none.
	Part(ctx context.Context, id, name string) ([]byte, error)
}

// FileTx is the files of one project inside a write.
type FileTx interface {
	Get(name string) (Stored, bool, error)
	Put(f Stored) error
	Delete(name string) error
	Names() ([]string, error)
	// Size counts the files and their bytes.
	Size() (files int, bytes int64, err error)
}

// Directory knows the users.
type Directory interface {
	// Person finds a user; false when there is none.
	Person(ctx context.Context, user string) (Person, bool, error)
	// PersonByNumber finds one by number.
	PersonByNumber(ctx context.Context, number int64) (Person, bool, error)
}

// MinPriority and MaxPriority bound how urgent work may be; 0 is usual.
const (
	MinPriority = -4
	MaxPriority = 5
)

// Item is work that waits in a queue. The store has the rest.
type Item struct {
	ID string `json:"id"`
	// Priority: higher is taken earlier.
	Priority int `json:"priority,omitempty"`
}

// Queue hands out work: urgent first, then in the order it came. What is in it
// may be lost with the process; the store tells what is open.
type Queue interface {
	Put(ctx context.Context, i Item) error
	// Take waits for work. Whoever takes an item has it alone.
	Take(ctx context.Context) (Item, error)
}
