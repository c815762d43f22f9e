package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"quantdesk/internal/audit"
	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/order"
	"quantdesk/internal/store"
	"quantdesk/internal/tools"
	"quantdesk/internal/trade"
)

type callCmd struct {
	Tool string   `arg:"" help:"The tool's name."`
	Args []string `arg:"" optional:"" help:"Arguments as name=value."`
	JSON string   `help:"All arguments as one JSON object." placeholder:"OBJECT" name:"json"`
	Text bool     `help:"Print the text a model reads instead of the JSON."`
}

// Run calls the tool as the local user and prints its output.
func (c *callCmd) Run(ctx context.Context, io streams, home place) error {
	args := json.RawMessage(c.JSON)
	if c.JSON == "" {
		obj := map[string]string{}
		for _, a := range c.Args {
			k, v, ok := strings.Cut(a, "=")
			if !ok {
				return fault.E("call", fault.Invalid, "the argument %q is not name=value", a)
			}
			obj[k] = v
		}
		var err error
		if args, err = json.Marshal(obj); err != nil {
			return err
		}
	} else if len(c.Args) > 0 {
		return fault.E("call", fault.Invalid, "give arguments either as name=value or with --json")
	} else if !json.Valid(args) {
		return fault.E("call", fault.Invalid, "--json is not valid JSON")
	}
	var out callOut
	if err := perform(ctx, string(home), "call", callIn{c.Tool, args}, &out, nil); err != nil {
		return err
	}
	if e := out.Error; e != nil {
		return &fault.Error{Code: e.Code, Message: e.Message, Hint: e.Hint}
	}
	if c.Text {
		fmt.Fprintln(io.out, out.Text)
		return nil
	}
	return printJSON(io, out.Structured)
}

func printJSON(io streams, v any) error {
	enc := json.NewEncoder(io.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

type toolsCmd struct {
	JSON     bool `help:"Print the generated catalogue as JSON." name:"json" xor:"as"`
	Markdown bool `help:"Print the reference page." xor:"as"`
}

// Run lists the tools; it needs no home.
func (c *toolsCmd) Run(io streams) error {
	cat := tools.Catalogue()
	switch {
	case c.JSON:
		raw, err := cat.Generate()
		if err != nil {
			return err
		}
		_, err = io.out.Write(raw)
		return err
	case c.Markdown:
		page, err := cat.Markdown()
		if err != nil {
			return err
		}
		_, err = io.out.Write(page)
		return err
	}
	w := table(io)
	fmt.Fprintln(w, "TOOL\tTOOLSET\tEFFECT\tSCOPES\tTITLE")
	for _, t := range cat.All() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.Name, t.Toolset, t.Effect, strings.Join(t.Scopes, " "), t.Title)
	}
	return w.Flush()
}

func table(io streams) *tabwriter.Writer { return tabwriter.NewWriter(io.out, 0, 4, 2, ' ', 0) }

type tokenCmd struct {
	Mint   tokenMintCmd   `cmd:"" default:"withargs" help:"Mint a token and print it."`
	List   tokenListCmd   `cmd:"" help:"List tokens."`
	Revoke tokenRevokeCmd `cmd:"" help:"End a token at once."`
}

type tokenMintCmd struct {
	User         string        `help:"Whose token." default:"local"`
	Scopes       []string      `help:"Scopes or groups: read, trade, readonly, trader, admin." default:"read"`
	TTL          time.Duration `help:"How long it lives, at most 2160h. Default: 1h, and 720h with --quantconnect." name:"ttl"`
	QuantConnect bool          `name:"quantconnect" help:"Make an API token of QuantConnect's protocol instead, for lean login, and print it with the user id."`
	For          string        `help:"Print a ready configuration for claude-code, claude-desktop, cursor, vscode or codex too." enum:",claude-code,claude-desktop,cursor,vscode,codex" default:"" placeholder:"CLIENT"`
}

