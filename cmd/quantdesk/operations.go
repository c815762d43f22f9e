package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"quantdesk/internal/audit"
	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/order"
	"quantdesk/internal/store"
	"quantdesk/internal/tool"
	"quantdesk/internal/trade"
)

// operations are everything an operator can do on a desk, by name.
var operations map[string]operation

// The map refers to functions that refer to it (info lists it), so it is filled
// here rather than where it is declared.
func init() { //nolint:gochecknoinits // breaks an initialization cycle
	operations = map[string]operation{
		"call":               op(callTool),
		"token":              op(mintToken),
		"token-quantconnect": op(mintAPIToken),
		"token-list": op(func(ctx context.Context, a *app, in subject, _ steps) (any, error) {
			return list(a.identity.Tokens(ctx, in.User))
		}),
		"token-revoke": op(func(ctx context.Context, a *app, in subject, _ steps) (any, error) {
			return in, a.identity.Revoke(ctx, in.ID, "")
		}),
		"user-add": op(addUser),
		"user-list": op(func(ctx context.Context, a *app, in subject, _ steps) (any, error) {
			return list(a.identity.Users(ctx, in.Platform))
		}),
		"user-rotate": op(func(ctx context.Context, a *app, in subject, _ steps) (any, error) {
			return secret(a.identity.RotateUserSecret(ctx, in.ID))
		}),
		"user-disable": op(func(ctx context.Context, a *app, in subject, _ steps) (any, error) {
			return a.identity.SetDisabled(ctx, in.ID, true)
		}),
		"user-enable": op(func(ctx context.Context, a *app, in subject, _ steps) (any, error) {
			return a.identity.SetDisabled(ctx, in.ID, false)
		}),
		"platform-add": op(addPlatform),
		"platform-list": op(func(ctx context.Context, a *app, _ subject, _ steps) (any, error) {
			return list(a.identity.Platforms(ctx))
		}),
		"platform-rotate": op(func(ctx context.Context, a *app, in subject, _ steps) (any, error) {
			return secret(a.identity.RotatePlatformSecret(ctx, in.ID))
		}),
		"keys-rotate": op(func(_ context.Context, a *app, _ subject, _ steps) (any, error) { return id(a.identity.RotateKey()) }),
		"connect":     op(connect),
		"approve":     op(approve),
		"pending": op(func(ctx context.Context, a *app, _ subject, _ steps) (any, error) {
			return list(a.desk.Pending(ctx, order.Caller{Operator: true}))
		}),
		"kill":         op(kill),
		"resolve":      op(resolve),
		"audit-verify": op(func(ctx context.Context, a *app, _ subject, _ steps) (any, error) { return a.db.VerifyAudit(ctx) }),
		"audit-show": op(func(ctx context.Context, a *app, in store.AuditFilter, _ steps) (any, error) {
			return list(a.db.Audit(ctx, in))
		}),
		"backup":       op(backup),
		"doctor":       op(examine),
		"data-import":  op(importData),
		"data-list":    op(listData),
		"data-export":  op(exportData),
		"data-factors": op(exportFactors),
	}
}

type steps = func(done, total int64)

// op decodes an operation's input.
func op[In any](f func(context.Context, *app, In, steps) (any, error)) operation {
	return func(ctx context.Context, a *app, raw json.RawMessage, progress func(done, total int64)) (any, error) {
		var in In
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, fault.Wrap("operation", fault.Invalid, err, "the command is not as expected").Hinted("The running server may be of another version: restart it.")
		}
		return f(ctx, a, in, progress)
	}
}

// subject names what an operation is about.
type subject struct {
	ID       string `json:"id,omitempty"`
	User     string `json:"user,omitempty"`
	Platform string `json:"platform,omitempty"`
	Secret   string `json:"secret,omitempty"`
}

func list[T any](v []T, err error) ([]T, error) {
	if v == nil {
		v = []T{}
	}
	return v, err
}

func secret(s string, err error) (subject, error) { return subject{Secret: s}, err }
func id(s string, err error) (subject, error)     { return subject{ID: s}, err }

// noted writes an operator's act into the audit.
func (a *app) noted(kind, about string, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return a.db.Record(audit.Entry{Time: time.Now().UTC(), Kind: "operator", User: identity.LocalUser, Subject: kind + " " + about, Body: raw})
}

type callIn struct {
	Tool string          `json:"tool"`
	Args json.RawMessage `json:"args"`
}

type callOut struct {
	Structured json.RawMessage `json:"structured,omitempty"`
	Text       string          `json:"text,omitempty"`
	Error      *tool.FaultBody `json:"error,omitempty"`
}

func callTool(ctx context.Context, a *app, in callIn, progress steps) (any, error) {
	res := a.gate.Call(ctx, tool.Request{
		Caller: a.identity.Local(nil, false), View: tool.View{Toolsets: []string{"all"}}, Via: "cli", Name: in.Tool, Args: in.Args,
		Report: func(p tool.Progress) { progress(int64(p.Done*1000), int64(p.Total*1000)) },
	})
	if res.Fault != nil {
		b := res.Body()
		return callOut{Error: &b}, nil
	}
	return callOut{Structured: res.Structured, Text: res.Text}, nil
}

type tokenIn struct {
	User   string        `json:"user"`
	Scopes []string      `json:"scopes"`
	TTL    time.Duration `json:"ttl"`
}

