//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func TestAuditor17SlowClients(t *testing.T) {
	t.Parallel()
	d := open(t, func(s *setup) {
		unlimited(&s.set)
		s.writeWait, s.readWait = 300*time.Millisecond, 300*time.Millisecond
	})
	for _, srv := range d.servers {
		if srv.ReadHeaderTimeout == 0 || srv.IdleTimeout == 0 || srv.MaxHeaderBytes == 0 {
			t.Errorf("a server without bounds: %+v", srv)
		}
	}
	token, addr := d.token(t, "admin"), strings.TrimPrefix(d.url, "http://")
	dial := func(text string) net.Conn {
		// Small segments make the kernel hold little for a reader that does not read.
		small := net.Dialer{Control: func(_, _ string, c syscall.RawConn) (err error) {
			cerr := c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, 536) })
			return errors.Join(err, cerr)
		}}
		conn, err := small.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if err := conn.(*net.TCPConn).SetReadBuffer(2048); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	ended := func(conn net.Conn) bool {
		if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		_, err := io.Copy(io.Discard, conn)
		var timeout net.Error
		return !errors.As(err, &timeout) || !timeout.Timeout()
	}
	// A body that never comes, with a token and without.
	for _, auth := range []string{"", "Authorization: Bearer " + token + "\r\n"} {
		for _, path := range []string{"/mcp", "/api/v1/get_quotes"} {
			if !ended(dial("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n" + auth + "\r\n{")) {
				t.Errorf("%s: a body that never comes holds the connection", path)
			}
		}
	}
	// A subscriber to much that never reads, and a healthy one beside it.
	var uris []string
	var found struct {
		Instruments []struct{ Symbol string } `json:"instruments"`
	}
	d.must(t, token, "search_instruments", `{"limit":100}`, &found)
	for _, in := range found.Instruments[:min(len(found.Instruments), 99)] {
		uris = append(uris, `"quantdesk://quotes/`+in.Symbol+`"`)
	}
	body := message("subscriptions/listen", `"notifications":{"resourceSubscriptions":[`+strings.Join(uris, ",")+`]}`)
	stalled := dial(fmt.Sprintf("POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nAccept: %s\r\nMcp-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\nContent-Length: %d\r\n\r\n%s", token, accept, len(body), body))
	var updates atomic.Int64
	s := d.connect(t, "/mcp", token, &mcp.ClientOptions{ResourceUpdatedHandler: func(context.Context, *mcp.ResourceUpdatedNotificationRequest) { updates.Add(1) }}, legacy())
	if err := s.Subscribe(t.Context(), &mcp.SubscribeParams{URI: "quantdesk://quotes/" + symbol}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the healthy subscriber is told of changes", func() bool { return updates.Load() >= 8 })
	if a := d.rest(t, token, "get_quotes", `{"symbols":["BTCUSD"]}`); a.status != http.StatusOK {
		t.Errorf("a call beside the stalled one: %d", a.status)
	}
	if !ended(stalled) {
		t.Error("the subscriber that never reads was not dropped")
	}
}
