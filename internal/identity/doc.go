// Package identity tells who asks and what they may: platforms, users, tokens,
// scopes, rate limits, broker connections and the secrets behind them.
//
// Everything hangs on the authenticated subject, never on a transport session.
// A Principal is made only from a verified token or by the machine's own local
// socket; its scopes are a closed set that only this package expands.
//
//	p, err := svc.Verify(ctx, bearer)
//	if missing := p.Missing(scopes); len(missing) > 0 { … }
package identity
