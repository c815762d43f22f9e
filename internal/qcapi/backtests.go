package qcapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/project"
)

func backtestRoutes() []endpoint {
	return []endpoint{
		handle("backtests/create", "qc:backtests:write", createBacktest),
		handle("backtests/read", "qc:backtests:read", readBacktest),
		handle("backtests/list", "qc:backtests:read", listBacktests),
		handle("backtests/update", "qc:backtests:write", updateBacktest),
		handle("backtests/delete", "qc:backtests:delete", deleteBacktest),
		handle("backtests/tags/update", "qc:backtests:write", tagBacktest),
		handle("backtests/chart/read", "qc:backtests:read", readChart),
		handle("backtests/orders/read", "qc:backtests:read", readOrders),
		handle("backtests/read/insights", "qc:backtests:read", readInsights),
		handle("backtests/insights/read", "qc:backtests:read", readInsights),
		handle("backtests/read/report", "qc:backtests:read", readReport),
		handle("backtests/read/log", "qc:backtests:read", readLog),
	}
}

// status is the text that clients wait on.
func status(b project.Backtest) string {
	switch b.State {
	case project.Queued:
		return "In Queue..."
	case project.Running:
		return fmt.Sprintf("Running: %d%%", int(100*b.Progress.Fraction))
	case project.Succeeded:
		return "Completed."
	}
	return "Runtime Error"
}

// initializing begins the error of an algorithm that failed before its first bar.
const initializing = "During the algorithm initialization"

// common is what a backtest and its entry in a list share.
func common(b project.Backtest) fields {
	f := fields{
		"backtestId": b.ID, "name": b.Name, "status": status(b), "created": stamp(b.Created), "progress": b.Progress.Fraction, "optimizationId": nil,
		"tradeableDates": 0, "parameterSet": parameterSet(b.Parameter), "snapshotId": b.Snapshot, "snapShotId": b.Snapshot, "tags": nonNil(b.Tags),
	}
	if b.Summary != nil {
		f["tradeableDates"] = b.Summary.TradeableDates
	}
	return f
}

func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// noPerformance stands where a final backtest has none: clients wait for one.
var noPerformance = json.RawMessage(`{"tradeStatistics":{},"portfolioStatistics":{},"closedTrades":[]}`)

func (c *call) backtest(b project.Backtest) (fields, error) {
	f := common(b)
	p, err := c.cfg.Projects.Project(c.ctx, c.caller(""), b.Project)
	if err != nil {
		return nil, err
	}
	maps.Copy(f, fields{
		"note": b.Note, "organizationId": p.Organization, "projectId": b.Project, "completed": b.State.Final(), "error": nil, "stacktrace": nil,
		"hasInitializeError": false, "backtestStart": nil, "backtestEnd": nil, "charts": fields{}, "rollingWindow": fields{}, "runtimeStatistics": nil,
		"statistics": nil, "totalPerformance": nil, "nodeName": b.Node, "outOfSampleMaxEndDate": nil, "outOfSampleDays": 0,
		"serverStatistics": fields{}, "analysis": []any{},
		"researchGuide": fields{"minutes": 0, "backtestCount": 1, "parameters": len(b.Parameter)},
	})
	if b.State == project.Running && !b.Progress.Reached.IsZero() {
		f["runtimeStatistics"] = fields{"Equity": b.Progress.Equity, "Date Reached": b.Progress.Reached.UTC().Format(time.DateOnly)}
	}
	s := b.Summary
	if s == nil {
		return f, nil
	}
	perf, err := c.cfg.Projects.Performance(c.ctx, b)
	if err != nil {
		return nil, err
	}
	f["totalPerformance"] = noPerformance
	if len(perf.Total) > 0 && string(perf.Total) != "null" {
		f["totalPerformance"] = perf.Total
	}
	if len(perf.Rolling) > 0 && string(perf.Rolling) != "null" {
		f["rollingWindow"] = perf.Rolling
	}
	if s.Error != "" {
		f["error"], f["hasInitializeError"] = s.Error, strings.HasPrefix(s.Error, initializing)
		if s.StackTrace != "" {
			f["stacktrace"] = s.StackTrace
		}
	}
	f["backtestStart"], f["backtestEnd"] = stampOrNil(s.Start), stampOrNil(s.End)
	charts := fields{}
	for _, name := range s.Charts {
		charts[name] = fields{"name": name}
	}
	f["charts"], f["statistics"], f["runtimeStatistics"] = charts, ordered(s.Statistics), texts(s.RuntimeStatistics)
	f["serverStatistics"] = fields{
		"Engine Version": s.EngineVersion, "Data Hash": s.DataHash, "Seed": fmt.Sprint(s.Seed), "Data Points": fmt.Sprint(s.DataPoints),
		"History Data Points": fmt.Sprint(s.HistoryDataPoints), "Orders": fmt.Sprint(s.Orders), "Insights": fmt.Sprint(s.Insights), "Log Lines": fmt.Sprint(s.Logs),
	}
	return f, nil
}

