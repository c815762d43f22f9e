package rest

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
	"quantdesk/internal/web"
)

// channel is what a WebSocket follows: which tool, and what its news is called.
type channel struct {
	tool, event string
	// key is the argument that tells subscriptions apart.
	key string
}

// channels are the paths under stream/.
var channels = map[string]channel{
	"market-data": {"ibkr_stream_market_data", "market_data", "symbol"},
	"portfolio":   {"ibkr_stream_account_updates", "portfolio", "account"},
	"news":        {"ibkr_stream_news", "news", "symbol"},
}

// The bounds of one socket.
const (
	mostFollowed = 50
	maxMessage   = 16 << 10
)

// socket is one WebSocket. Each subscription is a call of the streaming tool, so
// that scopes, limits and audit are those of the tool.
type socket struct {
	s      *Server
	conn   *websocket.Conn
	caller identity.Principal
	on     channel

	mu   sync.Mutex // guards open
	open map[string]*followed
	wg   sync.WaitGroup
}

type followed struct{ stop context.CancelFunc }

// ask is what a client sends.
type ask struct {
	Action string         `json:"action"`
	Args   map[string]any `json:"-"`
}

// UnmarshalJSON keeps all but the action as the tool's arguments.
func (a *ask) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &a.Args); err != nil {
		return err
	}
	a.Action, _ = a.Args["action"].(string)
	delete(a.Args, "action")
	return nil
}

// follow serves a WebSocket until either side ends it.
func (s *Server) follow(w http.ResponseWriter, r *http.Request) {
	on, ok := channels[r.PathValue("channel")]
	if !ok {
		web.Fail(w, r, fault.E("rest.follow", fault.NotFound, "there is no stream of that name").Hinted("Use market-data, portfolio or news."))
		return
	}
	p, ok := web.PrincipalOf(r.Context())
	if !ok {
		web.Fail(w, r, fault.E("rest.follow", fault.Unauthenticated, "a bearer token is required"))
		return
	}
	// The guard before this has looked at Host and Origin.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(maxMessage)
	k := &socket{s: s, conn: conn, caller: p, on: on, open: map[string]*followed{}}
	ctx, stop := context.WithCancel(r.Context())
	if !p.Expires.IsZero() {
		ctx, stop = context.WithDeadline(r.Context(), p.Expires)
	}
	defer func() {
		stop()
		k.wg.Wait()
		_ = conn.CloseNow()
	}()
	k.send(ctx, map[string]any{"type": "connected", "stream": r.PathValue("channel"), "actions": []string{"subscribe", "unsubscribe", "list", "ping"}})
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			return
		}
		var a ask
		if json.Unmarshal(raw, &a) != nil {
			k.send(ctx, map[string]any{"type": "error", "message": "The message is no JSON object."})
			continue
		}
		k.answer(ctx, a)
	}
}

// send writes one message; a reader that takes too long is dropped.
func (k *socket) send(ctx context.Context, v map[string]any) {
	v["timestamp"] = time.Now().UTC()
	ctx, stop := context.WithTimeout(ctx, web.WriteWait)
	defer stop()
	_ = wsjson.Write(ctx, k.conn, v) // a reader that is gone ends the loop of reads
}

func (k *socket) answer(ctx context.Context, a ask) {
	key, _ := a.Args[k.on.key].(string)
	key = strings.ToUpper(strings.TrimSpace(key))
	switch a.Action {
	case "ping":
		k.send(ctx, map[string]any{"type": "pong"})
	case "list":
		k.mu.Lock()
		keys := slices.Sorted(maps.Keys(k.open))
		k.mu.Unlock()
		k.send(ctx, map[string]any{"type": "subscriptions", "subscriptions": append([]string{}, keys...), "count": len(keys)})
	case "unsubscribe":
		k.mu.Lock()
		f := k.open[key]
		delete(k.open, key)
		k.mu.Unlock()
		if f == nil {
			k.send(ctx, map[string]any{"type": "warning", k.on.key: key, "message": "That is not subscribed to."})
			return
		}
		f.stop()
		k.send(ctx, map[string]any{"type": "unsubscribed", k.on.key: key})
	case "subscribe":
		k.subscribe(ctx, key, a.Args)
	default:
		k.send(ctx, map[string]any{"type": "error", "message": "The action must be subscribe, unsubscribe, list or ping."})
	}
}

func (k *socket) subscribe(ctx context.Context, key string, args map[string]any) {
	raw, err := json.Marshal(args)
	if err != nil {
		return
	}
	k.mu.Lock()
	_, twice := k.open[key]
	full := len(k.open) >= mostFollowed
	run, stop := context.WithCancel(ctx)
	f := &followed{stop}
	if !twice && !full {
		k.open[key] = f
	}
	k.mu.Unlock()
	if twice || full {
		stop()
		why := "That is subscribed to already."
		if full {
			why = "One socket follows 50 at most."
		}
		k.send(ctx, map[string]any{"type": "warning", k.on.key: key, "message": why})
		return
	}
	k.wg.Go(func() {
		defer stop()
		told := false
		res := k.s.cfg.Gate.Call(run, tool.Request{
			Caller: k.caller, View: tool.View{Toolsets: []string{"all"}}, Via: "rest", Name: k.on.tool, Args: raw, Follow: true,
			Report: func(p tool.Progress) {
				if run.Err() != nil {
					return
				}
				// Not under run: a write whose context ends closes the socket.
				if !told {
					told = true
					k.send(ctx, map[string]any{"type": "subscribed", k.on.key: key})
				}
				if p.Data != nil {
					k.send(ctx, map[string]any{"type": k.on.event, k.on.key: key, "data": p.Data})
				}
			},
		})
		k.mu.Lock()
		if k.open[key] == f {
			delete(k.open, key)
		}
		k.mu.Unlock()
		if run.Err() != nil {
			return
		}
		if res.Fault != nil {
			k.send(ctx, map[string]any{"type": "error", k.on.key: key, "message": res.Body().Message, "error": res.Body()})
			return
		}
		k.send(ctx, map[string]any{"type": "unsubscribed", k.on.key: key, "message": "The time is over: subscribe again."})
	})
}