// Run prints the token alone on stdout, so that it can be captured.
func (c *tokenMintCmd) Run(ctx context.Context, io streams, home place) error {
	if c.QuantConnect {
		return c.apiToken(ctx, io, home)
	}
	var m identity.Minted
	if err := perform(ctx, string(home), "token", tokenIn{c.User, c.Scopes, c.TTL}, &m, nil); err != nil {
		return err
	}
	fmt.Fprintln(io.out, m.Token)
	fmt.Fprintf(io.err, "token %s for %s, %s, scopes: %s\n", m.ID, c.User, m.ExpiresIn, strings.Join(m.Scopes, " "))
	if c.For != "" {
		exe, err := os.Executable()
		if err != nil {
			exe = "quantdesk"
		}
		at := store.ReadOwner(string(home)).Address
		if at == "" {
			at = "http://127.0.0.1:8787"
		}
		fmt.Fprintln(io.err, snippets(exe, string(home), at+"/mcp", c.For))
	}
	return nil
}

// apiTokenLife is how long an API token lives unless a time is asked for: it is
// kept by the client that logs in with it.
const apiTokenLife = 30 * 24 * time.Hour

// apiToken prints what lean login asks for.
func (c *tokenMintCmd) apiToken(ctx context.Context, io streams, home place) error {
	if c.TTL == 0 {
		c.TTL = apiTokenLife
	}
	var m identity.APIMinted
	if err := perform(ctx, string(home), "token-quantconnect", tokenIn{c.User, c.Scopes, c.TTL}, &m, nil); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "user-id: %d\napi-token: %s\n", m.Number, m.Secret)
	fmt.Fprintf(io.err, "token %s for %s, %s, scopes: %s\nThe API token is not shown again. With the server at --quantconnect-addr 127.0.0.1:5612:\n  QC_API=local lean login --user-id %d\n",
		m.Token.ID, c.User, c.TTL, strings.Join(m.Token.Scopes, " "), m.Number)
	return nil
}

type tokenListCmd struct {
	User string `help:"Only this user's."`
}

// Run lists tokens.
func (c *tokenListCmd) Run(ctx context.Context, io streams, home place) error {
	var list []identity.Token
	if err := perform(ctx, string(home), "token-list", subject{User: c.User}, &list, nil); err != nil {
		return err
	}
	w := table(io)
	fmt.Fprintln(w, "TOKEN\tUSER\tISSUED\tEXPIRES\tSTATE\tSCOPES")
	for _, t := range list {
		state := "good"
		if !t.Revoked.IsZero() {
			state = "revoked"
		} else if t.Expires.Before(time.Now()) {
			state = "expired"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, t.User, t.Issued.Local().Format(time.DateTime), t.Expires.Local().Format(time.DateTime), state, strings.Join(t.Scopes, " "))
	}
	return w.Flush()
}

type tokenRevokeCmd struct {
	ID string `arg:"" help:"The token's id."`
}

// Run revokes a token.
func (c *tokenRevokeCmd) Run(ctx context.Context, io streams, home place) error {
	var out subject
	if err := perform(ctx, string(home), "token-revoke", subject{ID: c.ID}, &out, nil); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "revoked %s\n", c.ID)
	return nil
}

type userCmd struct {
	Add     userAddCmd  `cmd:"" help:"Add a user; prints its secret once."`
	List    userListCmd `cmd:"" default:"1" help:"List users."`
	Rotate  rotateCmd   `cmd:"" help:"Give a user a new secret."`
	Disable disableCmd  `cmd:"" help:"Close a user's access at once."`
	Enable  enableCmd   `cmd:"" help:"Open it again."`
}

type userAddCmd struct {
	Name     string   `arg:"" help:"A plain name."`
	Platform string   `help:"The platform that vouches for the user; empty for a user of this machine."`
	Scopes   []string `help:"What any token of the user may hold at most." default:"trader"`
}

