package server_test

import (
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/tws"
)

// A second client with the same id is told so and closed, the first goes on, and
// the id is free again once its client has left.
func TestDuplicateClientID(t *testing.T) {
	d := open(t, setup{})
	first := d.dial(t, 7)
	second := d.greet(t, "v157..178")
	go second.read()
	second.send(&tws.StartAPI{ClientID: 7})
	second.failed(-1, 326)
	second.closed("a second client 7")
	first.sync()
	_ = first.conn.Close()
	first.closed("it left")
	for end := time.Now().Add(5 * time.Second); ; {
		third := d.greet(t, "v157..178")
		go third.read()
		third.send(&tws.StartAPI{ClientID: 7})
		if m := await(third, "an answer", func(m tws.Message) bool {
			_, id := m.(*tws.NextValidID)
			e, no := m.(*tws.ErrMsg)
			return id || no && e.Code == 326
		}); m.ID() == (&tws.NextValidID{}).ID() {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the id stays taken")
		}
	}
}

// What is no handshake is closed without a word, and so is a client whose
// versions are all too old or all too new.
func TestHandshake(t *testing.T) {
	d := open(t, setup{})
	for name, text := range map[string]string{
		"a web client":      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"no length":         "API\x00\x00\x00\x00\x00",
		"a vast length":     "API\x00\x7f\xff\xff\xff",
		"no version":        string(hello("178")),
		"no number":         string(hello("v100..new")),
		"too old":           string(hello("v100..150")),
		"too new":           string(hello("v179..225")),
		"the old handshake": "63\x00",
	} {
		t.Run(name, func(t *testing.T) {
			conn := d.raw(t)
			if _, err := conn.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			if name == "the old handshake" { // too short to be judged: the client gives up
				if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
					t.Fatal(err)
				}
			}
			quietly(t, conn)
		})
	}
	for _, versions := range []string{"v178", "v100..225", "v157..178 +PACEAPI"} {
		d.greet(t, versions)
	}
}

// A message that is unknown, short or of a wrong type is answered with an error,
// and the connection goes on; one that breaks the framing ends it.
func TestBrokenMessages(t *testing.T) {
	d := open(t, setup{})
	p := d.dial(t, 1)
	for name, fields := range map[string][]string{
		"unknown":    {"250", "1"},
		"negative":   {"-3", "1"},
		"no id":      {"", "1"},
		"words":      {"hello", "world"},
		"short":      {"3", "5", "265598", "AAPL"},
		"wrong type": {"20", "twelve", "0", "AAPL"},
		"many":       {"20", "12", "265598", "AAPL", "BAG", "", "", "", "", "SMART", "", "USD", "", "", "0", "", "1 day", "1 M", "1", "TRADES", "1", "2000000000"},
	} {
		t.Run(name, func(t *testing.T) {
			p.forget()
			if _, err := p.conn.Write(tws.AppendFields(nil, fields...)); err != nil {
				t.Fatal(err)
			}
			if m := p.failed(-1, 320); strings.Contains(m.Text, "hello") {
				t.Errorf("the error repeats what came: %q", m.Text)
			}
			p.sync()
		})
	}
	p.send(&tws.StartAPI{ClientID: 1})
	p.failed(-1, 501)
	early := d.greet(t, "v157..178")
	go early.read()
	early.send(&tws.ReqCurrentTime{})
	early.failed(-1, 504)
	if _, err := p.conn.Write(binary.BigEndian.AppendUint32(nil, 0x7fffffff)); err != nil {
		t.Fatal(err)
	}
	p.closed("a frame of two gigabytes")
}

// A client that sends too fast is told, and cut off at its third breach.
func TestPace(t *testing.T) {
	d := open(t, setup{pace: 20})
	p := d.dial(t, 1)
	for range 3 {
		frame, err := tws.Append(nil, &tws.ReqCurrentTime{}, tws.MaxVersion)
		if err != nil {
			t.Fatal(err)
		}
		var burst []byte
		for range 21 {
			burst = append(burst, frame...)
		}
		if _, err := p.conn.Write(burst); err != nil {
			t.Fatal(err)
		}
	}
	p.closed("three bursts")
	var told int
	for _, m := range all[*tws.ErrMsg](p) {
		if m.Code == 100 {
			told++
		}
	}
	if told != 3 {
		t.Errorf("code 100 came %d times, want 3", told)
	}
}

// A client that asked for it waits instead.
func TestPaceAPI(t *testing.T) {
	d := open(t, setup{pace: 20})
	p := d.greet(t, "v157..178 +PACEAPI")
	go p.read()
	p.send(&tws.StartAPI{ClientID: 1})
	begun := time.Now()
	const sent = 50
	for range sent {
		p.send(&tws.ReqCurrentTime{})
	}
	for len(all[*tws.CurrentTime](p)) < sent {
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("%d of %d requests are answered", len(all[*tws.CurrentTime](p)), sent)
		}
		time.Sleep(5 * time.Millisecond)
	}
	// 20 at once, 20 a second later, 10 two seconds later.
	if took := time.Since(begun); took < 2*time.Second {
		t.Errorf("%d messages passed in %s at 20 a second", sent, took)
	}
	for _, m := range all[*tws.ErrMsg](p) {
		if m.Code == 100 {
			t.Errorf("a client that waits is told %q", m.Text)
		}
	}
}

// A client that does not read is cut off, and nobody else notices.
func TestSlowReader(t *testing.T) {
	d := open(t, setup{})
	slow := d.greet(t, "v157..178") // never reads on
	slow.send(&tws.StartAPI{ClientID: 1})
	other := d.dial(t, 2)
	request, err := tws.Append(nil, &tws.ReqHistoricalData{ReqID: 1, Contract: apple, BarSize: "1 min", Duration: "5 D", WhatToShow: "TRADES", UseRTH: true, FormatDate: 1}, tws.MaxVersion)
	if err != nil {
		t.Fatal(err)
	}
	cut := make(chan struct{})
	go func() {
		defer close(cut)
		for {
			if err := slow.conn.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
				return
			}
			if _, err := slow.conn.Write(request); err != nil {
				return
			}
		}
	}()
	for end := time.After(80 * time.Second); ; {
		select {
		case <-cut:
			other.sync()
			return
		case <-end:
			t.Fatal("the slow client is still there")
		default:
			other.sync()
			time.Sleep(20 * time.Millisecond)
		}
	}
}
