// Package system holds the tools about the server itself, which are resources
// too. What tells of the machine needs an administrator's scope.
package system

import (
	"context"
	"os"
	"runtime"
	"time"

	"quantdesk/internal/obs"
	"quantdesk/internal/tool"
)

// The scopes: of what is everybody's who runs algorithms, and of the rest.
const (
	account = "qc:account:read"
	admin   = "qc:admin:read"
)

// Info tells what the server runs on.
var Info = tool.Define(tool.Spec{
	Name: "get_system_info", Title: "System information", Toolset: "system", Scopes: []string{admin}, Effect: tool.Read,
	Description: "What the server runs on: system, architecture, processors, runtime.",
	Examples:    []string{`{}`},
}, info)

// Status tells how the server is.
var Status = tool.Define(tool.Spec{
	Name: "get_server_status", Title: "Server status", Toolset: "system", Scopes: []string{account}, Effect: tool.Read,
	Description: "The server's name, version, uptime, source of prices, and which backends you can run algorithms on.",
	Examples:    []string{`{}`},
}, status)

// Summary counts the tools the caller can use.
var Summary = tool.Define(tool.Spec{
	Name: "get_tools_summary", Title: "Tools by toolset", Toolset: "system", Scopes: []string{account}, Effect: tool.Read,
	Description: "The names of the tools you can call, by toolset. search_tools finds one by what it does.",
	Examples:    []string{`{}`},
}, summary)

// Performance tells what the server uses.
var Performance = tool.Define(tool.Spec{
	Name: "get_performance_metrics", Title: "Performance metrics", Toolset: "system", Scopes: []string{admin}, Effect: tool.Read,
	Description: "What the server's process uses: processor time, memory, goroutines; and its uptime. /metrics has every counter.",
	Examples:    []string{`{}`},
}, performance)

// Processes lists the desk's processes.
var Processes = tool.Define(tool.Spec{
	Name: "list_processes", Title: "List the desk's processes", Toolset: "system", Scopes: []string{admin}, Effect: tool.Read,
	Description: "The server's process and its children, which run users' algorithms. Other processes of the machine are not shown.",
	Examples:    []string{`{}`},
}, processes)

type emptyIn struct{}

type infoOut struct {
	Platform     string    `json:"platform" jsonschema:"Operating system."`
	Architecture string    `json:"architecture" jsonschema:"Processor architecture."`
	CPUCount     int       `json:"cpu_count" jsonschema:"Processors it may use."`
	GoVersion    string    `json:"go_version" jsonschema:"Its runtime."`
	Python       string    `json:"python_version" jsonschema:"The interpreter of algorithms."`
	Timestamp    time.Time `json:"timestamp" jsonschema:"Now."`
}

func info(_ context.Context, c *tool.Call, _ emptyIn) (infoOut, error) {
	return infoOut{runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), runtime.Version(), "3.11", c.Deps.Now().UTC()}, nil
}

type statusOut struct {
	ServerName string    `json:"server_name" jsonschema:"Its name."`
	Version    string    `json:"version" jsonschema:"Its version."`
	Status     string    `json:"status" jsonschema:"running."`
	StartedAt  time.Time `json:"started_at" jsonschema:"Since when."`
	Uptime     float64   `json:"uptime_s" jsonschema:"The server's own uptime."`
	MarketData string    `json:"market_data" jsonschema:"Kind and source of prices."`
	VenueTime  time.Time `json:"venue_time" jsonschema:"The venue clock."`
	Backends   []string  `json:"backends" jsonschema:"Where your algorithms can run."`
	Tools      int       `json:"available_tools" jsonschema:"How many you can call."`
	Timestamp  time.Time `json:"timestamp" jsonschema:"Now."`
}