// Run adds a user.
func (c *userAddCmd) Run(ctx context.Context, io streams, home place) error {
	var out userOut
	if err := perform(ctx, string(home), "user-add", userIn{c.Platform, c.Name, c.Scopes}, &out, nil); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "user-id: %s\n", out.User.ID)
	if out.Secret != "" {
		fmt.Fprintf(io.out, "user-secret: %s\n", out.Secret)
		fmt.Fprintln(io.err, "Keep the secret now: it is not shown again.")
	}
	return nil
}

type userListCmd struct {
	Platform string `help:"Only this platform's."`
}

// Run lists users.
func (c *userListCmd) Run(ctx context.Context, io streams, home place) error {
	var list []identity.User
	if err := perform(ctx, string(home), "user-list", subject{Platform: c.Platform}, &list, nil); err != nil {
		return err
	}
	w := table(io)
	fmt.Fprintln(w, "USER\tPLATFORM\tNAME\tSTATE\tSCOPES")
	for _, u := range list {
		state := "enabled"
		if u.Disabled {
			state = "disabled"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\n", u.ID, u.Platform, u.Name, state, len(u.Scopes))
	}
	return w.Flush()
}

type rotateCmd struct {
	ID string `arg:"" help:"The id."`
}

// Run rotates a user's secret.
func (c *rotateCmd) Run(ctx context.Context, io streams, home place) error {
	return rotated(ctx, io, home, "user-rotate", "user-secret", c.ID)
}

func rotated(ctx context.Context, io streams, home place, op, what, id string) error {
	var out subject
	if err := perform(ctx, string(home), op, subject{ID: id}, &out, nil); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%s: %s\n", what, out.Secret)
	return nil
}

type disableCmd struct {
	ID string `arg:"" help:"The user's id."`
}

// Run disables a user.
func (c *disableCmd) Run(ctx context.Context, io streams, home place) error {
	return switched(ctx, io, home, "user-disable", c.ID)
}

type enableCmd struct {
	ID string `arg:"" help:"The user's id."`
}

// Run enables a user.
func (c *enableCmd) Run(ctx context.Context, io streams, home place) error {
	return switched(ctx, io, home, "user-enable", c.ID)
}

func switched(ctx context.Context, io streams, home place, op, id string) error {
	var u identity.User
	if err := perform(ctx, string(home), op, subject{ID: id}, &u, nil); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%s disabled=%v\n", u.ID, u.Disabled)
	return nil
}

type platformCmd struct {
	Add    platformAddCmd    `cmd:"" help:"Add a platform; prints its secret once."`
	List   platformListCmd   `cmd:"" default:"1" help:"List platforms."`
	Rotate platformRotateCmd `cmd:"" help:"Give a platform a new secret."`
}

type platformAddCmd struct {
	Name string `arg:"" help:"A plain name."`
}

// Run adds a platform.
func (c *platformAddCmd) Run(ctx context.Context, io streams, home place) error {
	var out platformOut
	if err := perform(ctx, string(home), "platform-add", userIn{Name: c.Name}, &out, nil); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "client-id: %s\nclient-secret: %s\n", out.Platform.ID, out.Secret)
	fmt.Fprintln(io.err, "Keep the secret now: it is not shown again.")
	return nil
}

type platformListCmd struct{}

// Run lists platforms.
func (platformListCmd) Run(ctx context.Context, io streams, home place) error {
	var list []identity.Platform
	if err := perform(ctx, string(home), "platform-list", subject{}, &list, nil); err != nil {
		return err
	}
	w := table(io)
	fmt.Fprintln(w, "PLATFORM\tNAME\tCREATED")
	for _, p := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\n", p.ID, p.Name, p.Created.Local().Format(time.DateTime))
	}
	return w.Flush()
}

type platformRotateCmd struct {
	ID string `arg:"" help:"The platform's id."`
}

// Run rotates a platform's secret.
func (c *platformRotateCmd) Run(ctx context.Context, io streams, home place) error {
	return rotated(ctx, io, home, "platform-rotate", "client-secret", c.ID)
}

type keysCmd struct {
	Rotate keysRotateCmd `cmd:"" help:"Sign with a new key from now on."`
}

type keysRotateCmd struct{}

