package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// The message forms of the streams over WebSocket.
func TestIBKRSocket(t *testing.T) {
	t.Parallel()
	d, _ := withTWS(t)
	token := d.token(t, "trader")
	d.must(t, token, "ibkr_connect", `{}`, nil)
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	dial := func(path, token string) (*websocket.Conn, *http.Response) {
		h := http.Header{}
		if token != "" {
			h.Set("Authorization", "Bearer "+token)
		}
		conn, res, err := websocket.Dial(ctx, strings.Replace(d.url, "http", "ws", 1)+"/api/v1/stream/"+path, &websocket.DialOptions{HTTPHeader: h})
		if err != nil {
			return nil, res
		}
		t.Cleanup(func() { _ = conn.CloseNow() })
		return conn, res
	}
	if conn, res := dial("market-data", ""); conn != nil || res == nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a token: %v", res)
	}
	if conn, res := dial("nothing", token); conn != nil || res == nil || res.StatusCode != http.StatusNotFound {
		t.Errorf("no such stream: %v", res)
	}
	for path, c := range map[string]struct{ subscribe, event, key string }{
		"market-data": {`{"action":"subscribe","symbol":"AAPL"}`, "market_data", `{"action":"unsubscribe","symbol":"AAPL"}`},
		"portfolio":   {`{"action":"subscribe"}`, "portfolio", `{"action":"unsubscribe"}`},
		"news":        {`{"action":"subscribe","allMessages":true}`, "news", `{"action":"unsubscribe"}`},
	} {
		conn, _ := dial(path, token)
		if conn == nil {
			t.Fatalf("%s: no socket", path)
		}
		until := func(kind string) map[string]any {
			t.Helper()
			for {
				var m map[string]any
				if err := wsjson.Read(ctx, conn, &m); err != nil {
					t.Fatalf("%s: waiting for %s: %v", path, kind, err)
				}
				if m["type"] == kind {
					return m
				}
				if m["type"] == "error" && kind != "error" {
					t.Fatalf("%s: %v", path, m)
				}
			}
		}
		say := func(text string) {
			t.Helper()
			if err := conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		until("connected")
		say(`{"action":"ping"}`)
		until("pong")
		say(c.subscribe)
		until("subscribed")
		if m := until(c.event); m["data"] == nil {
			t.Errorf("%s: %v", path, m)
		}
		say(c.subscribe)
		until("warning")
		say(`{"action":"list"}`)
		if m := until("subscriptions"); m["count"] != 1.0 {
			t.Errorf("%s: %v", path, m)
		}
		say(c.key)
		until("unsubscribed")
		say(`nonsense`)
		until("error")
		say(`{"action":"subscribe","symbol":"NOSUCH","surprise":1}`)
		until("error")
	}
}

// A stream that was started is a resource: read, subscribed to, told of, and
// nobody else's.
func TestIBKRResource(t *testing.T) {
	t.Parallel()
	d, _ := withTWS(t)
	token := d.token(t, "trader")
	d.must(t, token, "ibkr_connect", `{}`, nil)
	told := make(chan string, 100)
	s := d.connect(t, "/mcp/all", token, &mcp.ClientOptions{ResourceUpdatedHandler: func(_ context.Context, r *mcp.ResourceUpdatedNotificationRequest) {
		select {
		case told <- r.Params.URI:
		default:
		}
	}}, legacy())
	const uri = "ibkr://market-data/AAPL"
	if err := s.Subscribe(t.Context(), &mcp.SubscribeParams{URI: uri}); err != nil {
		t.Fatal(err)
	}
	if text, _, failed := answer(t, s, "ibkr_start_market_data_resource", `{"symbol":"AAPL"}`); failed || !strings.Contains(text, uri) {
		t.Fatal(text)
	}
	if text, _, _ := answer(t, s, "ibkr_start_market_data_resource", `{"symbol":"AAPL"}`); !strings.Contains(text, "already_subscribed") {
		t.Error(text)
	}
	select {
	case got := <-told:
		if got != uri {
			t.Errorf("told of %s", got)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was told")
	}
	res, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
	if err != nil || !strings.Contains(res.Contents[0].Text, `"bid":`) || !strings.Contains(res.Contents[0].Text, `"subscribed":true`) {
		t.Errorf("%v %v", res, err)
	}
	other := d.tokenOf(t, d.user(t, "other"), "trader")
	if a := d.rest(t, other, "ibkr_read_resource", `{"uri":"`+uri+`"}`); a.field("subscribed") != false || a.field("data") != nil {
		t.Errorf("another user reads %s", a.body)
	}
	if a := d.rest(t, other, "ibkr_stop_market_data_resource", `{"resource_id":"AAPL"}`); a.status != http.StatusNotFound {
		t.Errorf("another user stops it: %s", a.body)
	}
	for _, fixed := range []string{"ibkr://news-bulletins", "ibkr://broadtape-news", "ibkr://tick-news/*", "ibkr://portfolio/" + paperAccount} {
		if _, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: fixed}); err != nil {
			t.Errorf("%s: %v", fixed, err)
		}
	}
	// The prompts name tools that exist.
	list, err := s.ListPrompts(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list.Prompts {
		args := map[string]string{}
		for _, a := range p.Arguments {
			args[a.Name] = "X"
		}
		got, err := s.GetPrompt(t.Context(), &mcp.GetPromptParams{Name: p.Name, Arguments: args})
		if err != nil {
			t.Fatal(err)
		}
		text, _ := got.Messages[0].Content.(*mcp.TextContent)
		for word := range strings.FieldsFuncSeq(text.Text, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }) {
			if _, known := d.gate.Catalogue().Find(word); strings.HasPrefix(word, "ibkr_") && !known {
				t.Errorf("%s names %s, which is no tool", p.Name, word)
			}
		}
	}
	d.must(t, token, "ibkr_disconnect", `{}`, nil)
	eventually(t, "the stream has ended with its connection", func() bool {
		return d.rest(t, token, "ibkr_read_resource", `{"uri":"`+uri+`"}`).field("subscribed") == false
	})
}
