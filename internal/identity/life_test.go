package identity_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
)

func TestRevoked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	one, two := h.mint(identity.LocalUser, "read"), h.mint(identity.LocalUser, "read")
	h.accepts(one.Token) // it is in the cache now
	if err := h.Revoke(ctx, one.ID, "somebody"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("somebody else revokes: %v", err)
	}
	h.accepts(one.Token)
	if err := h.Revoke(ctx, one.ID, identity.LocalUser); err != nil {
		t.Fatal(err)
	}
	h.refuses("revoked", one.Token)
	h.accepts(two.Token)
	h.reopen()
	h.refuses("revoked before a restart", one.Token)
	h.accepts(two.Token)
}

func TestDisabled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	p, u := h.user("read")
	token := h.mint(u.ID, "read").Token
	h.accepts(token)
	if _, err := h.SetDisabled(ctx, u.ID, true); err != nil {
		t.Fatal(err)
	}
	h.refuses("disabled user", token)
	if _, err := h.Mint(ctx, u.ID, nil, 0, false); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("minted for a disabled user: %v", err)
	}
	if _, err := h.SetDisabled(ctx, u.ID, false); err != nil {
		t.Fatal(err)
	}
	h.accepts(token)
	p.Disabled = true
	if err := h.store.PutPlatform(ctx, p); err != nil {
		t.Fatal(err)
	}
	h.later(11 * time.Second) // past the service: the cache runs out
	h.refuses("disabled platform", token)
}

func TestRotation(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	old := h.mint(identity.LocalUser, "read").Token
	var kids []string
	for i := range 3 {
		kid, err := h.RotateKey()
		if err != nil {
			t.Fatal(err)
		}
		kids = append(kids, kid)
		h.accepts(old)
		h.accepts(h.mint(identity.LocalUser, "read").Token)
		if n := len(h.JWKS().Keys); n != i+2 {
			t.Errorf("%d public keys; want %d", n, i+2)
		}
	}
	for _, k := range h.JWKS().Keys {
		if !k.IsPublic() {
			t.Error("a private key is published")
		}
	}
	if h.JWKS().Keys[0].KeyID != kids[2] {
		t.Errorf("newest key %s; want %s", h.JWKS().Keys[0].KeyID, kids[2])
	}
	keys, err := identity.OpenKeys(h.keys, h.clock())
	if err != nil {
		t.Fatal(err)
	}
	h.cfg.Keys = keys
	h.reopen()
	h.accepts(old) // the file has all of them
	if _, err := h.RotateKey(); err != nil {
		t.Fatal(err)
	}
	h.refuses("signed by a key that has gone", old)
}

// TestCacheEnds looks at a cached token around its expiry.
func TestCacheEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	m, err := h.Mint(context.Background(), identity.LocalUser, []string{"read"}, 5*time.Second, false)
	if err != nil {
		t.Fatal(err)
	}
	h.accepts(m.Token)
	h.later(5*time.Second - time.Nanosecond)
	h.accepts(m.Token)
	h.later(time.Nanosecond)
	h.refuses("expired while cached", m.Token)
}

// TestCacheAgainstRevocation verifies and revokes at once: after the revocation
// has returned no verification succeeds.
func TestCacheAgainstRevocation(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, u := h.user("read")
	for range 20 {
		m := h.mint(u.ID, "read")
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { _, _ = h.Verify(context.Background(), m.Token) }) // either answer is right here
		}
		if err := h.Revoke(context.Background(), m.ID, ""); err != nil {
			t.Fatal(err)
		}
		h.refuses("revoked", m.Token)
		all.Wait()
		h.refuses("revoked", m.Token)

		m = h.mint(u.ID, "read")
		for range 4 {
			all.Go(func() { _, _ = h.Verify(context.Background(), m.Token) }) // either answer is right here
		}
		if _, err := h.SetDisabled(context.Background(), u.ID, true); err != nil {
			t.Fatal(err)
		}
		all.Wait()
		h.refuses("disabled", m.Token)
		if _, err := h.SetDisabled(context.Background(), u.ID, false); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	p, secret, err := h.AddPlatform(ctx, "fintech")
	if err != nil {
		t.Fatal(err)
	}
	u, userSecret, err := h.AddUser(ctx, p.ID, "customer", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.AuthenticateUser(ctx, p.ID, secret, u.ID, userSecret); err != nil {
		t.Fatal(err)
	}
	other, otherSecret, err := h.AddPlatform(ctx, "rival")
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string][4]string{
		"wrong platform secret":   {p.ID, secret + "0", u.ID, userSecret},
		"no platform secret":      {p.ID, "", u.ID, userSecret},
		"wrong user secret":       {p.ID, secret, u.ID, secret},
		"no user secret":          {p.ID, secret, u.ID, ""},
		"another platform's user": {other.ID, otherSecret, u.ID, userSecret},
		"the local user":          {p.ID, secret, identity.LocalUser, ""},
		"nobody":                  {"", "", "", ""},
	} {
		if _, err := h.AuthenticateUser(ctx, f[0], f[1], f[2], f[3]); fault.CodeOf(err) != fault.Unauthenticated || fault.As(err).Message != "the client or user credentials are not accepted" {
			t.Errorf("%s: %v; want the one refusal", name, err)
		}
	}
	next, err := h.RotateUserSecret(ctx, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.AuthenticateUser(ctx, p.ID, secret, u.ID, userSecret); err == nil {
		t.Error("the old secret still opens")
	}
	if _, err := h.AuthenticateUser(ctx, p.ID, secret, u.ID, next); err != nil {
		t.Errorf("the new secret does not open: %v", err)
	}
	for _, v := range []any{p, u} {
		raw, err := json.Marshal(v)
		if err != nil || strings.Contains(string(raw), "ecret") || strings.Contains(string(raw), p.SecretHash) {
			t.Errorf("%s, %v: a secret's hash shows", raw, err)
		}
	}
}

