package project

import (
	"context"
	"errors"
	"time"

	"quantdesk/internal/fault"
)

// Files reads files of a project: the one named, or all.
func (s *Service) Files(ctx context.Context, c Caller, id int64, name string) ([]Stored, error) {
	p, err := s.reach(ctx, c, id, toRead)
	if err != nil {
		return nil, err
	}
	var names []string
	if name != "" {
		names = []string{name}
	}
	files, err := s.cfg.Store.Files(ctx, id, names...)
	if err != nil {
		return nil, err
	}
	if name != "" && len(files) == 0 {
		return nil, noFile(id, name)
	}
	if l := p.Lock; l != nil && l.User == c.User && !l.Read {
		_, err = s.cfg.Store.ChangeProject(ctx, id, func(p *Project) error {
			if l := p.Lock; l != nil && l.User == c.User {
				l.Read = true
			}
			return nil
		})
	}
	return files, err
}

func noFile(id int64, name string) error {
	return fault.E("project.Files", fault.NotFound, "project %d has no file %q", id, clip(name)).Hinted("Read the files of the project for their names.")
}

// edit changes files in one step, as a writer that holds the project.
func (s *Service) edit(ctx context.Context, c Caller, id int64, do func(tx FileTx, now time.Time) error) error {
	if _, err := s.reach(ctx, c, id, toWrite); err != nil {
		return err
	}
	now := s.now()
	return s.cfg.Store.EditFiles(ctx, id, func(p *Project, tx FileTx) error {
		if err := errors.Join(allowed(p, c, toWrite), hold(p, c, now)); err != nil {
			return err
		}
		if err := do(tx, now); err != nil {
			return err
		}
		p.Modified = now
		n, bytes, err := tx.Size()
		if err != nil {
			return err
		}
		return checkSize(n, bytes)
	})
}

// CreateFile adds a file; content nil makes an empty one.
func (s *Service) CreateFile(ctx context.Context, c Caller, id int64, name string, content *string) (Stored, error) {
	f := Stored{File: File{Name: name}, Modified: s.now()}
	if content != nil {
		if *content == "" {
			return f, noContent()
		}
		f.Content = *content
	}
	if err := errors.Join(checkPath(name), checkContent(name, f.Content)); err != nil {
		return f, err
	}
	return f, s.edit(ctx, c, id, func(tx FileTx, now time.Time) error {
		if _, ok, err := tx.Get(name); err != nil || ok {
			if err == nil {
				err = fault.E("project.CreateFile", fault.Conflict, "project %d has a file %q already", id, clip(name)).Hinted("Update it, or choose another name.")
			}
			return err
		}
		return tx.Put(f)
	})
}

func noContent() error {
	return fault.E("project.content", fault.Invalid, "the content of the file is empty").Hinted("Leave the content out to create an empty file.")
}

// UpdateFile gives a file new content.
func (s *Service) UpdateFile(ctx context.Context, c Caller, id int64, name, content string) (Stored, error) {
	f := Stored{File: File{name, content}, Modified: s.now()}
	if content == "" {
		return f, noContent()
	}
	if err := checkContent(name, content); err != nil {
		return f, err
	}
	return f, s.edit(ctx, c, id, func(tx FileTx, now time.Time) error {
		if _, ok, err := tx.Get(name); err != nil || !ok {
			return errors.Join(err, absent(ok, id, name))
		}
		return tx.Put(f)
	})
}

func absent(ok bool, id int64, name string) error {
	if ok {
		return nil
	}
	return noFile(id, name)
}

// RenameFile gives a file another name.
func (s *Service) RenameFile(ctx context.Context, c Caller, id int64, name, to string) error {
	if err := checkPath(to); err != nil {
		return err
	}
	return s.edit(ctx, c, id, func(tx FileTx, now time.Time) error {
		f, ok, err := tx.Get(name)
		if err != nil || !ok {
			return errors.Join(err, absent(ok, id, name))
		}
		if name == to {
			return nil
		}
		if _, taken, err := tx.Get(to); err != nil || taken {
			if err == nil {
				err = fault.E("project.RenameFile", fault.Conflict, "project %d has a file %q already", id, clip(to)).Hinted("Choose another name.")
			}
			return err
		}
		if err := tx.Delete(name); err != nil {
			return err
		}
		return tx.Put(Stored{File{to, f.Content}, now})
	})
}

// DeleteFile removes a file.
func (s *Service) DeleteFile(ctx context.Context, c Caller, id int64, name string) error {
	return s.edit(ctx, c, id, func(tx FileTx, _ time.Time) error {
		if _, ok, err := tx.Get(name); err != nil || !ok {
			return errors.Join(err, absent(ok, id, name))
		}
		return tx.Delete(name)
	})
}

// PatchFiles applies a unified diff: to every file it names, or to none.
func (s *Service) PatchFiles(ctx context.Context, c Caller, id int64, patch string) error {
	list, err := parsePatch(patch)
	if err != nil {
		return err
	}
	return s.edit(ctx, c, id, func(tx FileTx, now time.Time) error {
		for _, f := range list {
			if err := f.run(tx, c, id, now); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f filePatch) run(tx FileTx, c Caller, id int64, now time.Time) error {
	var text string
	if f.from != "" {
		old, ok, err := tx.Get(f.from)
		if err != nil || !ok {
			return errors.Join(err, absent(ok, id, f.from))
		}
		text = old.Content
	}
	text, err := f.apply(text)
	if err != nil {
		return err
	}
	if f.from != "" && f.from != f.to {
		if err := tx.Delete(f.from); err != nil {
			return err
		}
	}
	if f.to == "" {
		if c.KeepFiles {
			return mayNotDelete(f.from)
		}
		return nil
	}
	if f.from != f.to {
		if _, taken, err := tx.Get(f.to); err != nil || taken {
			if err == nil {
				err = fault.E("project.PatchFiles", fault.Conflict, "project %d has a file %q already", id, clip(f.to))
			}
			return err
		}
	}
	if err := errors.Join(checkPath(f.to), checkContent(f.to, text)); err != nil {
		return err
	}
	return tx.Put(Stored{File{f.to, text}, now})
}
