package strategy

import (
	"context"
	_ "embed"
	"fmt"
)

// StubsName is the file that editors look for.
const StubsName = "AlgorithmImports.pyi"

// Stubs is the API as editors and agents read it: every class with its members
// in both spellings.
//
//go:embed stubs/AlgorithmImports.pyi
var Stubs string

// MakeStubs writes the stubs anew from the library.
func (j Inspection) MakeStubs(ctx context.Context) (string, error) {
	got, err := j.inspect(ctx, "lean.write_stubs", "stubs")
	if err != nil {
		return "", err
	}
	text, ok := got.(string)
	if !ok {
		return "", fmt.Errorf("stubs of the type %T", got)
	}
	return text, nil
}