func texts(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func createBacktest(c *call, in struct {
	ProjectID               number
	CompileID, BacktestName text
	Parameters              json.RawMessage
}) (any, error) {
	list, err := parameters(in.Parameters)
	if err != nil {
		return nil, err
	}
	b, err := c.cfg.Projects.CreateBacktest(c.ctx, c.caller(""), int64(in.ProjectID), project.NewBacktest{
		Compile: string(in.CompileID), Name: string(in.BacktestName), Parameters: list,
	})
	if err != nil {
		return nil, err
	}
	f, err := c.backtest(b)
	return fields{"backtest": f, "debugging": false}, err
}

type one struct {
	ProjectID  number
	BacktestID text
}

func (c *call) find(in one) (project.Backtest, error) {
	return c.cfg.Projects.Backtest(c.ctx, c.caller(""), int64(in.ProjectID), string(in.BacktestID))
}

func readBacktest(c *call, in one) (any, error) {
	b, err := c.find(in)
	if err != nil {
		return nil, err
	}
	f, err := c.backtest(b)
	return fields{"backtest": f, "debugging": false}, err
}

func listBacktests(c *call, in struct {
	ProjectID         number
	IncludeStatistics flag
}) (any, error) {
	list, err := c.cfg.Projects.Backtests(c.ctx, c.caller(""), int64(in.ProjectID))
	if err != nil {
		return nil, err
	}
	out := []fields{}
	for _, b := range list {
		f := common(b)
		if in.IncludeStatistics && b.Summary != nil {
			maps.Copy(f, numbers(b))
		}
		out = append(out, f)
	}
	return fields{"backtests": out, "count": len(out)}, nil
}

func updateBacktest(c *call, in struct {
	one
	Name, Note *text
}) (any, error) {
	return nil, c.cfg.Projects.UpdateBacktest(c.ctx, c.caller(""), int64(in.ProjectID), string(in.BacktestID), (*string)(in.Name), (*string)(in.Note))
}

func deleteBacktest(c *call, in one) (any, error) {
	return nil, c.cfg.Projects.DeleteBacktest(c.ctx, c.caller(""), int64(in.ProjectID), string(in.BacktestID))
}

func tagBacktest(c *call, in struct {
	one
	Tags *listOf[text]
}) (any, error) {
	if in.Tags == nil {
		return nil, given("tags", false)
	}
	tags := []string{}
	for _, t := range *in.Tags {
		tags = append(tags, string(t))
	}
	return nil, c.cfg.Projects.TagBacktest(c.ctx, c.caller(""), int64(in.ProjectID), string(in.BacktestID), tags)
}

// loading answers for what is there once the backtest has ended.
func loading(b project.Backtest) fields {
	return fields{"progress": b.Progress.Fraction, "status": "loading"}
}

func readChart(c *call, in struct {
	one
	Name              text
	Count, Start, End *number
}) (any, error) {
	if err := given("name", in.Name != ""); err != nil {
		return nil, err
	}
	span, err := chartSpan((*int64)(in.Count), (*int64)(in.Start), (*int64)(in.End))
	if err != nil {
		return nil, err
	}
	b, err := c.find(in.one)
	if err != nil {
		return nil, err
	}
	if !b.State.Final() {
		return loading(b), nil
	}
	raw, err := c.cfg.Projects.Chart(c.ctx, b, string(in.Name))
	if err != nil {
		return nil, err
	}
	chart, err := span.cut(raw)
	return fields{"chart": chart}, err
}

type windowed struct {
	one
	Start, End number
}

func readOrders(c *call, in windowed) (any, error) {
	b, err := c.find(in.one)
	if err != nil {
		return nil, err
	}
	list, err := c.cfg.Projects.Orders(c.ctx, b, int(in.Start), int(in.End))
	n := 0
	if b.Summary != nil {
		n = b.Summary.Orders
	}
	return fields{"orders": nonNil(list), "length": n}, err
}

func readInsights(c *call, in windowed) (any, error) {
	b, err := c.find(in.one)
	if err != nil {
		return nil, err
	}
	if in.End == 0 {
		in.End = in.Start + project.MaxWindow
	}
	list, err := c.cfg.Projects.Insights(c.ctx, b, int(in.Start), int(in.End))
	n := 0
	if b.Summary != nil {
		n = b.Summary.Insights
	}
	return fields{"insights": nonNil(list), "length": n}, err
}

// maxLines is how many lines of a log one read gives.
const maxLines = 200

func readLog(c *call, in struct {
	windowed
	Query text
}) (any, error) {
	b, err := c.find(in.one)
	if err != nil {
		return nil, err
	}
	if in.End == 0 {
		in.End = in.Start + maxLines
	}
	if in.Start < 0 || in.End < in.Start || in.End-in.Start > maxLines {
		return nil, fault.E("qcapi.readLog", fault.Invalid, "start %d and end %d do not enclose 0 to %d lines", in.Start, in.End, maxLines)
	}
	lines, err := c.cfg.Projects.Logs(c.ctx, b)
	if err != nil {
		return nil, err
	}
	if in.Query != "" {
		var hits []string
		for _, l := range lines {
			if strings.Contains(l, string(in.Query)) {
				hits = append(hits, l)
			}
		}
		lines = hits
	}
	n := len(lines)
	return fields{"logs": nonNil(lines[min(int(in.Start), n):min(int(in.End), n)]), "length": n}, nil
}

func readReport(c *call, in one) (any, error) {
	b, err := c.find(in)
	if err != nil {
		return nil, err
	}
	if !b.State.Final() {
		f := loading(b)
		f["generating"] = true
		return f, nil
	}
	html, err := c.report(b)
	return fields{"report": html}, err
}
