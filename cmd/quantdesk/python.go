package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/python"
	"quantdesk/internal/python/strategy"
)

type pythonCmd struct {
	Stubs   pythonStubsCmd   `cmd:"" help:"Write the algorithm API for editors (AlgorithmImports.pyi)."`
	Install pythonInstallCmd `cmd:"" help:"Install packages, as numpy and pandas, for algorithms."`
}

type pythonStubsCmd struct {
	Dir string `arg:"" help:"Folder to write to, as that of the algorithms." placeholder:"DIR"`
}

// Run writes the stubs.
func (c *pythonStubsCmd) Run(io streams) error {
	const op = "python.stubs"
	if err := os.MkdirAll(c.Dir, 0o755); err != nil { //nolint:gosec // the user's own folder
		return fault.Wrap(op, fault.Invalid, err, "the folder %s cannot be made", c.Dir)
	}
	to := filepath.Join(c.Dir, strategy.StubsName)
	if err := os.WriteFile(to, []byte(strategy.Stubs), 0o644); err != nil { //nolint:gosec // the user's own file
		return fault.Wrap(op, fault.Invalid, err, "%s cannot be written", to)
	}
	fmt.Fprintf(io.out, "%s: editors that look beside the algorithm complete and check it now.\n", to)
	return nil
}

type pythonInstallCmd struct {
	Packages []string `arg:"" help:"Packages, as pip names them: numpy pandas==2.2.3." placeholder:"PACKAGE"`
	Pip      string   `help:"Python with pip that fetches them; its own version does not matter. Default: python3 of the path." placeholder:"PROGRAM"`
}

// Run has a pip of the machine fetch packages for the embedded version: the
// embedded distribution comes without one.
func (c *pythonInstallCmd) Run(ctx context.Context, io streams, home place) error {
	const op = "python.install"
	for _, p := range c.Packages {
		if strings.HasPrefix(p, "-") {
			return fault.E(op, fault.Invalid, "%q is no package", p).Hinted("Name packages only.")
		}
	}
	program, err := pipOf(ctx, c.Pip)
	if err != nil {
		return err
	}
	dir := installedPackages(string(home))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.Wrap(op, fault.Unavailable, err, "the folder %s cannot be made", dir)
	}
	version := python.Version[:strings.LastIndexByte(python.Version, '.')]
	args := append([]string{"-m", "pip", "install", "--disable-pip-version-check", "--upgrade", "--target", dir, "--python-version", version, "--implementation", "cp", "--only-binary", ":all:", "--"}, c.Packages...)
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // the user's own pip
	cmd.Stdout, cmd.Stderr = io.out, io.err
	if err := cmd.Run(); err != nil {
		return fault.Wrap(op, fault.Unavailable, err, "pip did not install %s", strings.Join(c.Packages, ", ")).Hinted("Its own words above say why.")
	}
	fmt.Fprintf(io.out, "Algorithms of this home can import them now (%s).\n", dir)
	return nil
}

// pipOf finds a Python that has pip.
func pipOf(ctx context.Context, given string) (string, error) {
	names := []string{"python3.11", "python3", "python"}
	if given != "" {
		names = []string{given}
	}
	for _, n := range names {
		path, err := exec.LookPath(n)
		if err == nil && exec.CommandContext(ctx, path, "-m", "pip", "--version").Run() == nil { //nolint:gosec // the user's own Python
			return path, nil
		}
	}
	return "", fault.E("python.install", fault.Unavailable, "there is no pip here: the embedded Python comes without, and no Python of the path has one").
		Hinted("Install pip, name a Python that has it with --pip, or give a folder of packages for CPython %s with --site-packages.", python.Version)
}