// Run rotates the signing key.
func (keysRotateCmd) Run(ctx context.Context, io streams, home place) error {
	var out subject
	if err := perform(ctx, string(home), "keys-rotate", subject{}, &out, nil); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "tokens are signed with %s from now on; those of the key before stay good until they expire\n", out.ID)
	return nil
}

type connectCmd struct {
	Broker     string   `arg:"" help:"The broker, such as PaperBrokerage."`
	User       string   `help:"For whom." default:"local"`
	Permission string   `help:"read or trade." default:"read" enum:"read,trade"`
	Secrets    []string `help:"Names of secrets to ask for on the terminal." placeholder:"NAME,..."`
	Cash       string   `help:"What a simulated account begins with, in USD." placeholder:"AMOUNT"`
}

// Run connects a broker; secrets are typed unseen.
func (c *connectCmd) Run(ctx context.Context, io streams, home place) error {
	in := connectIn{c.User, c.Broker, c.Permission, map[string]string{}}
	if c.Cash != "" {
		in.Credentials["cash"] = c.Cash
	}
	lines := bufio.NewReader(io.in)
	for _, name := range c.Secrets {
		fmt.Fprintf(io.err, "%s: ", name)
		var text string
		if f, ok := io.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			raw, err := term.ReadPassword(int(f.Fd()))
			fmt.Fprintln(io.err)
			if err != nil {
				return err
			}
			text = string(raw)
		} else {
			var err error
			if text, err = lines.ReadString('\n'); err != nil && text == "" {
				return fault.E("connect", fault.Invalid, "no value for %s", name)
			}
		}
		in.Credentials[name] = strings.TrimSpace(text)
	}
	var out connectOut
	if err := perform(ctx, string(home), "connect", in, &out, nil); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "connection: %s\naccounts: %s\n", out.ConnectionID, strings.Join(out.Accounts, " "))
	return nil
}

type approveCmd struct {
	ID  string `arg:"" optional:"" help:"The confirmation id; without one the pending trades are listed."`
	Yes bool   `help:"Do not ask." short:"y"`
}

// Run shows the exact ticket, asks, and sends it.
func (c *approveCmd) Run(ctx context.Context, io streams, home place) error {
	if c.ID == "" {
		var list []order.Ticket
		if err := perform(ctx, string(home), "pending", subject{}, &list, nil); err != nil {
			return err
		}
		for _, t := range list {
			fmt.Fprintf(io.out, "%s  user %s  approver %s\n%s\n\n", t.ID, t.User, t.Approver, t.Summary)
		}
		if len(list) == 0 {
			fmt.Fprintln(io.out, "No trade waits for confirmation.")
		}
		return nil
	}
	in := map[string]any{"id": c.ID, "yes": false}
	var out approveOut
	if err := perform(ctx, string(home), "approve", in, &out, nil); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%s\ndigest %s\n", out.Ticket.Summary, out.Ticket.Digest)
	if !c.Yes {
		fmt.Fprint(io.out, "Send it? Type yes: ")
		text, err := bufio.NewReader(io.in).ReadString('\n')
		if err != nil && text == "" || strings.TrimSpace(text) != "yes" {
			return fault.E("approve", fault.Cancelled, "not approved: nothing was sent")
		}
	}
	in["yes"] = true
	if err := perform(ctx, string(home), "approve", in, &out, nil); err != nil {
		return err
	}
	for _, o := range out.Orders {
		fmt.Fprintf(io.out, "%s  %s: %s, %s of %s filled\n", o.ID, order.Describe(o), o.Status, o.Filled, o.Quantity)
	}
	return nil
}

type killCmd struct {
	Release bool   `help:"Release it, so that orders are taken again." xor:"what"`
	Status  bool   `help:"Only show it." xor:"what"`
	Reason  string `help:"Why, for the record."`
}

