package runner

import (
	"context"
	"encoding/json"
	"io"

	"quantdesk/internal/fault"
	"quantdesk/internal/python"
	"quantdesk/internal/python/strategy"
)

// stubsProgram is the child that writes the API down for editors.
const stubsProgram = "stubs"

func runStubs(ctx context.Context, in io.Reader, out io.Writer) int {
	var job strategy.Inspection
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return exitProtocol
	}
	text, err := job.MakeStubs(ctx)
	if err != nil {
		return refuse(out, fault.Wrap("runner.Stubs", fault.Internal, err, "the stubs cannot be made: %s", err))
	}
	if err := send(out, frameResult, text); err != nil {
		return exitProtocol
	}
	return 0
}

// MakeStubs writes the API down as the library has it now; strategy.Stubs is
// what the program carries.
func (r *Runner) MakeStubs(ctx context.Context) (text string, err error) {
	at, err := r.prepare(ctx)
	if err != nil {
		return "", err
	}
	spec := python.Spec{Program: stubsProgram, Home: at.home, ReadOnly: []string{at.library}, Limits: checkLimits, AllowWeak: r.cfg.AllowWeak}
	err = converse(ctx, spec, strategy.Inspection{Home: at.home, Library: at.library}, func(k kind, body []byte) error {
		if k != frameResult {
			return nil
		}
		return json.Unmarshal(body, &text)
	})
	return text, err
}
