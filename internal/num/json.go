package num

import (
	"encoding/json"
	"fmt"
)

// MarshalJSON returns d as a bare JSON number with all its digits, such as
// 100000.00; it never fails.
func (d Decimal) MarshalJSON() ([]byte, error) { return d.MarshalText() }

// UnmarshalJSON sets d from a JSON number or a JSON string holding one, and
// leaves it alone on an error. null is refused: a missing amount is no amount.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	if len(b) == 0 {
		return fmt.Errorf("num: empty JSON where a number was expected")
	}
	switch c := b[0]; {
	case c == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return fmt.Errorf("num: bad JSON string %q: %w", shorten(b), err)
		}
		v, err := Parse(s)
		if err != nil {
			return fmt.Errorf("JSON string: %w", err)
		}
		*d = v
		return nil
	case c == '-' || c >= '0' && c <= '9':
		v, err := parse(b)
		if err != nil {
			return fmt.Errorf("JSON number: %w", err)
		}
		*d = v
		return nil
	}
	return fmt.Errorf("num: JSON %s where a number was expected", shorten(b))
}