// Run pulls or releases the kill switch.
func (c *killCmd) Run(ctx context.Context, io streams, home place) error {
	var k order.KillSwitch
	if err := perform(ctx, string(home), "kill", killIn{Engage: !c.Release, Reason: c.Reason, Show: c.Status}, &k, nil); err != nil {
		return err
	}
	if k.Engaged {
		fmt.Fprintf(io.out, "The kill switch is engaged since %s by %s. Release it with: quantdesk kill --release\n", k.At.Local().Format(time.DateTime), k.By)
		return nil
	}
	fmt.Fprintln(io.out, "The kill switch is released.")
	return nil
}

type resolveCmd struct {
	ID string `arg:"" help:"The order."`
	As string `help:"What became of it." enum:"working,cancelled,rejected" required:""`
}

// Run decides an unknown order.
func (c *resolveCmd) Run(ctx context.Context, io streams, home place) error {
	var o trade.Order
	if err := perform(ctx, string(home), "resolve", map[string]any{"id": c.ID, "as": c.As}, &o, nil); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%s: %s\n", o.ID, o.Status)
	return nil
}

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Walk the whole record and say whether it is whole."`
	Show   auditShowCmd   `cmd:"" help:"Print entries as JSON lines, newest first."`
}

type auditVerifyCmd struct{}

// Run verifies the audit; a broken one is a failure.
func (auditVerifyCmd) Run(ctx context.Context, io streams, home place) error {
	var r audit.Report
	if err := perform(ctx, string(home), "audit-verify", subject{}, &r, nil); err != nil {
		return err
	}
	if !r.OK {
		return fault.E("audit", fault.Conflict, "the audit is not whole at entry %d: %s", r.BadSeq, r.Reason).
			Hinted("%d entries before it fit. Compare with a backup.", r.Entries)
	}
	fmt.Fprintf(io.out, "the audit is whole: %d entries, head %s\n", r.Entries, r.Head)
	return nil
}

type auditShowCmd struct {
	Trace string `help:"Only this trace."`
	Kind  string `help:"Only this kind."`
	User  string `help:"Only this user."`
	Limit int    `help:"How many." default:"50"`
}

// Run prints audit entries.
func (c *auditShowCmd) Run(ctx context.Context, io streams, home place) error {
	var list []audit.Entry
	if err := perform(ctx, string(home), "audit-show", store.AuditFilter{Trace: c.Trace, Kind: c.Kind, User: c.User, Limit: c.Limit}, &list, nil); err != nil {
		return err
	}
	enc := json.NewEncoder(io.out)
	for _, e := range list {
		if err := enc.Encode(e); err != nil {
			return err
		}
	}
	return nil
}

type backupCmd struct {
	File string `arg:"" help:"The file to write."`
}

// Run writes a backup.
func (c *backupCmd) Run(ctx context.Context, io streams, home place) error {
	to, err := filepath.Abs(c.File)
	if err != nil {
		return err
	}
	var out struct {
		File  string `json:"file"`
		Bytes int64  `json:"bytes"`
	}
	if err := perform(ctx, string(home), "backup", map[string]string{"to": to}, &out, nil); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "wrote %s (%d bytes). It holds the keys and sealed secrets: keep it private.\n", out.File, out.Bytes)
	return nil
}

type restoreCmd struct {
	File  string `arg:"" help:"A file that backup wrote." type:"existingfile"`
	Force bool   `help:"Replace a home that holds something; it is kept in its backups."`
}

// Run restores a home that nobody owns.
func (c *restoreCmd) Run(io streams, home place) error {
	h, err := store.Acquire(string(home), "restore", time.Now())
	if err != nil {
		return err
	}
	err = store.RestoreHome(h, c.File, c.Force, time.Now().UTC().Format("20060102T150405"))
	if err = errors.Join(err, h.Release()); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "restored %s. Orders that were on the way when it was written are settled with the broker at the next start.\n", home)
	return nil
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(io streams) error {
	fmt.Fprintf(io.out, "quantdesk %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// release is set by release builds.
var release = ""

// version is the release, else what the module system knows.
func version() string {
	if release != "" {
		return release
	}
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" && b.Main.Version != "(devel)" {
		return b.Main.Version
	}
	return "0.1.0-dev"
}
