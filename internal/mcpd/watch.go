package mcpd

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
)

// watcher tells subscribers that a resource changed. It reads what a user
// subscribed to once a second as that user, and tells that user's sessions
// nothing but the address; they read as themselves. What is one user's is
// watched for that user alone.
type watcher struct {
	owner  *Server
	server *mcp.Server

	mu      sync.Mutex // guards watches, done
	watches map[watchKey]*watched
	wg      sync.WaitGroup
	done    bool
}

type watchKey struct{ user, uri string }

type watched struct {
	caller   identity.Principal // the subscriber whose token lives longest
	sessions map[*mcp.ServerSession]bool
	stop     context.CancelFunc
}

const (
	watchEvery = time.Second
	// maxWatched bounds what one user has watched, maxWatches what all have.
	maxWatched = 100
	maxWatches = 2000
	// userMark carries, within this server, whose change a notification tells.
	userMark = "quantdesk.user"
)

func newWatcher(s *Server) *watcher { return &watcher{owner: s, watches: map[watchKey]*watched{}} }

// subscribe begins to watch a resource that the caller may read.
func (w *watcher) subscribe(ctx context.Context, session *mcp.ServerSession, caller identity.Principal, uri string) error {
	const op = "mcpd.subscribe"
	if w.owner.cfg.Fixtures != nil && !strings.HasPrefix(uri, scheme) {
		return nil
	}
	first, f := w.owner.read(ctx, uri, caller, tool.View{}, false)
	if f != nil {
		return protocolFault(f)
	}
	key := watchKey{caller.User, uri}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return protocolFault(fault.E(op, fault.Unavailable, "the server is stopping"))
	}
	if known := w.watches[key]; known != nil {
		known.sessions[session] = true
		if !known.caller.Expires.IsZero() && (caller.Expires.IsZero() || caller.Expires.After(known.caller.Expires)) {
			known.caller = caller
		}
		return nil
	}
	own := 0
	for k := range w.watches {
		if k.user == caller.User {
			own++
		}
	}
	if own >= maxWatched || len(w.watches) >= maxWatches {
		return protocolFault(fault.E(op, fault.RateLimited, "you watch %d resources already", own).Hinted("Unsubscribe from one first."))
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.watches[key] = &watched{caller, map[*mcp.ServerSession]bool{session: true}, stop}
	w.wg.Go(func() { w.watch(run, key, essence(first)) })
	return nil
}

func (w *watcher) watch(ctx context.Context, key watchKey, last string) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		caller, alive := w.alive(key)
		if !alive {
			return
		}
		text, f := w.owner.read(ctx, key.uri, caller, tool.View{}, true)
		now := essence(text)
		if f != nil || now == last {
			continue
		}
		last = now
		if err := w.server.ResourceUpdated(ctx, &mcp.ResourceUpdatedNotificationParams{URI: key.uri, Meta: mcp.Meta{userMark: key.user}}); err != nil {
			w.owner.cfg.Log.Debug("subscribers not told", "uri", key.uri, "err", err)
		}
	}
}

// essence is a reply without what changes by the passing of time alone.
func essence(reply string) string {
	var whole map[string]any
	d := json.NewDecoder(strings.NewReader(reply))
	d.UseNumber()
	if d.Decode(&whole) != nil {
		return reply
	}
	delete(whole, "as_of")
	delete(whole, "age_ms")
	for _, v := range whole {
		rows, _ := v.([]any)
		for _, r := range rows {
			if row, ok := r.(map[string]any); ok {
				delete(row, "age_ms")
			}
		}
	}
	raw, err := json.Marshal(whole)
	if err != nil {
		return reply
	}
	return string(raw)
}

// alive forgets sessions that are gone, and ends a watch that has none left or
// whose last token has expired.
func (w *watcher) alive(key watchKey) (identity.Principal, bool) {
	open := map[*mcp.ServerSession]bool{}
	for ss := range w.server.Sessions() {
		open[ss] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	known := w.watches[key]
	if known == nil {
		return identity.Principal{}, false
	}
	maps.DeleteFunc(known.sessions, func(ss *mcp.ServerSession, _ bool) bool { return !open[ss] })
	over := !known.caller.Expires.IsZero() && time.Now().After(known.caller.Expires)
	if len(known.sessions) == 0 || over {
		known.stop()
		delete(w.watches, key)
		return identity.Principal{}, false
	}
	return known.caller, true
}

// sending lets a change through to the sessions of the user it concerns, and
// takes the mark off.
func (w *watcher) sending(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
		p, ok := req.GetParams().(*mcp.ResourceUpdatedNotificationParams)
		if !ok {
			return next(ctx, method, req)
		}
		user, marked := p.Meta[userMark].(string)
		if !marked {
			return next(ctx, method, req)
		}
		session, ok := req.GetSession().(*mcp.ServerSession)
		w.mu.Lock()
		known := w.watches[watchKey{user, p.URI}]
		ok = ok && known != nil && known.sessions[session]
		w.mu.Unlock()
		if !ok {
			return nil, nil //nolint:nilnil // a notification has no result
		}
		told := *p
		told.Meta = maps.Clone(p.Meta)
		delete(told.Meta, userMark)
		if len(told.Meta) == 0 {
			told.Meta = nil
		}
		return next(ctx, method, &mcp.ServerRequest[*mcp.ResourceUpdatedNotificationParams]{Session: session, Params: &told})
	}
}

func (w *watcher) unsubscribe(session *mcp.ServerSession, uri string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, known := range w.watches {
		if key.uri != uri || !known.sessions[session] {
			continue
		}
		delete(known.sessions, session)
		if len(known.sessions) == 0 {
			known.stop()
			delete(w.watches, key)
		}
	}
}

func (w *watcher) close() {
	w.mu.Lock()
	w.done = true
	for key, known := range w.watches {
		known.stop()
		delete(w.watches, key)
	}
	w.mu.Unlock()
	w.wg.Wait()
}
