package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/obs"
	"quantdesk/internal/store"
	"quantdesk/internal/web"
)

// operation is something the operator does on a desk. Commands reach it through
// the owner's local socket while one runs, else on a desk they open themselves:
// one piece of code either way.
type operation func(ctx context.Context, a *app, in json.RawMessage, progress func(done, total int64)) (any, error)

// line is what the socket sends: steps, then a result or a fault.
type line struct {
	Done   int64           `json:"done,omitempty"`
	Total  int64           `json:"total,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Fault  *lineFault      `json:"fault,omitempty"`
}

type lineFault struct {
	Code    fault.Code     `json:"code"`
	Message string         `json:"message"`
	Hint    string         `json:"hint"`
	Detail  map[string]any `json:"detail,omitempty"`
}

// socketPath is the owner's local socket: in the home where its path fits into
// a socket address, else in the temporary folder under the home's hash.
func socketPath(home string) string {
	p := filepath.Join(home, "run.sock")
	if len(p) < 100 {
		return p
	}
	sum := sha256.Sum256([]byte(home))
	return filepath.Join(os.TempDir(), "quantdesk-"+hex.EncodeToString(sum[:8])+".sock")
}

// listenLocal opens the owner's socket; the lock is held, so one that is there
// is stale.
func listenLocal(home string) (net.Listener, error) {
	path := socketPath(home)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fault.Wrap("listenLocal", fault.Unavailable, err, "the local socket %s cannot be opened", path)
	}
	return l, os.Chmod(path, 0o600)
}

// localHandler serves operations and stdio clients to the machine's own user.
func (a *app) localHandler(stopping <-chan struct{}) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /local/{op}", func(w http.ResponseWriter, r *http.Request) {
		op, ok := operations[r.PathValue("op")]
		if !ok {
			web.Fail(w, r, fault.E("local", fault.NotFound, "the running server does not know this command").Hinted("It may be of another version: restart it."))
			return
		}
		enc := json.NewEncoder(w)
		ctl := http.NewResponseController(w)
		in, err := readAll(r)
		if err != nil {
			web.Fail(w, r, err)
			return
		}
		out, err := op(r.Context(), a, in, func(done, total int64) {
			_ = enc.Encode(line{Done: done, Total: total})
			_ = ctl.Flush()
		})
		if f := fault.As(err); f != nil && f.Code == fault.Internal {
			a.log.Error("a command failed", "command", r.PathValue("op"), "err", err)
		}
		_ = enc.Encode(lineOf(out, err)) // the client may be gone
	})
	mux.HandleFunc("POST /local/stdio", func(w http.ResponseWriter, r *http.Request) { a.attached(w, r, stopping) })
	return mux
}

func readAll(r *http.Request) (json.RawMessage, error) {
	var b bytes.Buffer
	_, err := b.ReadFrom(http.MaxBytesReader(nil, r.Body, 16<<20))
	return b.Bytes(), err
}

func lineOf(out any, err error) line {
	if err == nil {
		raw, merr := json.Marshal(out)
		if merr == nil {
			return line{Result: raw}
		}
		err = merr
	}
	f := fault.As(err)
	return line{Fault: &lineFault{f.Code, f.Message, f.Hint, f.Detail}}
}

func (l line) err() error {
	if l.Fault == nil {
		return nil
	}
	return &fault.Error{Code: l.Fault.Code, Message: l.Fault.Message, Hint: l.Fault.Hint, Detail: l.Fault.Detail}
}

// localClient speaks HTTP over the owner's socket.
func localClient(home string) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socketPath(home))
	}}}
}

// perform runs an operation on the home's owner, or on a desk opened for it.
func perform(ctx context.Context, home, name string, in, out any, progress func(done, total int64)) error {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	raw, err := json.Marshal(in)
	if err != nil {
		return err
	}
	h, err := store.Acquire(home, name, time.Now())
	if errors.Is(err, store.ErrHeld) {
		return ask(ctx, home, name, raw, out, progress)
	}
	if err != nil {
		return err
	}
	defer func() { _ = h.Release() }()
	set, err := settingsOf(home)
	if err != nil {
		return err
	}
	a, err := openApp(ctx, h, set, obs.Logger(os.Stderr, slog.LevelWarn, false))
	if err != nil {
		return err
	}
	defer a.Close()
	if c, ok := in.(callIn); ok && strings.Contains(string(c.Args), "wait") {
		a.work() // what is waited for runs here, as nobody else does it
	}
	v, err := operations[name](ctx, a, raw, progress)
	if err != nil {
		return err
	}
	l := lineOf(v, nil)
	return errors.Join(l.err(), json.Unmarshal(l.Result, out))
}

// ask sends an operation to the running owner, which may still be starting.
func ask(ctx context.Context, home, name string, in json.RawMessage, out any, progress func(done, total int64)) error {
	var res *http.Response
	for try := 0; ; try++ {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://quantdesk/local/"+name, bytes.NewReader(in))
		if err != nil {
			return err
		}
		if res, err = localClient(home).Do(req); err == nil {
			break
		}
		if try > 50 || ctx.Err() != nil {
			o := store.ReadOwner(home)
			return fault.Wrap("ask", fault.Unavailable, err, "the home %s is held by process %d (quantdesk %s), which does not answer", home, o.PID, o.Command).
				Hinted("Wait for it, or stop it and try again.")
		}
		time.Sleep(100 * time.Millisecond)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		var body struct {
			Error lineFault `json:"error"`
		}
		if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
			return fmt.Errorf("the running server answered %s", res.Status)
		}
		return line{Fault: &body.Error}.err()
	}
	lines := bufio.NewReader(res.Body)
	for {
		raw, err := lines.ReadBytes('\n')
		if err != nil {
			return fault.Wrap("ask", fault.Unavailable, err, "the running server hung up").Hinted("Read the state before trying again.")
		}
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			return err
		}
		switch {
		case l.Fault != nil:
			return l.err()
		case l.Result != nil:
			return json.Unmarshal(l.Result, out)
		}
		progress(l.Done, l.Total)
	}
}