func status(ctx context.Context, c *tool.Call, _ emptyIn) (statusOut, error) {
	_, origin, err := c.Deps.QuantConnect.Credential(ctx, c.Caller.User)
	if err != nil {
		return statusOut{}, err
	}
	backends := []string{"embedded"}
	if origin != "none" {
		backends = append(backends, "cloud")
	}
	now := c.Deps.Now().UTC()
	return statusOut{
		"quantdesk", c.Deps.Version, "running", c.Deps.Started.UTC(), now.Sub(c.Deps.Started).Seconds(), string(c.Deps.Feed.Kind()) + " (" + c.Deps.Feed.Name() + ")", c.Deps.Feed.Now(),
		backends, len(callable(c)), now,
	}, nil
}

// callable lists what the caller can call, listed or not.
func callable(c *tool.Call) []*tool.Tool {
	cat := c.Gate.Catalogue()
	var out []*tool.Tool
	for _, t := range cat.All() {
		if cat.Callable(c.View, c.Gate.Bound(), t) && len(c.Caller.Missing(t.Scopes)) == 0 {
			out = append(out, t)
		}
	}
	return out
}

type toolsetRow struct {
	Toolset string   `json:"toolset" jsonschema:"The toolset."`
	Tools   []string `json:"tools" jsonschema:"Its tools, by name."`
}

type summaryOut struct {
	Toolsets []toolsetRow `json:"toolsets" jsonschema:"By name."`
	Total    int          `json:"total_tools" jsonschema:"All together."`
}

func summary(_ context.Context, c *tool.Call, _ emptyIn) (summaryOut, error) {
	all := callable(c)
	out := summaryOut{Toolsets: []toolsetRow{}, Total: len(all)}
	for _, set := range c.Gate.Catalogue().Toolsets() {
		row := toolsetRow{Toolset: set}
		for _, t := range all {
			if t.Toolset == set {
				row.Tools = append(row.Tools, t.Name)
			}
		}
		if row.Tools != nil {
			out.Toolsets = append(out.Toolsets, row)
		}
	}
	return out, nil
}

type performanceOut struct {
	CPU         float64   `json:"cpu_s" jsonschema:"Processor seconds since the start, of the server's own code."`
	Heap        int64     `json:"heap_bytes" jsonschema:"Live memory."`
	System      int64     `json:"system_bytes" jsonschema:"Memory taken from the system."`
	Goroutines  int       `json:"goroutines" jsonschema:"Concurrent tasks."`
	Collections int64     `json:"gc_cycles" jsonschema:"Garbage collections since the start."`
	Uptime      float64   `json:"uptime_s" jsonschema:"The server's own uptime."`
	Timestamp   time.Time `json:"timestamp" jsonschema:"Now."`
}

func performance(_ context.Context, c *tool.Call, _ emptyIn) (performanceOut, error) {
	u, now := obs.UsageNow(), c.Deps.Now().UTC()
	return performanceOut{u.CPUSeconds, int64(u.HeapBytes), int64(u.SystemBytes), u.Goroutines, int64(u.Collections), now.Sub(c.Deps.Started).Seconds(), now}, nil
}

type processesIn struct {
	Limit int `json:"limit,omitempty" jsonschema:"At most so many." default:"50" minimum:"1" maximum:"100"`
}

type processRow struct {
	PID    int     `json:"pid" jsonschema:"Its number."`
	Kind   string  `json:"kind" jsonschema:"server or run."`
	CPU    float64 `json:"cpu_s" jsonschema:"Processor seconds."`
	Memory int64   `json:"memory_bytes" jsonschema:"Resident memory."`
}

type processesOut struct {
	Processes []processRow `json:"processes" jsonschema:"By number."`
	Total     int          `json:"total" jsonschema:"How many there are."`
}

func processes(_ context.Context, _ *tool.Call, in processesIn) (processesOut, error) {
	if in.Limit == 0 {
		in.Limit = 50
	}
	all := obs.Processes()
	out := processesOut{Processes: []processRow{}, Total: len(all)}
	for _, p := range all[:min(len(all), in.Limit)] {
		kind := "run"
		if p.PID == os.Getpid() {
			kind = "server"
		}
		out.Processes = append(out.Processes, processRow{p.PID, kind, p.CPUSeconds, p.MemoryBytes})
	}
	return out, nil
}
