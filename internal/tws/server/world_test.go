package server_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/feed"
	"quantdesk/internal/num"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/server/servertest"
)

const account = servertest.Account

// setup is what a test's TWS is made of: see servertest.Config.
type setup struct {
	dir      string
	feed     *feed.Feed
	accounts int
	pace     int
	faults   string
}

// desk is a paper TWS.
type desk struct{ *servertest.TWS }

func open(t testing.TB, in setup) *desk {
	t.Helper()
	var accounts []string
	for i := range in.accounts {
		accounts = append(accounts, fmt.Sprintf("DUSIM%06d", i+1))
	}
	return &desk{servertest.Open(t, servertest.Config{Dir: in.dir, Feed: in.feed, Accounts: accounts, Pace: in.pace, Faults: in.faults})}
}

// peer is a client that keeps every message, and holds each against the codec:
// what the codec writes of a message that was read must be what came, so that no
// field is missing and none is left over.
type peer struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
	gone chan struct{} // closed when the server has ended the connection

	mu   sync.Mutex
	got  []tws.Message
	next int64
}

// hello is a handshake with these versions and options.
func hello(text string) []byte {
	b := binary.BigEndian.AppendUint32([]byte("API\x00"), uint32(len(text))) //nolint:gosec // short
	return append(b, text...)
}

// raw connects and says nothing.
func (d *desk) raw(t testing.TB) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", d.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// greet connects and makes the handshake, and does not say who it is.
func (d *desk) greet(t testing.TB, versions string) *peer {
	t.Helper()
	conn := d.raw(t)
	p := &peer{t: t, conn: conn, r: bufio.NewReaderSize(conn, 1<<16), gone: make(chan struct{})}
	if _, err := conn.Write(hello(versions)); err != nil {
		t.Fatal(err)
	}
	payload, err := tws.ReadFrame(p.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f := tws.Split(payload); len(f) != 2 || f[0] != "178" {
		t.Fatalf("the handshake was answered %q", f)
	}
	return p
}

// dial is a client that has started.
func (d *desk) dial(t testing.TB, id int64) *peer {
	t.Helper()
	p := d.greet(t, "v157..178")
	go p.read()
	p.send(&tws.StartAPI{ClientID: id})
	next := await(p, "the next order id", func(*tws.NextValidID) bool { return true })
	await(p, "the farms", func(m *tws.ErrMsg) bool { return m.Code == 2158 })
	p.next = next.OrderID
	return p
}

func (p *peer) read() {
	defer close(p.gone)
	for {
		payload, err := tws.ReadFrame(p.r, nil)
		if err != nil {
			return
		}
		m, err := tws.DecodeReply(payload, tws.MaxVersion)
		if err != nil {
			p.t.Errorf("%q cannot be read: %v", payload, err)
			continue
		}
		again, err := tws.Append(nil, m, tws.MaxVersion)
		if err != nil || !bytes.Equal(again[4:], payload) {
			p.t.Errorf("%T has %d fields and is written with %d (%v)\n got %q\nwant %q", m, len(tws.Split(payload)), len(tws.Split(again[4:])), err, payload, again[4:])
		}
		p.mu.Lock()
		p.got = append(p.got, m)
		p.mu.Unlock()
	}
}

func (p *peer) send(m tws.Message) {
	p.t.Helper()
	frame, err := tws.Append(nil, m, tws.MaxVersion)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.conn.Write(frame); err != nil {
		p.t.Fatal(err)
	}
}

// forget drops what has come.
func (p *peer) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = nil
}

// all gives what has come of a kind.
func all[T tws.Message](p *peer) (out []T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.got {
		if x, ok := m.(T); ok {
			out = append(out, x)
		}
	}
	return out
}

// await waits for the first message that fits.
func await[T tws.Message](p *peer, what string, fits func(T) bool) T {
	p.t.Helper()
	for end := time.Now().Add(15 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		for _, x := range all[T](p) {
			if fits(x) {
				return x
			}
		}
		if time.Now().After(end) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.t.Fatalf("nothing came: %s; what came are %d messages, the last %+v", what, len(p.got), p.got[max(0, len(p.got)-3):])
		}
	}
}

// failed waits for an error.
func (p *peer) failed(id, code int64) *tws.ErrMsg {
	p.t.Helper()
	return await(p, fmt.Sprintf("error %d of %d", code, id), func(m *tws.ErrMsg) bool { return m.ReqID == id && m.Code == code })
}

// status waits for a state of an order.
func (p *peer) status(id int64, s string) *tws.OrderStatus {
	p.t.Helper()
	return await(p, fmt.Sprintf("order %d %s", id, s), func(m *tws.OrderStatus) bool { return m.OrderID == id && m.Status == s })
}

// sync waits until everything sent before has been answered.
func (p *peer) sync() {
	p.t.Helper()
	before := len(all[*tws.CurrentTime](p))
	p.send(&tws.ReqCurrentTime{})
	for end := time.Now().Add(10 * time.Second); len(all[*tws.CurrentTime](p)) == before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatal("the server does not answer")
		}
	}
}

// closed waits until the server has ended the connection.
func (p *peer) closed(what string) {
	p.t.Helper()
	select {
	case <-p.gone:
	case <-time.After(15 * time.Second):
		p.t.Fatalf("the connection goes on: %s", what)
	}
}

// quietly tells that the server closed a connection that got no handshake done.
func quietly(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(conn)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Error("the connection stays open")
	}
	if len(rest) > 0 {
		t.Errorf("the server said %q", rest)
	}
}

var apple = tws.Contract{Symbol: "AAPL", SecType: "STK", Exchange: "SMART", Currency: "USD"}

// place sends an order of 10 shares of AAPL at the market, changed.
func (p *peer) place(change func(*tws.Order)) int64 {
	p.t.Helper()
	o := tws.Order{Action: "BUY", TotalQuantity: num.FromInt(10), OrderType: "MKT", TIF: "DAY", Transmit: true, Account: account, ExemptCode: -1}
	if change != nil {
		change(&o)
	}
	id := p.next
	p.next++
	p.send(&tws.PlaceOrder{OrderID: id, Contract: apple, Order: o})
	return id
}

// limit makes an order one with a limit price.
func limit(price string) func(*tws.Order) {
	return func(o *tws.Order) { o.OrderType, o.LimitPrice = "LMT", tws.Num(num.MustParse(price)) }
}

// contract gives the details of a contract.
func (p *peer) contract(c tws.Contract) *tws.ContractData {
	p.t.Helper()
	p.send(&tws.ReqContractDetails{ReqID: 9001, Contract: c})
	return await(p, "details of "+c.Symbol, func(m *tws.ContractData) bool {
		return m.ReqID == 9001 && strings.EqualFold(m.Contract.Symbol, c.Symbol) || m.Contract.ConID == c.ConID
	})
}
