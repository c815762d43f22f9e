package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/tws"
	"quantdesk/internal/tws/server"
)

// ask posts a fault and gives the answer's status.
func ask(t *testing.T, url, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	return res.StatusCode
}

// Faults happen when they are asked for over HTTP, and to whom.
func TestFaults(t *testing.T) {
	d := open(t, setup{})
	web := httptest.NewServer(d.Control())
	defer web.Close()
	strike := func(body string) {
		t.Helper()
		if code := ask(t, web.URL, body); code != http.StatusNoContent {
			t.Fatalf("%s is answered %d", body, code)
		}
	}
	p, other := d.dial(t, 7), d.dial(t, 8)

	strike(`{"kind":"drop","client":8}`)
	other.closed("a dropped client")
	p.sync()
	other = d.dial(t, 8)

	p.send(&tws.ReqMktData{ReqID: 1, Contract: apple})
	tick := func(m *tws.TickPrice) bool { return m.ReqID == 1 }
	await(p, "a price", tick)
	strike(`{"kind":"lost"}`)
	for _, who := range []*peer{p, other} {
		who.failed(-1, 1100)
	}
	p.sync()
	time.Sleep(300 * time.Millisecond) // a look that had begun
	p.forget()
	time.Sleep(time.Second)
	if n := len(all[*tws.TickPrice](p)); n != 0 {
		t.Errorf("%d prices came over a lost link", n)
	}
	strike(`{"kind":"restored"}`)
	p.failed(-1, 1102)
	await(p, "prices go on", tick)
	strike(`{"kind":"restored","data_lost":true}`)
	p.failed(-1, 1101)
	p.send(&tws.CancelMktData{ReqID: 1}) // it is gone
	p.failed(1, 300)
	p.send(&tws.ReqMktData{ReqID: 1, Contract: apple}) // and may begin anew
	p.forget()
	await(p, "prices again", tick)

	strike(`{"kind":"pacing","times":2}`)
	p.sync()
	p.sync()
	var told int
	for _, m := range all[*tws.ErrMsg](p) {
		if m.Code == 100 {
			told++
		}
	}
	if told != 2 {
		t.Errorf("code 100 came %d times, want 2", told)
	}

	const late = 400
	strike(`{"kind":"delay_ack","delay_ms":400}`)
	begun := time.Now()
	id := p.place(limit("1"))
	p.status(id, tws.Submitted)
	if took := time.Since(begun); took < late*time.Millisecond {
		t.Errorf("a delayed acknowledgement came after %s", took)
	}
	p.forget()
	strike(`{"kind":"double_ack"}`)
	id = p.place(limit("1"))
	for end := time.Now().Add(5 * time.Second); len(all[*tws.OpenOrder](p)) < 2 || len(all[*tws.OrderStatus](p)) < 2; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the acknowledgement is not told twice")
		}
	}
	p.send(&tws.CancelOrder{OrderID: id})
	p.status(id, tws.Cancelled)
}

// What is no fault is refused, with the reason.
func TestNoFaults(t *testing.T) {
	d := open(t, setup{})
	web := httptest.NewServer(d.Control())
	defer web.Close()
	for _, body := range []string{``, `[]`, `{}`, `{"kind":"flood"}`, `{"kind":"drop","who":3}`, `{"kind":"delay_ack"}`, `{"kind":"drop","after_ms":-1}`, `{"kind":"drop","after_ms":900000}`, `{"kind":"pacing","times":-1}`} {
		if code := ask(t, web.URL, body); code != http.StatusBadRequest {
			t.Errorf("%s is answered %d", body, code)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET is answered %d", res.StatusCode)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	if err := d.Inject(server.Fault{Kind: "nothing"}); err == nil {
		t.Error("an unknown fault is taken")
	}
}

// A server ends at once, also while an acknowledgement waits.
func TestEndWhileDelayed(t *testing.T) {
	d := open(t, setup{})
	if err := d.Inject(server.Fault{Kind: "delay_ack", DelayMS: 600_000}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	p := d.dial(t, 7)
	p.place(limit("1"))
	p.sync()
	ended := make(chan struct{})
	go func() { d.Stop(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("the server does not end")
	}
}
