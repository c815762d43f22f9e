package project

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"runtime/debug"
	"strings"

	"quantdesk/internal/fault"
)

// gather reads what a project is made of now, with its libraries and theirs.
func (s *Service) gather(ctx context.Context, c Caller, p Project) (Source, error) {
	src := Source{Language: p.Language}
	files, err := s.cfg.Store.Files(ctx, p.ID)
	if err != nil {
		return src, err
	}
	for _, f := range files {
		src.Files = append(src.Files, f.File)
	}
	seen := map[int64]bool{p.ID: true}
	todo := p.Libraries
	for len(todo) > 0 {
		id := todo[0]
		todo = todo[1:]
		if seen[id] {
			continue
		}
		seen[id] = true
		l, err := s.reach(ctx, c, id, toRead)
		if err != nil {
			return src, fault.Wrap("project.gather", fault.CodeOf(err), err, "the library %d of project %d cannot be read", id, p.ID).Hinted("Delete the library from the project.")
		}
		lib := Library{Name: libraryName(l)}
		if files, err = s.cfg.Store.Files(ctx, id); err != nil {
			return src, err
		}
		for _, f := range files {
			lib.Files = append(lib.Files, f.File)
		}
		src.Libraries = append(src.Libraries, lib)
		todo = append(todo, l.Libraries...)
	}
	return src, nil
}

// CreateCompile keeps the project's source as it is now and has it checked.
func (s *Service) CreateCompile(ctx context.Context, c Caller, id int64) (Compile, error) {
	p, err := s.reach(ctx, c, id, toWrite)
	if err != nil {
		return Compile{}, err
	}
	if p.Deleted {
		return Compile{}, fault.E("project.CreateCompile", fault.Conflict, "project %d is in the recycle bin", id).Hinted("Rename it to take it out.")
	}
	src, err := s.gather(ctx, c, p)
	if err != nil {
		return Compile{}, err
	}
	raw, err := json.Marshal(src)
	if err != nil {
		return Compile{}, err
	}
	sum := sha256.Sum256(raw)
	signature := hex.EncodeToString(sum[:16])
	k := Compile{ID: NewID() + "-" + signature, Project: id, State: Queued, Created: s.now(), Signature: signature, Uses: uses(src)}
	for _, f := range src.Files {
		k.Files = append(k.Files, f.Name)
	}
	if k, err = s.cfg.Store.CreateCompile(ctx, k, hex.EncodeToString(sum[:]), raw); err != nil {
		return Compile{}, err
	}
	return k, s.cfg.Compiles.Put(ctx, Item{ID: k.ID})
}

var readsParameter = regexp.MustCompile(`\b(get_parameter|GetParameter)\s*(<[^>]*>)?\(`)

// uses finds the lines that read parameters.
func uses(src Source) []Use {
	var out []Use
	for _, f := range src.Files {
		if e := path.Ext(f.Name); e != ".py" && e != ".cs" {
			continue
		}
		n := 0
		for line := range strings.Lines(f.Content) {
			n++
			if len(out) < 1000 && readsParameter.MatchString(line) {
				out = append(out, Use{f.Name, n})
			}
		}
	}
	return out
}

// Compile finds a compile of a project.
func (s *Service) Compile(ctx context.Context, c Caller, id int64, compile string) (Compile, error) {
	if _, err := s.reach(ctx, c, id, toRead); err != nil {
		return Compile{}, err
	}
	k, err := s.cfg.Store.Compile(ctx, compile)
	if fault.CodeOf(err) == fault.NotFound || err == nil && k.Project != id {
		err = fault.E("project.Compile", fault.NotFound, "Compile id not found").Hinted("Compile the project and use the compileId it gives.")
	}
	return k, err
}

// source reads a kept source.
func (s *Service) source(ctx context.Context, snapshot int64) (Source, error) {
	var src Source
	raw, err := s.cfg.Store.Snapshot(ctx, snapshot)
	if err != nil {
		return src, err
	}
	return src, json.Unmarshal(raw, &src)
}

// compileOne checks one source.
func (s *Service) compileOne(ctx context.Context, id string) {
	k, err := s.cfg.Store.Compile(ctx, id)
	if err != nil || k.State.Final() {
		if err != nil && fault.CodeOf(err) != fault.NotFound {
			s.cfg.Log.Error("compile not read", "compile", id, "err", err)
		}
		return
	}
	src, err := s.source(ctx, k.Snapshot)
	if err == nil {
		k.Problems, err = s.check(ctx, src)
	}
	if ctx.Err() != nil {
		return // it stays open and is begun anew at the next start
	}
	k.State = Succeeded
	if err != nil {
		k.State, k.Failure = Failed, said(err)
		s.cfg.Log.Warn("compile failed", "compile", id, "err", err)
	}
	for _, p := range k.Problems {
		if p.Severity != Warning {
			k.State = Failed
		}
	}
	if err := s.cfg.Store.FinishCompile(context.WithoutCancel(ctx), k); err != nil {
		s.cfg.Log.Error("compile not kept", "compile", id, "err", err)
	}
}

const mainPython = "main.py"

func (s *Service) check(ctx context.Context, src Source) (list []Problem, err error) {
	if src.Language != Python {
		return []Problem{{Severity: Error, Message: "The embedded engine runs Python. This project is in C#: it is kept here, and QuantConnect's cloud backend compiles and runs C#."}}, nil
	}
	found := false
	for _, f := range src.Files {
		found = found || f.Name == mainPython
	}
	if !found {
		return []Problem{{File: mainPython, Severity: Error, Message: "The project has no main.py: the algorithm's class is looked for there."}}, nil
	}
	defer func() { err = recovered(recover(), err) }()
	return s.cfg.Runner.Compile(ctx, src)
}

// recovered turns a panic into an error.
func recovered(p any, err error) error {
	if p == nil {
		return err
	}
	return errors.Join(err, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
}

// said is what a user is told of an error.
func said(err error) string {
	f := fault.As(err)
	if f.Code == fault.Internal {
		return "Something went wrong inside the desk; its log has the cause."
	}
	return strings.TrimSuffix(f.Message, ".") + ". " + f.Next()
}
