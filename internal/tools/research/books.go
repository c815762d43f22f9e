// Package research holds the tools of the toolset research: workspaces, data and
// analytics. They hand on to the room of that name.
package research

import (
	"context"
	"time"

	"quantdesk/internal/identity"
	"quantdesk/internal/research"
	"quantdesk/internal/tool"
)

const toolset = "research"

var (
	reads  = []string{identity.ResearchRead, identity.MarketRead}
	writes = []string{identity.ResearchWrite}
)

// spellings are the other names that arguments of this toolset are known by.
var spellings = map[string][]string{
	"start_date": {"start", "from"}, "end_date": {"end", "to"}, "resolution": {"interval", "timeframe"},
	"instance_name": {"name", "instance", "workspace", "quantbook"}, "symbols": {"symbol", "tickers", "ticker"}, "symbol": {"ticker"}, "ticker": {"symbol"}, "tickers": {"symbols"},
	"lookback_period": {"lookback", "window"}, "benchmark_symbol": {"benchmark"}, "portfolio_symbols": {"symbols", "tickers"}, "date": {"as_of", "on"},
	"etf_ticker": {"etf", "symbol", "ticker", "fund"}, "data_type": {"dataset"}, "result": {"handle", "result_id", "job_id"},
	"filter": {"where"}, "order": {"order_by", "sort"}, "columns": {"select", "fields"},
}

// spelled gives the aliases of arguments.
func spelled(arguments ...string) map[string]string {
	out := map[string]string{}
	for _, a := range arguments {
		for _, s := range spellings[a] {
			out[s] = a
		}
	}
	return out
}

// report hands an analysis' progress to the caller.
func report(c *tool.Call) research.Report {
	return func(done float64, message string) {
		c.Report(tool.Progress{Done: done, Total: 1, Message: message})
	}
}

// priced is the provenance of an answer about prices up to now.
func priced(c *tool.Call) tool.Provenance {
	return c.Priced(c.Deps.Feed.Now(), c.Deps.Feed.Kind())
}

// named is the input of tools about one workspace.
type named struct {
	Book string `json:"instance_name,omitempty" jsonschema:"Research workspace." default:"default"`
}

// Initialize makes a workspace.
var Initialize = tool.Define(tool.Spec{
	Name: "initialize_quantbook", Title: "Open a research workspace", Toolset: toolset, Scopes: writes, Effect: tool.Write, Idempotent: true,
	Description: "Make a research workspace, or find it again: it keeps securities and results, is yours, and lasts. The default one needs no making.",
	Aliases:     spelled("instance_name"),
	Examples:    []string{`{"instance_name":"pairs"}`},
}, initialize)

type initializeIn struct {
	named
	Organization string `json:"organization_id,omitempty" jsonschema:"Accepted for QuantConnect's callers; not used."`
	Token        string `json:"token,omitempty" jsonschema:"Accepted for QuantConnect's callers; not used."`
}

type initializeOut struct {
	Book      string   `json:"instance_name" jsonschema:"The workspace."`
	Status    string   `json:"status" jsonschema:"created or open."`
	Available []string `json:"available_instances" jsonschema:"All workspaces."`
}

func initialize(ctx context.Context, c *tool.Call, in initializeIn) (initializeOut, error) {
	b, fresh, err := c.Deps.Research.OpenBook(ctx, c.Researcher(), in.Book)
	if err != nil {
		return initializeOut{}, err
	}
	out := initializeOut{Book: b.Name, Status: "open"}
	if fresh {
		out.Status = "created"
	}
	out.Available, err = names(ctx, c)
	return out, err
}

func names(ctx context.Context, c *tool.Call) ([]string, error) {
	all, err := c.Deps.Research.Books(ctx, c.Researcher())
	out := make([]string, len(all))
	for i, b := range all {
		out[i] = b.Name
	}
	return out, err
}

// List lists the workspaces.
var List = tool.Define(tool.Spec{
	Name: "list_quantbook_instances", Title: "List research workspaces", Toolset: toolset, Scopes: []string{identity.ResearchRead}, Effect: tool.Read, Rows: "instances",
	Description: "Your research workspaces with how many securities each follows.",
	Examples:    []string{`{}`},
}, list)

