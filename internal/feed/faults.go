package feed

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Script is a list of faults the market is made to have, for tests of what
// trades on it. The nil Script has none.
type Script struct{ faults []scripted }

type scripted struct {
	// Kind is stale, halt or disconnect_feed.
	Kind string `json:"kind"`
	// Symbol limits it to one instrument; empty means all.
	Symbol string `json:"symbol,omitempty"`
	// AfterS and ForS are seconds of real time since the start; ForS 0 lasts.
	AfterS float64 `json:"after_s,omitempty"`
	ForS   float64 `json:"for_s,omitempty"`
}

// ParseScript reads a JSON list of faults of the market. Entries of other kinds
// belong to the paper broker and are passed over.
func ParseScript(raw []byte) (*Script, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("the fault script is not a JSON list: %w", err)
	}
	s := &Script{}
	for n, item := range list {
		var f scripted
		if err := json.Unmarshal(item, &f); err != nil {
			return nil, fmt.Errorf("fault %d of the script: %w", n+1, err)
		}
		if MarketFault(f.Kind) {
			if f.AfterS < 0 || f.ForS < 0 {
				return nil, fmt.Errorf("fault %d of the script: after_s and for_s must not be below zero", n+1)
			}
			s.faults = append(s.faults, f)
		}
	}
	return s, nil
}

// MarketFault tells whether a fault of a script is the market's, not the broker's.
func MarketFault(kind string) bool {
	return kind == "stale" || kind == "halt" || kind == "disconnect_feed"
}

type effects struct {
	disconnected, halted bool
	staleFor             time.Duration
}

func (s *Script) at(symbol string, since time.Duration) (x effects) {
	if s == nil {
		return x
	}
	for _, f := range s.faults {
		from := time.Duration(f.AfterS * float64(time.Second))
		to := from + time.Duration(f.ForS*float64(time.Second))
		if since < from || f.ForS > 0 && since >= to || f.Symbol != "" && !strings.EqualFold(f.Symbol, symbol) {
			continue
		}
		switch f.Kind {
		case "disconnect_feed":
			x.disconnected = true
		case "halt":
			x.halted = true
		case "stale":
			x.staleFor = max(x.staleFor, since-from)
		}
	}
	return x
}
