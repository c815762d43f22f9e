package project

import (
	"context"
	"errors"
	"slices"
	"strings"

	"quantdesk/internal/fault"
)

// Languages lists what a project may be written in.
func Languages() []string { return []string{Python, CSharp} }

// CreateProject makes a project with the two files that a new one has.
func (s *Service) CreateProject(ctx context.Context, c Caller, name, language, organization string) (Project, error) {
	const op = "project.CreateProject"
	name, err := cleanName(name)
	if err != nil {
		return Project{}, err
	}
	if !slices.Contains(Languages(), language) {
		return Project{}, fault.E(op, fault.Invalid, "the language must be Py or C#, not %q", clip(language))
	}
	me, err := s.person(ctx, c.User)
	if err != nil {
		return Project{}, err
	}
	if err := ownOrganization(me, organization); err != nil {
		return Project{}, err
	}
	now := s.now()
	p := Project{Owner: c.User, Organization: me.Organization, Name: name, Language: language, Created: now, Modified: now}
	var files []Stored
	for _, f := range starters(language) {
		files = append(files, Stored{f, now})
	}
	p.ID, err = s.cfg.Store.CreateProject(ctx, p, files)
	return p, err
}

func ownOrganization(p Person, organization string) error {
	if organization != "" && organization != p.Organization {
		return fault.E("project.organization", fault.NotFound, "there is no organization %q", clip(organization)).Hinted("List the organizations for their ids.")
	}
	return nil
}

// Project finds a project.
func (s *Service) Project(ctx context.Context, c Caller, id int64) (Project, error) {
	return s.reach(ctx, c, id, toRead)
}

// Projects lists the caller's projects and those shared with the caller, oldest
// first, deleted ones under Recycle Bin/. organization, when not empty, must be
// the caller's.
func (s *Service) Projects(ctx context.Context, c Caller, organization string) ([]Project, error) {
	if c.User == "" {
		return nil, nil
	}
	if organization != "" {
		me, err := s.person(ctx, c.User)
		if err != nil {
			return nil, err
		}
		if err := ownOrganization(me, organization); err != nil {
			return nil, err
		}
	}
	return s.cfg.Store.Projects(ctx, c.User)
}

// Update is a partial change of a project; nil leaves a thing as it is.
type Update struct {
	Name, Description *string
	Parameters        *[]Parameter
	Libraries         *[]int64
	// Files replace all files of the project.
	Files *[]File
}

// UpdateProject changes a project in one step: all of it, or nothing.
func (s *Service) UpdateProject(ctx context.Context, c Caller, id int64, u Update) error {
	const op = "project.UpdateProject"
	if _, err := s.reach(ctx, c, id, toWrite); err != nil {
		return err
	}
	if u.Name != nil {
		name, err := cleanName(*u.Name)
		if err != nil {
			return err
		}
		u.Name = &name
		others, err := s.cfg.Store.Projects(ctx, c.User)
		if err != nil {
			return err
		}
		for _, o := range others {
			if o.ID != id && o.Owner == c.User && o.Name == name {
				return fault.E(op, fault.Conflict, "the project name %q is in use by project %d", clip(name), o.ID).Hinted("Choose another name.")
			}
		}
	}
	if u.Description != nil {
		if err := checkText("description", *u.Description); err != nil {
			return err
		}
	}
	if u.Parameters != nil {
		if err := checkParameters(*u.Parameters); err != nil {
			return err
		}
	}
	if u.Libraries != nil {
		for _, l := range *u.Libraries {
			if err := s.checkLibrary(ctx, c, id, l); err != nil {
				return err
			}
		}
	}
	if u.Files != nil {
		seen := map[string]bool{}
		for _, f := range *u.Files {
			if err := errors.Join(checkPath(f.Name), checkContent(f.Name, f.Content)); err != nil {
				return err
			}
			if seen[f.Name] {
				return fault.E(op, fault.Invalid, "the file %q is there twice", clip(f.Name))
			}
			seen[f.Name] = true
		}
	}
	now := s.now()
	return s.cfg.Store.EditFiles(ctx, id, func(p *Project, tx FileTx) error {
		if err := allowed(p, c, toWrite); err != nil {
			return err
		}
		if u.Files != nil {
			if err := hold(p, c, now); err != nil {
				return err
			}
			if err := replaceFiles(tx, c, *u.Files, func(f File) Stored { return Stored{f, now} }); err != nil {
				return err
			}
		}
		if u.Name != nil {
			p.Name, p.Deleted = *u.Name, false
		}
		if u.Description != nil {
			p.Description = *u.Description
		}
		if u.Parameters != nil {
			p.Parameters = *u.Parameters
		}
		if u.Libraries != nil {
			p.Libraries = slices.Clone(*u.Libraries)
		}
		p.Modified = now
		return nil
	})
}

