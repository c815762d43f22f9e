package runner

import (
	"context"
	"io"

	"quantdesk/internal/project"
)

const compileProgram = "compile"

func runCompile(context.Context, io.Reader, io.Writer) int { return 0 }

// Compile checks.
func (r *Runner) Compile(context.Context, project.Source) ([]project.Problem, error) { return nil, nil }
