package main

import (
	"net"
	"strconv"
	"testing"

	"quantdesk/internal/tws/server/servertest"
)

// paperAccount is the account of the first paper TWS of a test.
const paperAccount = servertest.Account

// withTWS opens a desk and a paper TWS with the accounts, and gives the port.
func withTWS(t *testing.T, accounts ...string) (d running, port int) {
	t.Helper()
	port = paperTWS(t, accounts...)
	return open(t, func(s *setup) {
		unlimited(&s.set)
		s.set.TWSPace, s.set.TWSPort, s.set.TWSHost, s.set.TWSClientID, s.scripted = -1, port, "127.0.0.1", 1, true
	}), port
}

// paperTWS opens a paper TWS over the simulated market.
func paperTWS(t *testing.T, accounts ...string) (port int) {
	t.Helper()
	v := servertest.Open(t, servertest.Config{Accounts: accounts, Options: true})
	_, text, err := net.SplitHostPort(v.Addr)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return port
}