// replaceFiles makes the files exactly these; one that is the same keeps its
// time.
func replaceFiles(tx FileTx, c Caller, files []File, stamp func(File) Stored) error {
	gone, err := tx.Names()
	if err != nil {
		return err
	}
	for _, f := range files {
		gone = slices.DeleteFunc(gone, func(n string) bool { return n == f.Name })
		old, ok, err := tx.Get(f.Name)
		if err != nil {
			return err
		}
		if ok && old.Content == f.Content {
			continue
		}
		if err := tx.Put(stamp(f)); err != nil {
			return err
		}
	}
	for _, n := range gone {
		if c.KeepFiles {
			return mayNotDelete(n)
		}
		if err := tx.Delete(n); err != nil {
			return err
		}
	}
	n, bytes, err := tx.Size()
	if err != nil {
		return err
	}
	return checkSize(n, bytes)
}

func mayNotDelete(name string) error {
	return fault.E("project.mayNotDelete", fault.Forbidden, "this would delete the file %q, which these credentials may not", clip(name)).
		Hinted("Use credentials with the scope qc:files:delete, or keep the file.")
}

const maxParameters = 500

func checkParameters(list []Parameter) error {
	const op = "project.checkParameters"
	if len(list) > maxParameters {
		return fault.E(op, fault.Invalid, "a project has at most %d parameters", maxParameters)
	}
	seen := map[string]bool{}
	for _, p := range list {
		switch {
		case p.Key == "" || len(p.Key) > maxName:
			return fault.E(op, fault.Invalid, "a parameter's name has 1 to %d characters", maxName)
		case seen[p.Key]:
			return fault.E(op, fault.Invalid, "the parameter %q is there twice", clip(p.Key))
		case len(p.Value) == 0 || p.Value[0] != '"' && p.Value[0] != '-' && (p.Value[0] < '0' || p.Value[0] > '9'):
			return fault.E(op, fault.Invalid, "the parameter %q must be a text or a number", clip(p.Key))
		case len(p.Value) > maxText:
			return fault.E(op, fault.Invalid, "the parameter %q is longer than %d bytes", clip(p.Key), maxText)
		}
		seen[p.Key] = true
	}
	return nil
}

// DeleteProject puts a project into the recycle bin; one that is in it is
// forgotten with its backtests.
func (s *Service) DeleteProject(ctx context.Context, c Caller, id int64) error {
	p, err := s.reach(ctx, c, id, toOwn)
	if err != nil {
		return err
	}
	if err := s.stopAll(ctx, id); err != nil {
		return err
	}
	if p.Deleted {
		return s.cfg.Store.PurgeProject(ctx, id)
	}
	_, err = s.cfg.Store.ChangeProject(ctx, id, func(p *Project) error {
		if !p.Deleted {
			p.Name, p.Deleted, p.Modified = binPrefix+p.Name, true, s.now()
		}
		return nil
	})
	return err
}

func (s *Service) checkLibrary(ctx context.Context, c Caller, id, library int64) error {
	const op = "project.AddLibrary"
	if id == library {
		return fault.E(op, fault.Invalid, "project %d cannot be its own library", id)
	}
	l, err := s.reach(ctx, c, library, toRead)
	if err != nil {
		return err
	}
	if l.Deleted {
		return fault.E(op, fault.NotFound, "the library %d is deleted", library)
	}
	return nil
}

// AddLibrary lets a project import another's files.
func (s *Service) AddLibrary(ctx context.Context, c Caller, id, library int64) error {
	if _, err := s.reach(ctx, c, id, toWrite); err != nil {
		return err
	}
	if err := s.checkLibrary(ctx, c, id, library); err != nil {
		return err
	}
	_, err := s.cfg.Store.ChangeProject(ctx, id, func(p *Project) error {
		if !slices.Contains(p.Libraries, library) {
			p.Libraries = append(p.Libraries, library)
			p.Modified = s.now()
		}
		return allowed(p, c, toWrite)
	})
	return err
}

// DeleteLibrary takes a library from a project.
func (s *Service) DeleteLibrary(ctx context.Context, c Caller, id, library int64) error {
	if _, err := s.reach(ctx, c, id, toWrite); err != nil {
		return err
	}
	_, err := s.cfg.Store.ChangeProject(ctx, id, func(p *Project) error {
		i := slices.Index(p.Libraries, library)
		if i < 0 {
			return fault.E("project.DeleteLibrary", fault.NotFound, "project %d has no library %d", id, library)
		}
		p.Libraries = slices.Delete(p.Libraries, i, i+1)
		p.Modified = s.now()
		return allowed(p, c, toWrite)
	})
	return err
}

// libraryName is what a library's files are imported by: the last part of its
// project's name.
func libraryName(p Project) string { return p.Name[strings.LastIndexByte(p.Name, '/')+1:] }
