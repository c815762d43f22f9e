//go:build fixtures

package main

import (
	"context"
	"os"
	"time"

	"quantdesk/internal/identity"
)

// fixtureHome gives the local user the number 123 and the API token abc, as whom
// the LEAN CLI's own tests log in, where the environment asks for it.
var fixtureHome = func(ctx context.Context, a *app) error {
	if os.Getenv("QUANTDESK_FIXTURE_QUANTCONNECT") == "" {
		return nil
	}
	have, err := a.db.APITokens(ctx, identity.LocalUser)
	if err != nil || len(have) > 0 {
		return err
	}
	_, err = a.identity.AddAPIToken(ctx, identity.LocalUser, 123, "abc", []string{"admin"}, 24*time.Hour)
	return err
}