func TestSealedCredentials(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	plain := map[string]string{"password": "hunter2-hunter2"}
	var all []identity.Connection
	for range 3 {
		c, accounts, err := h.Connect(ctx, identity.LocalUser, "ibkr", identity.TradeEnabled, plain)
		if err != nil || len(accounts) != 1 || !accounts[0].Trading || accounts[0].User != identity.LocalUser {
			t.Fatalf("connect: %+v, %v", accounts, err)
		}
		all = append(all, c)
	}
	if all[0].Sealed == all[1].Sealed || all[1].Sealed == all[2].Sealed {
		t.Error("the same credentials are sealed alike")
	}
	stored, err := h.Connections(ctx, identity.LocalUser)
	if err != nil || len(stored) != 3 {
		t.Fatalf("%d connections, %v; want 3", len(stored), err)
	}
	for _, c := range stored {
		if got, err := h.Credentials(c); err != nil || got["password"] != plain["password"] {
			t.Errorf("credentials %v, %v; want the same", got, err)
		}
		if raw, err := json.Marshal(c); err != nil || strings.Contains(string(raw), "hunter2") {
			t.Errorf("%s, %v: the password shows", raw, err)
		}
	}
	moved := all[0]
	moved.ID = all[1].ID
	if got, err := h.Credentials(moved); err == nil {
		t.Errorf("another connection's seal opens: %v", got)
	}
	bent := all[0]
	bent.Sealed = strings.Map(func(r rune) rune {
		if r == bentRune(bent.Sealed) {
			return 'A'
		}
		return r
	}, bent.Sealed)
	if got, err := h.Credentials(bent); err == nil {
		t.Errorf("a changed seal opens: %v", got)
	}
	h.cfg.SecretKey = slices.Repeat([]byte{9}, 32)
	h.reopen()
	if got, err := h.Credentials(all[0]); err == nil {
		t.Errorf("another home's key opens: %v", got)
	}
}

// bentRune is a letter of a seal that is not A.
func bentRune(s string) rune {
	for _, r := range s {
		if r != 'A' {
			return r
		}
	}
	return 0
}

// TestAccountHasOneUser refuses an account that another user has connected.
func TestAccountHasOneUser(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := context.Background()
	h.cfg.OpenConnection = func(context.Context, identity.Connection, map[string]string) ([]identity.Account, error) {
		return []identity.Account{{ID: "U123"}}, nil
	}
	h.reopen()
	_, u := h.user("trader")
	if _, _, err := h.Connect(ctx, identity.LocalUser, "ibkr", identity.TradeEnabled, nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Connect(ctx, u.ID, "ibkr", identity.TradeEnabled, nil); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("somebody else's account: %v; want a conflict", err)
	}
	if a, ok, err := h.Account(ctx, "U123"); err != nil || !ok || a.User != identity.LocalUser {
		t.Errorf("account %+v, %v; want the first user's", a, err)
	}
	if own, err := h.Accounts(ctx, u.ID); err != nil || len(own) != 0 {
		t.Errorf("the other has %v, %v; want none", own, err)
	}
	// The same user again: the account moves to the newer connection.
	c, _, err := h.Connect(ctx, identity.LocalUser, "ibkr", identity.ReadOnly, nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.Connections(ctx, identity.LocalUser)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range list {
		if x.ID != c.ID {
			if err := h.Disconnect(ctx, identity.LocalUser, x.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if a, ok, err := h.Account(ctx, "U123"); err != nil || !ok || a.Trading || a.ConnectionID != c.ID {
		t.Errorf("account %+v, %v, %v; want the newer connection's", a, ok, err)
	}
	if err := h.Disconnect(ctx, u.ID, c.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("somebody else disconnects: %v", err)
	}
}
