package project

import (
	"context"
	"slices"
	"time"

	"quantdesk/internal/fault"
)

// hold wants that the caller's program may write: in a shared project one edits
// at a time, having read what the others left. A caller without a source edits
// by force.
func hold(p *Project, c Caller, now time.Time) error {
	if !p.Shared() || c.Source == "" {
		return nil
	}
	l := p.Lock
	switch {
	case l == nil:
		p.Lock = &Lock{User: c.User, Source: c.Source, Since: now, Read: true}
	case l.User != c.User || l.Source != c.Source:
		return fault.E("project.hold", fault.Conflict, "there is no write permission: project %d is being edited by another collaborator or program", p.ID).
			Hinted("Acquire the lock of the project, read its files, and write again.")
	case !l.Read:
		return fault.E("project.hold", fault.Conflict, "there is no write permission: the files of project %d were not read since the lock was acquired", p.ID).
			Hinted("Read the files and write again.")
	}
	return nil
}

// AcquireLock makes the caller's program the one that edits.
func (s *Service) AcquireLock(ctx context.Context, c Caller, id int64) error {
	if c.Source == "" {
		return fault.E("project.AcquireLock", fault.Invalid, "codeSourceId is required").Hinted("Name the program that edits, such as cli.")
	}
	if _, err := s.reach(ctx, c, id, toWrite); err != nil {
		return err
	}
	_, err := s.cfg.Store.ChangeProject(ctx, id, func(p *Project) error {
		if err := allowed(p, c, toWrite); err != nil {
			return err
		}
		if l := p.Lock; l == nil || l.User != c.User || l.Source != c.Source {
			p.Lock = &Lock{User: c.User, Source: c.Source, Since: s.now()}
		}
		return nil
	})
	return err
}

// Collaborator is a member as others see one; the owner is among them.
type Collaborator struct {
	Person
	Write, LiveControl, Owner bool
}

// Collaborators lists who may reach a project, the owner first.
func (s *Service) Collaborators(ctx context.Context, c Caller, id int64) ([]Collaborator, error) {
	p, err := s.reach(ctx, c, id, toRead)
	if err != nil {
		return nil, err
	}
	return s.CollaboratorsOf(ctx, p)
}

// CollaboratorsOf lists who may reach a project that was read before.
func (s *Service) CollaboratorsOf(ctx context.Context, p Project) ([]Collaborator, error) {
	var out []Collaborator
	for _, m := range append([]Member{{User: p.Owner, Write: true, LiveControl: true}}, p.Members...) {
		who, ok, err := s.cfg.Directory.Person(ctx, m.User)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, Collaborator{who, m.Write, m.LiveControl, m.User == p.Owner})
		}
	}
	return out, nil
}

const maxMembers = 100

// colleague finds a user of the same platform by number; nobody else exists for
// the caller.
func (s *Service) colleague(ctx context.Context, c Caller, number int64) (Person, error) {
	me, err := s.person(ctx, c.User)
	if err != nil {
		return Person{}, err
	}
	p, ok, err := s.cfg.Directory.PersonByNumber(ctx, number)
	if err == nil && (!ok || p.Platform != me.Platform) {
		err = fault.E("project.colleague", fault.NotFound, "there is no user %d", number).Hinted("Ask your colleague for the user id.")
	}
	return p, err
}

// AddCollaborator shares a project with another user.
func (s *Service) AddCollaborator(ctx context.Context, c Caller, id, number int64, write, liveControl bool) ([]Collaborator, error) {
	const op = "project.AddCollaborator"
	if _, err := s.reach(ctx, c, id, toOwn); err != nil {
		return nil, err
	}
	who, err := s.colleague(ctx, c, number)
	if err != nil {
		return nil, err
	}
	p, err := s.cfg.Store.ChangeProject(ctx, id, func(p *Project) error {
		if _, ok := p.member(who.User); ok {
			return fault.E(op, fault.Conflict, "user %d is a collaborator of project %d already", number, id).Hinted("Update the collaborator instead.")
		}
		if len(p.Members) >= maxMembers {
			return fault.E(op, fault.Invalid, "a project has at most %d collaborators", maxMembers)
		}
		p.Members = append(p.Members, Member{who.User, write, liveControl})
		p.Modified = s.now()
		return allowed(p, c, toOwn)
	})
	if err != nil {
		return nil, err
	}
	return s.CollaboratorsOf(ctx, p)
}

// UpdateCollaborator changes what a collaborator may do.
func (s *Service) UpdateCollaborator(ctx context.Context, c Caller, id, number int64, write, liveControl *bool) ([]Collaborator, error) {
	return s.changeMember(ctx, c, id, number, toOwn, func(p *Project, i int) {
		if write != nil {
			p.Members[i].Write = *write
		}
		if liveControl != nil {
			p.Members[i].LiveControl = *liveControl
		}
	})
}

// DeleteCollaborator ends a collaborator's access; the lock ends with it.
func (s *Service) DeleteCollaborator(ctx context.Context, c Caller, id, number int64) ([]Collaborator, error) {
	return s.changeMember(ctx, c, id, number, toOwn, func(p *Project, i int) {
		if p.Lock != nil && p.Lock.User == p.Members[i].User {
			p.Lock = nil
		}
		p.Members = slices.Delete(p.Members, i, i+1)
		if len(p.Members) == 0 {
			p.Lock = nil
		}
	})
}

func (s *Service) changeMember(ctx context.Context, c Caller, id, number int64, w want, change func(*Project, int)) ([]Collaborator, error) {
	if _, err := s.reach(ctx, c, id, w); err != nil {
		return nil, err
	}
	who, err := s.colleague(ctx, c, number)
	if err != nil {
		return nil, err
	}
	p, err := s.cfg.Store.ChangeProject(ctx, id, func(p *Project) error {
		i := slices.IndexFunc(p.Members, func(m Member) bool { return m.User == who.User })
		if i < 0 {
			return fault.E("project.changeMember", fault.NotFound, "user %d is not a collaborator of project %d", number, id).Hinted("Read the collaborators for their ids.")
		}
		change(p, i)
		p.Modified = s.now()
		return allowed(p, c, w)
	})
	if err != nil {
		return nil, err
	}
	return s.CollaboratorsOf(ctx, p)
}
