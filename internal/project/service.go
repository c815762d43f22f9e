package project

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"quantdesk/internal/fault"
)

// Config is what a Service is made of.
type Config struct {
	Store     Store
	Directory Directory
	Runner    Runner
	// Compiles and Backtests are where work waits; nil means queues in memory.
	Compiles, Backtests Queue
	// Parallel bounds backtests that run at a time; 0 means one.
	Parallel int
	// MaxOpen bounds a user's backtests that wait or run; 0 means 500.
	MaxOpen int
	// Now is the wall clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Service keeps projects and runs them.
type Service struct {
	cfg Config

	mu      sync.Mutex // guards the rest
	running map[string]*live
	nodes   []string // the backtest on each node, "" when it is free
}

// live is a backtest that runs here.
type live struct {
	cancel   context.CancelFunc
	progress Progress
	stopped  bool // somebody cancelled it
	project  int64
	user     string
}

// New makes a service. Run does its work.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Compiles == nil {
		cfg.Compiles = NewQueue()
	}
	if cfg.Backtests == nil {
		cfg.Backtests = NewQueue()
	}
	if cfg.MaxOpen <= 0 {
		cfg.MaxOpen = 500
	}
	cfg.Parallel = max(1, cfg.Parallel)
	return &Service{cfg: cfg, running: map[string]*live{}, nodes: make([]string, cfg.Parallel)}
}

func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Second) }

// NewID is 32 hexadecimal digits.
func NewID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// want is what a caller means to do with a project.
type want int

const (
	toRead want = iota
	toWrite
	toOwn
)

func notFound(id int64) error {
	return fault.E("project.Project", fault.NotFound, "there is no project %d", id).Hinted("List the projects for their ids.")
}

// reach finds a project that the caller may use as wanted; another's is not
// found.
func (s *Service) reach(ctx context.Context, c Caller, id int64, w want) (Project, error) {
	p, err := s.cfg.Store.Project(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return p, notFound(id)
	}
	if err != nil {
		return p, err
	}
	return p, allowed(&p, c, w)
}

func allowed(p *Project, c Caller, w want) error {
	m, ok := p.member(c.User)
	switch {
	case !ok:
		return notFound(p.ID)
	case w == toOwn && p.Owner != c.User:
		return fault.E("project.allowed", fault.Forbidden, "only the owner of project %d may do this", p.ID).Hinted("Ask the owner.")
	case w == toWrite && !m.Write:
		return fault.E("project.allowed", fault.Forbidden, "there is no write permission for project %d", p.ID).Hinted("Ask the owner for it.")
	}
	return nil
}

// person finds a user that must be there.
func (s *Service) person(ctx context.Context, user string) (Person, error) {
	p, ok, err := s.cfg.Directory.Person(ctx, user)
	if err == nil && !ok {
		err = fault.E("project.person", fault.NotFound, "there is no user %q", clip(user))
	}
	return p, err
}

// Person tells about a user.
func (s *Service) Person(ctx context.Context, user string) (Person, error) {
	return s.person(ctx, user)
}