type bookRow struct {
	Name       string    `json:"instance_name" jsonschema:"The workspace."`
	Created    time.Time `json:"created_at" jsonschema:"When it was made."`
	Securities int       `json:"securities_count" jsonschema:"Securities it follows."`
}

type listOut struct {
	Books []bookRow `json:"instances" jsonschema:"By name."`
	Count int       `json:"count" jsonschema:"How many there are."`
	tool.Listing
}

func list(ctx context.Context, c *tool.Call, in tool.Page) (listOut, error) {
	all, err := c.Deps.Research.Books(ctx, c.Researcher())
	if err != nil {
		return listOut{}, err
	}
	page, next, err := tool.Slice(all, in)
	out := listOut{Books: []bookRow{}, Count: len(all), Listing: tool.Listing{NextCursor: next}}
	for _, b := range page {
		out.Books = append(out.Books, bookRow{b.Name, b.Created, len(b.Securities)})
	}
	if len(all) == 0 {
		out.Hints = []string{"The workspace default is always there; initialize_quantbook makes others."}
	}
	return out, err
}

// Info tells of one workspace.
var Info = tool.Define(tool.Spec{
	Name: "get_quantbook_info", Title: "Read a research workspace", Toolset: toolset, Scopes: []string{identity.ResearchRead}, Effect: tool.Read,
	Description: "What a research workspace follows and the handles of its latest results, for query_result.",
	Aliases:     spelled("instance_name"),
	Examples:    []string{`{}`},
}, info)

type resultRow struct {
	Result  string               `json:"result" jsonschema:"The handle."`
	Kind    string               `json:"kind" jsonschema:"The tool that made it."`
	State   research.State       `json:"state" jsonschema:"done, running, failed, cancelled or interrupted."`
	Created time.Time            `json:"created_at" jsonschema:"When it was asked for."`
	Tables  []research.TableInfo `json:"tables" jsonschema:"What it holds."`
}

type infoOut struct {
	Book        string                     `json:"instance_name" jsonschema:"The workspace."`
	Created     time.Time                  `json:"created_at" jsonschema:"When it was made."`
	Count       int                        `json:"securities_count" jsonschema:"Securities it follows."`
	Securities  []research.Security        `json:"securities" jsonschema:"The first 100 of them."`
	Alternative []research.AltSubscription `json:"alternative_data" jsonschema:"Alternative data it follows."`
	Results     []resultRow                `json:"results" jsonschema:"The latest 20, newest first."`
	Methods     []string                   `json:"available_methods" jsonschema:"Tools that work on it."`
}

// The rows an answer about a workspace shows.
const (
	shownSecurities = 100
	shownResults    = 20
)

func info(ctx context.Context, c *tool.Call, in named) (infoOut, error) {
	b, err := c.Deps.Research.Book(ctx, c.Researcher(), in.Book)
	if err != nil {
		return infoOut{}, err
	}
	results, err := c.Deps.Research.Results(ctx, c.Researcher(), b.Name)
	if err != nil {
		return infoOut{}, err
	}
	out := infoOut{
		Book: b.Name, Created: b.Created, Count: len(b.Securities), Securities: append([]research.Security{}, b.Securities[:min(len(b.Securities), shownSecurities)]...),
		Alternative: append([]research.AltSubscription{}, b.Alternative...), Results: []resultRow{}, Methods: []string{},
	}
	for _, r := range results[:min(len(results), shownResults)] {
		out.Results = append(out.Results, resultRow{r.Handle, r.Kind, r.State, r.Created, append([]research.TableInfo{}, r.Tables...)})
	}
	for _, t := range c.Gate.Catalogue().Listed(tool.View{Toolsets: []string{toolset}}, c.Caller) {
		out.Methods = append(out.Methods, t.Name)
	}
	return out, nil
}

// Remove forgets a workspace.
var Remove = tool.Define(tool.Spec{
	Name: "remove_quantbook_instance", Title: "Remove a research workspace", Toolset: toolset, Scopes: writes, Effect: tool.Destroy,
	Description: "Forget a research workspace with all its results, for good.",
	Aliases:     spelled("instance_name"),
	Examples:    []string{`{"instance_name":"pairs"}`},
}, remove)

