// Command quantdesk is a trading desk for AI agents in one binary.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	_ "time/tzdata" // the machine may have none

	"github.com/alecthomas/kong"

	"quantdesk/internal/fault"
	"quantdesk/internal/python"
	"quantdesk/internal/store"
)

// Exit codes: 0 done, 1 failed, 2 the command line is not right, 3 the home has
// another owner.
const (
	exitFailed = 1
	exitUsage  = 2
	exitHeld   = 3
)

// streams are where a command reads and writes.
type streams struct {
	in       io.ReadCloser
	out, err io.Writer
}

// cli is every command.
type cli struct {
	Home string `help:"Folder that holds the desk's state. Default: the user's data directory." env:"QUANTDESK_HOME" placeholder:"DIR"`

	Serve     serveCmd     `cmd:"" help:"Serve MCP and REST over HTTP."`
	Stdio     stdioCmd     `cmd:"" help:"Serve MCP over stdin and stdout, for desktop clients."`
	Demo      demoCmd      `cmd:"" help:"Play a whole session against a private server and print it."`
	TWS       twsCmd       `cmd:"" name:"tws" help:"Serve a paper TWS: the API of Interactive Brokers over invented money."`
	Call      callCmd      `cmd:"" help:"Call one tool."`
	Tools     toolsCmd     `cmd:"" help:"List the tools."`
	Token     tokenCmd     `cmd:"" help:"Mint, list and revoke tokens."`
	User      userCmd      `cmd:"" help:"Add, list and manage users."`
	Platform  platformCmd  `cmd:"" help:"Add, list and manage platforms that vouch for users."`
	Keys      keysCmd      `cmd:"" help:"Manage the signing keys."`
	Connect   connectCmd   `cmd:"" help:"Connect a broker, entering its secrets where no model sees them."`
	Approve   approveCmd   `cmd:"" help:"Approve a pending trade as the operator."`
	Kill      killCmd      `cmd:"" help:"Engage or release the kill switch."`
	Resolve   resolveCmd   `cmd:"" help:"Decide an order whose answer was lost."`
	Data      dataCmd      `cmd:"" help:"Import, list and export market data."`
	Audit     auditCmd     `cmd:"" help:"Verify and read the audit."`
	Backup    backupCmd    `cmd:"" help:"Write the whole home to one file, also while it runs."`
	Restore   restoreCmd   `cmd:"" help:"Restore a home from a backup."`
	Backtest  backtestCmd  `cmd:"" help:"Run an algorithm over market data and report what came of it."`
	Python    pythonCmd    `cmd:"" help:"Install packages for algorithms, write the API for editors."`
	LeanCheck leanCheckCmd `cmd:"" help:"Run LEAN algorithms and compare them with what LEAN publishes."`
	Doctor    doctorCmd    `cmd:"" help:"Check the home, the market and the server, and say what is wrong."`
	Version   versionCmd   `cmd:"" help:"Print the version."`
}

func main() {
	python.RunStage(os.Args)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run parses and runs one command line.
func run(ctx context.Context, args []string, io streams) int {
	args = withDefaultCommand(args)
	home, err := homeOf(args)
	if err != nil {
		return report(io, err)
	}
	var c cli
	exited := -1
	parser, err := kong.New(&c, kong.Name("quantdesk"), kong.Writers(io.out, io.err), kong.Exit(func(code int) { exited = code }),
		kong.Description("A trading desk for AI agents: research, backtest and trade through MCP and REST, with a policy, confirmations and an audit. It starts with no account, key or network."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}), kong.Resolvers(layers(home)), kong.UsageOnError(),
		kong.Vars{"version": version()}, kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(io))
	if err != nil {
		return report(io, err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if exited >= 0 { // help was asked for and printed
		return exited
	}
	if err != nil {
		fmt.Fprintf(io.err, "quantdesk: %s\nRun quantdesk --help for the commands.\n", err)
		return exitUsage
	}
	// Absolute, as the owner has it: the local socket's address follows from it.
	if err := k.Run(&c, place(home)); err != nil {
		return report(io, err)
	}
	return 0
}

// place is the home a command works on.
type place string

// withDefaultCommand lets MCP_TRANSPORT choose the command where none is given,
// as images of earlier products do.
func withDefaultCommand(args []string) []string {
	for _, a := range args {
		if !strings.HasPrefix(a, "-") || a == "--help" || a == "-h" {
			return args
		}
	}
	switch strings.ToLower(os.Getenv("MCP_TRANSPORT")) {
	case "stdio":
		return append([]string{"stdio"}, args...)
	case "http", "streamable-http", "streamable_http", "sse":
		return append([]string{"serve"}, args...)
	}
	return args
}

// homeOf finds the home before the command line is parsed: its files are among
// what the parser reads.
func homeOf(args []string) (string, error) {
	home := os.Getenv("QUANTDESK_HOME")
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--home="); ok {
			home = v
		} else if a == "--home" && i+1 < len(args) {
			home = args[i+1]
		}
	}
	if home == "" {
		return store.DefaultHome()
	}
	return filepath.Abs(home)
}

// report prints what is wrong and what to do next, and gives the exit code.
func report(io streams, err error) int {
	if err == nil || errors.Is(err, context.Canceled) {
		return 0
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		fmt.Fprintf(io.err, "quantdesk: %s\n", err)
		return exitFailed
	}
	fmt.Fprintf(io.err, "quantdesk: %s.\n%s\n", strings.TrimSuffix(f.Message, "."), f.Next())
	if f.Code == fault.Internal && f.Err != nil {
		fmt.Fprintf(io.err, "cause: %s\n", f.Err)
	}
	if errors.Is(err, store.ErrHeld) {
		return exitHeld
	}
	return exitFailed
}
