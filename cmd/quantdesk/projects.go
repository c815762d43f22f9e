package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/jobs"
	"quantdesk/internal/project"
	"quantdesk/internal/qc"
	"quantdesk/internal/qcapi"
	"quantdesk/internal/web"
)

// people lets projects see identity's users; the two rooms do not know each
// other.
type people struct{ *identity.Service }

var _ project.Directory = people{}

func (p people) person(ctx context.Context, u identity.User) (project.Person, bool, error) {
	n, err := p.UserNumber(ctx, u.ID)
	sum := sha256.Sum256([]byte("organization of " + u.ID))
	return project.Person{User: u.ID, Number: n, Name: u.Name, Platform: u.Platform, Organization: hex.EncodeToString(sum[:16])}, err == nil, err
}

// Person finds a user.
func (p people) Person(ctx context.Context, user string) (project.Person, bool, error) {
	u, err := p.User(ctx, user)
	if fault.CodeOf(err) == fault.NotFound {
		return project.Person{}, false, nil
	}
	if err != nil {
		return project.Person{}, false, err
	}
	return p.person(ctx, u)
}

// PersonByNumber finds a user by number.
func (p people) PersonByNumber(ctx context.Context, number int64) (project.Person, bool, error) {
	u, ok, err := p.UserByNumber(ctx, number)
	if err != nil || !ok {
		return project.Person{}, false, err
	}
	return p.person(ctx, u)
}

// openProjects makes the projects and the API that serves them. Nothing runs
// before work is called.
func (a *app) openProjects() error {
	runner, err := openRunner(a)
	if err != nil {
		return err
	}
	parallel := a.set.Backtests
	if parallel <= 0 {
		parallel = max(1, runtime.NumCPU()/2)
	}
	a.jobs = jobs.New(jobs.Config{Dir: a.home.Path("jobs"), Log: a.log})
	a.projects = project.New(project.Config{
		Store: a.db, Directory: people{a.identity}, Runner: runner, Compiles: a.jobs.Queue("compiles"), Backtests: a.jobs.Queue("backtests"),
		Parallel: parallel, Log: a.log,
	})
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	cfg := qcapi.Config{
		Projects: a.projects, Identity: a.identity, Limiter: a.limiter, Audit: a.db, DataKey: key, Version: version(), Log: a.log,
		Observe: func(endpoint string, code fault.Code, took time.Duration) {
			a.metrics.Observe("quantconnect "+endpoint, string(code), took)
		},
	}
	dir := a.set.Market
	if dir == "sim" {
		dir = a.home.Path("data")
	}
	// A root keeps links from leading out of the folder.
	if a.data, err = os.OpenRoot(dir); err == nil {
		cfg.Data = a.data.FS()
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	a.qc = qcapi.New(cfg)
	return nil
}

// asCaller carries requests to the engine in this process, as one principal.
type asCaller struct {
	a *app
	p identity.Principal
}

// RoundTrip serves one request.
func (t asCaller) RoundTrip(r *http.Request) (*http.Response, error) {
	return t.a.qc.Transport().RoundTrip(r.WithContext(web.WithPrincipal(r.Context(), t.p)))
}

// backends reach the engine inside the desk and QuantConnect's cloud.
func (a *app) backends() *qc.Backends {
	dotenv := readDotenv(a.home.Path(".env"))
	get := func(name string) string {
		if v := os.Getenv(name); v != "" {
			return v
		}
		return dotenv[name]
	}
	return &qc.Backends{
		Embedded:     func(p identity.Principal) http.RoundTripper { return asCaller{a, p} },
		EmbeddedBase: "http://desk" + strings.TrimSuffix(qcapi.Base, "/"), CloudBase: strings.TrimSuffix(a.set.QuantConnectCloud, "/"), Identity: a.identity,
		Local: qc.Credential{UserID: get("QUANTCONNECT_USER_ID"), Token: get("QUANTCONNECT_API_TOKEN"), Organization: get("QUANTCONNECT_ORGANIZATION_ID")},
	}
}

// work begins to compile and to run backtests: in the process that listens, not
// in a command that opens the desk for a moment.
func (a *app) work() {
	ctx, stop := context.WithCancel(context.Background())
	a.stopWork = stop
	a.wg.Go(func() {
		if err := a.projects.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			a.log.Error("projects stopped", "err", err)
		}
	})
}

// quantconnect is the API as the address of its own serves it.
func (a *app) quantconnect(l listen) http.Handler {
	cfg := a.webConfig(l)
	return web.Patient(cfg, web.Guard(cfg, a.qc))
}
