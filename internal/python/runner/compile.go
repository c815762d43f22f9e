package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/project"
	"quantdesk/internal/python"
	"quantdesk/internal/python/strategy"
)

// compileProgram is the child that reads code and tells what is wrong with it.
const compileProgram = "compile"

func runCompile(ctx context.Context, in io.Reader, out io.Writer) int {
	var job strategy.Inspection
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return exitProtocol
	}
	problems, err := job.Check(ctx)
	if code := limitCode(err); code != 0 {
		return code
	}
	if exhausted(err) {
		return python.ExitMemory
	}
	if err != nil {
		return refuse(out, fault.Wrap("runner.Compile", fault.Internal, err, "the code cannot be checked"))
	}
	if err := send(out, frameResult, problems); err != nil {
		return exitProtocol
	}
	return 0
}

// Compile finds what is wrong with a source before it runs: syntax, imports
// that lead nowhere, names and members that are not there, and calls that do
// not fit. It reads code in a confined child and runs none of it.
func (r *Runner) Compile(ctx context.Context, s project.Source) ([]project.Problem, error) {
	if s.Language == project.CSharp {
		return []project.Problem{{Severity: project.Error, Message: "This project is in C#. The embedded engine runs Python; QuantConnect's cloud compiles and runs C#."}}, nil
	}
	at, err := r.prepare(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := mainFile(s); err != nil {
		f := fault.As(err)
		return []project.Problem{{Severity: project.Error, Message: f.Message + ". " + f.Next()}}, nil
	}
	if list := tooLong(s); len(list) > 0 {
		return list, nil
	}
	job := strategy.Inspection{Home: at.home, Library: at.library, SitePackages: r.cfg.SitePackages, Source: s}
	spec := python.Spec{
		Program: compileProgram, Home: at.home, ReadOnly: append([]string{at.library}, r.cfg.SitePackages...),
		Limits: checkLimits, AllowWeak: r.cfg.AllowWeak,
	}
	problems, done := []project.Problem{}, false
	err = converse(ctx, spec, job, func(k kind, body []byte) error {
		if k != frameResult {
			return nil
		}
		done = true
		return json.Unmarshal(body, &problems)
	})
	if err != nil {
		return nil, err
	}
	if !done {
		return nil, fault.E("runner.Compile", fault.Internal, "the code's check ended without an answer")
	}
	return problems, nil
}

// maxPython bounds one Python file: compiling takes a hundred times its length
// of memory.
const maxPython = 1 << 20

func tooLong(s project.Source) (out []project.Problem) {
	check := func(list []project.File, folder string) {
		for _, f := range list {
			if strings.HasSuffix(f.Name, ".py") && len(f.Content) > maxPython {
				out = append(out, project.Problem{File: folder + f.Name, Severity: project.Error,
					Message: fmt.Sprintf("the file has %.1f MB, and a Python file has at most %d: put data into files of their own", float64(len(f.Content))/(1<<20), maxPython>>20)})
			}
		}
	}
	check(s.Files, "")
	for _, l := range s.Libraries {
		check(l.Files, l.Name+"/")
	}
	return out
}
