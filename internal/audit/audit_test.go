package audit

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
)

var key = []byte("a key")

func sealed(n int) ([]Entry, Head) {
	c := NewChain(key, Head{})
	var out []Entry
	for i := range n {
		out = append(out, c.Seal(Entry{Time: time.Unix(int64(i), 0).UTC(), Kind: "k", User: "u", Subject: "s", Body: json.RawMessage(`{"n":1}`)}))
	}
	return out, c.Head()
}

func verify(t *testing.T, list []Entry, h Head) Report {
	t.Helper()
	r, err := Verify(key, h, func(yield func(Entry) error) error {
		for _, e := range list {
			if err := yield(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestVerify(t *testing.T) {
	t.Parallel()
	list, h := sealed(5)
	if r := verify(t, list, h); !r.OK || r.Entries != 5 || r.Head != h.Hash {
		t.Errorf("%+v; want 5 whole entries", r)
	}
	if r := verify(t, nil, Head{}); !r.OK || r.Entries != 0 {
		t.Errorf("an empty record: %+v; want it whole", r)
	}
	if r := verify(t, list[:4], h); r.OK || r.BadSeq != 5 {
		t.Errorf("cut: %+v; want entry 5 missed", r)
	}
	// A head of an earlier day is sealed well, and does not fit.
	_, before := sealed(4)
	if r := verify(t, list, before); r.OK {
		t.Errorf("an older head: %+v; want it told", r)
	}
	broken := errors.New("the disk")
	if _, err := Verify(key, h, func(func(Entry) error) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("reading fails with %v; want it passed on", err)
	}
}

// TestReset goes back after entries that did not land: the next takes their place.
func TestReset(t *testing.T) {
	t.Parallel()
	list, _ := sealed(2)
	c := NewChain(key, Head{Seq: list[1].Seq, Hash: list[1].Hash})
	at := c.Head()
	lost := c.Seal(Entry{Kind: "lost"})
	c.Reset(at)
	next := c.Seal(Entry{Kind: "next"})
	if lost.Seq != 3 || next.Seq != 3 || next.Hash == lost.Hash {
		t.Errorf("lost %d, next %d; want the same place", lost.Seq, next.Seq)
	}
	if r := verify(t, append(list, next), c.Head()); !r.OK || r.Entries != 3 {
		t.Errorf("%+v; want 3 whole entries", r)
	}
}

// TestFieldsDoNotRun moves a letter from one field to the next: the hash tells.
func TestFieldsDoNotRun(t *testing.T) {
	t.Parallel()
	at := time.Unix(1, 0)
	seen := map[string]Entry{}
	for _, e := range []Entry{
		{Time: at, Trace: "ab", Kind: "c"}, {Time: at, Trace: "a", Kind: "bc"}, {Time: at, Trace: "abc"}, {Time: at, Kind: "abc"},
		{Time: at, User: "abc"}, {Time: at, Subject: "abc"}, {Time: at, Body: json.RawMessage("abc")}, {Time: at.Add(1), Trace: "abc"},
	} {
		got := NewChain(key, Head{}).Seal(e)
		if other, ok := seen[got.Hash]; ok {
			t.Errorf("%+v and %+v have one hash", e, other)
		}
		seen[got.Hash] = e
	}
}
