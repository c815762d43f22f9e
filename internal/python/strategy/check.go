package strategy

import (
	"context"
	"errors"
	"fmt"

	"quantdesk/internal/algo"
	"quantdesk/internal/project"
	"quantdesk/internal/python"
)

// Inspection is a job that reads the API, or code that uses it, and runs no code
// of the user.
type Inspection struct {
	Home         string         `json:"home"`
	Library      string         `json:"library"`
	SitePackages []string       `json:"site_packages,omitempty"`
	Source       project.Source `json:"source"`
}

// inspect opens the interpreter with the API on an engine without data, and
// calls a function of one of its modules. The user's folders are not on its path.
func (j Inspection) inspect(ctx context.Context, module, function string, args ...any) (any, error) {
	p, err := python.Open(python.Options{Home: j.Home, Path: []string{j.Library}, SitePackages: j.SitePackages})
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { p.Interrupt("the check was stopped") })
	defer stop()
	h, err := newHost(p, algo.NewEngine(ctx, nil), map[string]string{})
	if err != nil {
		return nil, err
	}
	m, err := p.Import(module)
	if err != nil {
		return nil, err
	}
	defer m.DecRef()
	f, err := p.Attr(m, function)
	if err != nil {
		return nil, err
	}
	defer f.DecRef()
	var in []python.Object
	for _, a := range args {
		o, err := h.value(a)
		if err != nil {
			return nil, err
		}
		defer o.DecRef()
		in = append(in, o)
	}
	o, err := p.Call(f, in...)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	defer o.DecRef()
	return p.Go(o)
}

// Check finds what is wrong with code before it runs.
func (j Inspection) Check(ctx context.Context) ([]project.Problem, error) {
	texts := func(list []project.File) map[string]any {
		m := make(map[string]any, len(list))
		for _, f := range list {
			m[f.Name] = f.Content
		}
		return m
	}
	libraries := map[string]any{}
	for _, l := range j.Source.Libraries {
		libraries[l.Name] = texts(l.Files)
	}
	got, err := j.inspect(ctx, "lean.check", "check", texts(j.Source.Files), libraries)
	if err != nil {
		var e *python.Error
		if errors.As(err, &e) {
			return nil, fmt.Errorf("%w\n%s", err, e.Traceback)
		}
		return nil, err
	}
	list, _ := got.([]any)
	out := make([]project.Problem, 0, len(list))
	for _, x := range list {
		row, _ := x.([]any)
		if len(row) != 5 {
			return nil, fmt.Errorf("a problem of %d fields", len(row))
		}
		var p project.Problem
		p.File, _ = row[0].(string)
		line, _ := row[1].(int64)
		column, _ := row[2].(int64)
		p.Line, p.Column = int(line), int(column)
		p.Severity, _ = row[3].(string)
		p.Message, _ = row[4].(string)
		out = append(out, p)
	}
	return out, nil
}
