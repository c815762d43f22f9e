package web

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/fault"
)

// A reader that stops reading ends its own answer and nothing else.
func TestPatientDropsStalledReaders(t *testing.T) {
	ended := make(chan error, 1)
	s := httptest.NewServer(Patient(Config{WriteWait: 100 * time.Millisecond}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/flood" {
			_, _ = io.WriteString(w, "fine")
			return
		}
		chunk := make([]byte, 1<<20)
		for {
			if _, err := w.Write(chunk); err != nil {
				ended <- err
				return
			}
		}
	})))
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET /flood HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err := http.Get(s.URL)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("beside the stalled reader: %v %v", res, err)
	}
	_ = res.Body.Close()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("no error")
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the write never ended")
	}
}

// A stream may last longer than one write, and a connection may rest longer
// than one between two answers, also one without a body.
func TestPatientBearsLongStreams(t *testing.T) {
	const wait = 300 * time.Millisecond
	s := httptest.NewServer(Patient(Config{WriteWait: wait, ReadWait: wait}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/empty" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		_, _ = io.ReadAll(r.Body)
		for range 3 {
			if _, err := io.WriteString(w, "tick\n"); err != nil {
				t.Errorf("write: %v", err)
			}
			w.(http.Flusher).Flush()
			select {
			case <-time.After(wait):
			case <-r.Context().Done():
				t.Error("the stream was cut")
			}
		}
	})))
	defer s.Close()
	c := s.Client()
	for range 2 {
		res, err := c.Post(s.URL, "text/plain", strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		lines := 0
		for sc := bufio.NewScanner(res.Body); sc.Scan(); {
			lines++
		}
		_ = res.Body.Close()
		if lines != 3 {
			t.Errorf("%d lines of 3", lines)
		}
		time.Sleep(2 * wait) // the connection rests
		if res, err := c.Get(s.URL + "/empty"); err != nil || res.StatusCode != http.StatusNoContent {
			t.Errorf("after a rest: %v %v", res, err)
		}
	}
}

func TestFail(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		has    string
		hasNot string
	}{
		{fault.E("op", fault.NotFound, "there is no x").Hinted("look").With("argument", "x"), 404, `"argument":"x"`, "op"},
		{&fault.Error{Code: fault.RateLimited, Message: "slow", RetryAfter: 1500 * time.Millisecond}, 429, `"retry_after_s":2`, ""},
		{errors.New("open /home/me: secret"), 500, "something went wrong", "secret"},
		{fault.Wrap("op", fault.Internal, errors.New("secret"), "the file /home/me").With("path", "/home/me"), 500, "something went wrong", "/home"},
	} {
		w := httptest.NewRecorder()
		Fail(w, nil, c.err)
		body := w.Body.String()
		if w.Code != c.status || !strings.Contains(body, c.has) || c.hasNot != "" && strings.Contains(body, c.hasNot) || !strings.Contains(body, `"hint"`) {
			t.Errorf("%v: %d %s", c.err, w.Code, body)
		}
		if c.status == 429 && w.Header().Get("Retry-After") != "2" {
			t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
		}
	}
}
