package identity

import (
	"slices"
	"time"
)

// Principal is who asks, proved.
type Principal struct {
	// User is the subject everything hangs on.
	User string
	// Platform is who vouches for the user; empty for the local user.
	Platform string
	// TokenID is the token's id, empty on stdio and the local socket.
	TokenID string
	// Scopes are single scopes, sorted; groups have been expanded.
	Scopes []string
	// Operator is a person at the machine, never a token.
	Operator bool
	// Local users have the wider rate limits.
	Local bool
	// Expires is the end of the token, zero without one.
	Expires time.Time
}

// Has tells whether the principal holds a scope.
func (p Principal) Has(scope string) bool {
	_, ok := slices.BinarySearch(p.Scopes, scope)
	return ok
}

// Missing lists the scopes of need that the principal does not hold.
func (p Principal) Missing(need []string) []string {
	var out []string
	for _, s := range need {
		if !p.Has(s) {
			out = append(out, s)
		}
	}
	return out
}