type removeIn struct {
	Book string `json:"instance_name" jsonschema:"The workspace to forget."`
}

type removeOut struct {
	Status    string   `json:"status" jsonschema:"removed."`
	Remaining []string `json:"remaining_instances" jsonschema:"The workspaces that are left."`
}

func remove(ctx context.Context, c *tool.Call, in removeIn) (removeOut, error) {
	if err := c.Deps.Research.DropBook(ctx, c.Researcher(), in.Book); err != nil {
		return removeOut{}, err
	}
	left, err := names(ctx, c)
	return removeOut{"removed", left}, err
}

// AddEquity follows one security.
var AddEquity = tool.Define(tool.Spec{
	Name: "add_equity", Title: "Follow a security in research", Toolset: toolset, Scopes: writes, Effect: tool.Write, Idempotent: true,
	Description: "Have a research workspace follow an instrument, so that analyses without symbols use it. Forex, crypto and indices too.",
	Aliases:     spelled("ticker", "resolution"),
	Examples:    []string{`{"ticker":"AAPL"}`},
}, addEquity)

type addIn struct {
	Ticker     string `json:"ticker" jsonschema:"The instrument."`
	Resolution string `json:"resolution,omitempty" jsonschema:"daily, hour, minute …" default:"daily"`
	named
}

type addOut struct {
	Ticker     string `json:"ticker" jsonschema:"As it was asked for."`
	Symbol     string `json:"symbol" jsonschema:"As it is known."`
	Resolution string `json:"resolution" jsonschema:"Bar size."`
	Status     string `json:"status" jsonschema:"added, or was there already."`
	Count      int    `json:"securities_count" jsonschema:"Securities the workspace follows now."`
}

func addEquity(ctx context.Context, c *tool.Call, in addIn) (addOut, error) {
	told, b, err := c.Deps.Research.AddSecurities(ctx, c.Researcher(), in.Book, []string{in.Ticker}, in.Resolution)
	if err != nil {
		return addOut{}, err
	}
	if !told[0].Added {
		return addOut{}, c.Deps.Research.NotAdded(told[0])
	}
	out := addOut{tool.Echo(in.Ticker), told[0].Symbol, "", "added", len(b.Securities)}
	if told[0].Reason != "" {
		out.Status = told[0].Reason
	}
	for _, s := range b.Securities {
		if s.Symbol == out.Symbol {
			out.Resolution = s.Resolution
		}
	}
	return out, nil
}

// AddEquities follows many securities.
var AddEquities = tool.Define(tool.Spec{
	Name: "add_multiple_equities", Title: "Follow securities in research", Toolset: toolset, Scopes: writes, Effect: tool.Write, Idempotent: true,
	Description: "Have a research workspace follow several instruments at once. Each one that cannot be added is told with its reason.",
	Aliases:     spelled("tickers", "resolution"),
	Examples:    []string{`{"tickers":["KO","PEP"]}`},
}, addEquities)

type addManyIn struct {
	Tickers    []string `json:"tickers" jsonschema:"The instruments." maxItems:"1000"`
	Resolution string   `json:"resolution,omitempty" jsonschema:"daily, hour, minute …" default:"daily"`
	named
}

type addManyOut struct {
	Results []research.Added `json:"results" jsonschema:"One for each that was asked for."`
	Added   int              `json:"total_added" jsonschema:"How many are followed now of those asked for."`
	Failed  int              `json:"total_failed" jsonschema:"How many could not be added."`
	Count   int              `json:"securities_count" jsonschema:"Securities the workspace follows now."`
}

func manyOut(told []research.Added, b research.Book) addManyOut {
	out := addManyOut{Results: told, Count: len(b.Securities)}
	for _, a := range told {
		if a.Added {
			out.Added++
		} else {
			out.Failed++
		}
	}
	return out
}

func addEquities(ctx context.Context, c *tool.Call, in addManyIn) (addManyOut, error) {
	told, b, err := c.Deps.Research.AddSecurities(ctx, c.Researcher(), in.Book, in.Tickers, in.Resolution)
	return manyOut(told, b), err
}
