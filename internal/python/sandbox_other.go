//go:build !linux

package python

import (
	"encoding/json"
	"fmt"
	"os"
)

func ownBinary() (string, error) { return os.Executable() }

// runStage has one stage: what this system offers, then the program.
func runStage(_, payload string) error {
	var w wire
	if err := json.Unmarshal([]byte(payload), &w); err != nil {
		return fmt.Errorf("the description of the child: %w", err)
	}
	if !w.Bare {
		if err := setLimits(w.Limits); err != nil {
			return err
		}
	}
	return runProgram(w)
}
