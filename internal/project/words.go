package project

import (
	"encoding/json"
	"time"
)

// Caller is who asks: a user of the desk.
type Caller struct {
	User string
	// Source names the program that edits, such as "cli"; empty edits without
	// regard to another's lock.
	Source string
	// KeepFiles refuses edits that delete files: the caller may only write.
	KeepFiles bool
}

// Person is a user as other users of the same platform see one.
type Person struct {
	User string
	// Number is the user's number in QuantConnect's protocol.
	Number       int64
	Name         string
	Platform     string
	Organization string
}

// Project is a folder of files with what is set about it.
type Project struct {
	ID           int64       `json:"id"`
	Owner        string      `json:"owner"`
	Organization string      `json:"organization"`
	Name         string      `json:"name"`
	Description  string      `json:"description,omitempty"`
	Language     string      `json:"language"`
	Created      time.Time   `json:"created"`
	Modified     time.Time   `json:"modified"`
	Deleted      bool        `json:"deleted,omitempty"`
	Parameters   []Parameter `json:"parameters,omitempty"`
	// Libraries are the ids of the projects whose files this one imports.
	Libraries []int64  `json:"libraries,omitempty"`
	Members   []Member `json:"members,omitempty"`
	// Nodes are the backtest nodes that were chosen; none chooses by itself.
	Nodes []string `json:"nodes,omitempty"`
	Lock  *Lock    `json:"lock,omitempty"`
}

// binPrefix marks the names of deleted projects.
const binPrefix = "Recycle Bin/"

// Shared tells whether others than the owner may reach the project.
func (p *Project) Shared() bool { return len(p.Members) > 0 }

// member finds what a user may do; the owner may do everything.
func (p *Project) member(user string) (Member, bool) {
	if user == "" {
		return Member{}, false
	}
	if p.Owner == user {
		return Member{User: user, Write: true, LiveControl: true}, true
	}
	for _, m := range p.Members {
		if m.User == user {
			return m, true
		}
	}
	return Member{}, false
}

// Parameter is a value that an algorithm reads with get_parameter. Min, Max,
// Step and Type are kept for the clients that set them.
type Parameter struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"` // a JSON string or number
	Min   json.RawMessage `json:"min,omitempty"`
	Max   json.RawMessage `json:"max,omitempty"`
	Step  json.RawMessage `json:"step,omitempty"`
	Type  string          `json:"type,omitempty"`
}

// Text is the value as the algorithm reads it.
func (p Parameter) Text() string {
	var s string
	if json.Unmarshal(p.Value, &s) == nil {
		return s
	}
	return string(p.Value)
}

// Member is a collaborator other than the owner.
type Member struct {
	User        string `json:"user"`
	Write       bool   `json:"write,omitempty"`
	LiveControl bool   `json:"live_control,omitempty"`
}

// Lock is who edits a shared project.
type Lock struct {
	User   string    `json:"user"`
	Source string    `json:"source"`
	Since  time.Time `json:"since"`
	// Read is set once the holder has seen the files as they are now.
	Read bool `json:"read,omitempty"`
}

// Stored is a file as it is kept.
type Stored struct {
	File
	Modified time.Time
}

// State is where a compile or backtest stands.
type State string

// States; the last four are final.
const (
	Queued    State = "queued"
	Running   State = "running"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Final tells whether a state stays.
func (s State) Final() bool { return s == Succeeded || s == Failed || s == Cancelled }

// Compile is one check of a project's source, which it keeps as it was.
type Compile struct {
	ID      string    `json:"id"`
	Project int64     `json:"project"`
	State   State     `json:"state"`
	Created time.Time `json:"created"`
	// Snapshot is the number of the kept source, Signature its hash.
	Snapshot  int64     `json:"snapshot"`
	Signature string    `json:"signature"`
	Files     []string  `json:"files"`
	Uses      []Use     `json:"uses,omitempty"`
	Problems  []Problem `json:"problems,omitempty"`
	// Failure is why the compiler itself could not do its work.
	Failure string `json:"failure,omitempty"`
}

// Use is a line of a file that reads a parameter.
type Use struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// Backtest is one run of a compiled project, without its bulky parts.
type Backtest struct {
	ID        string      `json:"id"`
	Project   int64       `json:"project"`
	User      string      `json:"user"`
	Name      string      `json:"name"`
	Note      string      `json:"note,omitempty"`
	Tags      []string    `json:"tags,omitempty"`
	Compile   string      `json:"compile"`
	Snapshot  int64       `json:"snapshot"`
	Parameter []Parameter `json:"parameters,omitempty"`
	Priority  int         `json:"priority,omitempty"`
	State     State       `json:"state"`
	Node      string      `json:"node,omitempty"`
	Created   time.Time   `json:"created"`
	Started   time.Time   `json:"started,omitzero"`
	Ended     time.Time   `json:"ended,omitzero"`
	// Attempts counts how often the run was begun: a desk that was killed begins
	// it anew.
	Attempts int `json:"attempts,omitempty"`
	// Progress is where a running one is; it is not kept.
	Progress Progress `json:"-"`
	// Summary is what lists show of a final one.
	Summary *Summary `json:"summary,omitempty"`
}

// Summary is the part of a result that fits a list.
type Summary struct {
	Status            string            `json:"status"`
	Error             string            `json:"error,omitempty"`
	StackTrace        string            `json:"stacktrace,omitempty"`
	Start             time.Time         `json:"start,omitzero"`
	End               time.Time         `json:"end,omitzero"`
	Statistics        map[string]string `json:"statistics,omitempty"`
	RuntimeStatistics map[string]string `json:"runtime_statistics,omitempty"`
	Charts            []string          `json:"charts,omitempty"`
	Orders            int               `json:"orders,omitempty"`
	Insights          int               `json:"insights,omitempty"`
	Logs              int               `json:"logs,omitempty"`
	TradeableDates    int               `json:"tradeable_dates,omitempty"`
	DataPoints        int               `json:"data_points,omitempty"`
	HistoryDataPoints int               `json:"history_data_points,omitempty"`
	DataHash          string            `json:"data_hash,omitempty"`
	EngineVersion     string            `json:"engine_version,omitempty"`
	Seed              uint64            `json:"seed,omitempty"`
}

// Node is a place where backtests run.
type Node struct {
	ID, Name string
	Active   bool
	// Busy and what follows tell what runs there, as far as the caller may know.
	Busy        bool
	User        string
	Project     int64
	ProjectName string
}