func mintToken(ctx context.Context, a *app, in tokenIn, _ steps) (any, error) {
	m, err := a.identity.Mint(ctx, in.User, in.Scopes, in.TTL, false)
	if err != nil {
		return nil, err
	}
	return m, a.noted("token", m.ID, map[string]any{"user": in.User, "scopes": m.Scopes, "ttl": m.ExpiresIn.String()})
}

func mintAPIToken(ctx context.Context, a *app, in tokenIn, _ steps) (any, error) {
	m, err := a.identity.MintAPIToken(ctx, in.User, in.Scopes, in.TTL)
	if err != nil {
		return nil, err
	}
	return m, a.noted("token", m.Token.ID, map[string]any{"user": in.User, "scopes": m.Token.Scopes, "kind": "quantconnect", "number": m.Number})
}

type userIn struct {
	Platform string   `json:"platform"`
	Name     string   `json:"name"`
	Scopes   []string `json:"scopes"`
}

type userOut struct {
	User   identity.User `json:"user"`
	Secret string        `json:"secret,omitempty"`
}

func addUser(ctx context.Context, a *app, in userIn, _ steps) (any, error) {
	u, s, err := a.identity.AddUser(ctx, in.Platform, in.Name, in.Scopes)
	if err != nil {
		return nil, err
	}
	return userOut{u, s}, a.noted("user", u.ID, map[string]any{"platform": in.Platform, "scopes": u.Scopes})
}

type platformOut struct {
	Platform identity.Platform `json:"platform"`
	Secret   string            `json:"secret"`
}

func addPlatform(ctx context.Context, a *app, in userIn, _ steps) (any, error) {
	p, s, err := a.identity.AddPlatform(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return platformOut{p, s}, a.noted("platform", p.ID, nil)
}

type connectIn struct {
	User        string            `json:"user"`
	Broker      string            `json:"broker"`
	Permission  string            `json:"permission"`
	Credentials map[string]string `json:"credentials"`
}

type connectOut struct {
	ConnectionID string   `json:"connection_id"`
	Accounts     []string `json:"accounts"`
}

func connect(ctx context.Context, a *app, in connectIn, _ steps) (any, error) {
	c, accounts, err := a.identity.Connect(ctx, in.User, in.Broker, identity.Permission(in.Permission), in.Credentials)
	if err != nil {
		return nil, err
	}
	out := connectOut{ConnectionID: c.ID}
	for _, acc := range accounts {
		out.Accounts = append(out.Accounts, acc.ID)
	}
	return out, a.noted("connect", c.ID, map[string]any{"user": in.User, "broker": in.Broker, "permission": in.Permission})
}

type approveOut struct {
	Ticket order.Ticket  `json:"ticket"`
	Orders []trade.Order `json:"orders,omitempty"`
}

// approve confirms a ticket as the operator; with yes unset it only shows it.
func approve(ctx context.Context, a *app, in struct {
	ID  string `json:"id"`
	Yes bool   `json:"yes"`
}, _ steps) (any, error) {
	who := order.Caller{User: identity.LocalUser, Operator: true, Trace: tool.NewTrace()}
	if !in.Yes {
		t, err := a.desk.Ticket(ctx, who, in.ID)
		return approveOut{Ticket: t}, err
	}
	orders, t, err := a.desk.Confirm(ctx, who, in.ID)
	return approveOut{t, orders}, err
}

type killIn struct {
	Engage bool   `json:"engage"`
	Reason string `json:"reason"`
	Show   bool   `json:"show"`
}

func kill(ctx context.Context, a *app, in killIn, _ steps) (any, error) {
	if in.Show {
		return a.desk.Kill(), nil
	}
	who := order.Caller{User: identity.LocalUser, Operator: true, Trace: tool.NewTrace()}
	k, err := a.desk.SetKill(ctx, who, in.Engage, in.Reason)
	if err != nil || !in.Engage {
		return k, err
	}
	_, err = a.desk.CancelAll(ctx, who)
	return k, err
}

func resolve(ctx context.Context, a *app, in struct {
	ID string       `json:"id"`
	As trade.Status `json:"as"`
}, _ steps) (any, error) {
	who := order.Caller{User: identity.LocalUser, Operator: true, Trace: tool.NewTrace()}
	o, err := a.desk.Decide(ctx, who, in.ID, in.As)
	if err != nil {
		return nil, err
	}
	return o, a.noted("resolve", in.ID, map[string]any{"as": in.As})
}

// copyDB copies one of the home's databases while it is in use, over a
// connection of its own: those of the store that read may not write a copy.
func (a *app) copyDB(ctx context.Context, name, to string) error {
	db, err := sql.Open("sqlite", store.DSN(a.home.Path(name), false))
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return store.BackupSQLite(ctx, db, to)
}

func backup(ctx context.Context, a *app, in struct {
	To string `json:"to"`
}, _ steps) (any, error) {
	if err := store.BackupHome(ctx, a.home.Dir, in.To, a.copyDB); err != nil {
		return nil, err
	}
	st, err := os.Stat(in.To)
	if err != nil {
		return nil, err
	}
	return map[string]any{"file": in.To, "bytes": st.Size()}, a.noted("backup", filepath.Base(in.To), nil)
}

// backupBeforeMigration keeps the older home whole before it is changed.
func (a *app) backupBeforeMigration(from int64) error {
	to := a.home.Path("backups", fmt.Sprintf("before-schema-%d-%s.zip", store.Version, time.Now().UTC().Format("20060102T150405")))
	a.log.Info("the home is of an older version: backing it up before it is brought up to date", "from", from, "to", store.Version, "backup", to)
	return store.BackupHome(context.Background(), a.home.Dir, to, a.copyDB)
}
