package main

import (
	"context"
	"io"
	"os"
	"os/exec"

	"quantdesk/internal/python/strategy"
)

// child runs the engine's program in a process of its own.
func (r *engineRunner) child(ctx context.Context, job strategy.Job, in io.Reader, out, errs io.Writer) (int, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, self, "__engine")
	cmd.Env = []string{}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, errs
	err = cmd.Run()
	if cmd.ProcessState == nil {
		return 0, err
	}
	return cmd.ProcessState.ExitCode(), nil
}
