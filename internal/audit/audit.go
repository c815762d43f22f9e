// Package audit is the desk's record of every call, decision, venue event and
// fill: append-only, in one chain a server.
//
// Each entry's hash covers the entry and the hash before it, so any edit,
// insertion, deletion or reordering breaks the chain from there on. The newest
// hash is sealed with a key that is kept apart from the entries, so a chain that
// was computed anew, or cut short, does not match its seal.
//
//	c := audit.NewChain(key, head)
//	e = c.Seal(audit.Entry{Kind: "call", ...}) // e.Seq and e.Hash are set
package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"time"
)

// Entry is one line of the record.
type Entry struct {
	// Seq counts up by one from 1.
	Seq int64 `json:"seq"`
	// Time is on the wall clock, UTC, to the nanosecond.
	Time time.Time `json:"time"`
	// Trace joins the entries of one call, down to its fills.
	Trace string `json:"trace_id,omitempty"`
	// Kind is call, ticket, confirmed, venue_event and so on.
	Kind string `json:"kind"`
	// User is who it concerns, Subject the tool, ticket or order.
	User    string          `json:"user,omitempty"`
	Subject string          `json:"subject,omitempty"`
	Body    json.RawMessage `json:"body,omitempty"`
	// Hash is SHA-256 over the hash before and all of the above.
	Hash string `json:"hash"`
}

// Head is the newest entry's place and hash, with the seal over both.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
	Seal string `json:"seal"`
}

// Chain computes the hashes of entries in their order. It is not safe for use
// by several goroutines: the one writer owns it.
type Chain struct {
	key  []byte
	head Head
	sum  hash.Hash
	buf  []byte
}

// NewChain goes on from head; the zero Head begins a chain.
func NewChain(key []byte, head Head) *Chain {
	return &Chain{key: key, head: head, sum: sha256.New()}
}

// Head is the newest place, sealed.
func (c *Chain) Head() Head {
	h := c.head
	h.Seal = seal(c.key, h)
	return h
}

// Reset goes back to a head, after entries that were sealed did not land.
func (c *Chain) Reset(h Head) { c.head = h }

// Seal gives e its place and hash.
func (c *Chain) Seal(e Entry) Entry {
	e.Seq = c.head.Seq + 1
	e.Hash = c.hashOf(c.head.Hash, e)
	c.head = Head{Seq: e.Seq, Hash: e.Hash}
	return e
}

// hashOf hashes every field behind its length, so that no two entries share an
// encoding.
func (c *Chain) hashOf(prev string, e Entry) string {
	b := c.buf[:0]
	field := func(s string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	field(prev)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(e.Time.UnixNano()))
	field(e.Trace)
	field(e.Kind)
	field(e.User)
	field(e.Subject)
	field(string(e.Body))
	c.buf = b
	c.sum.Reset()
	c.sum.Write(b)
	return hex.EncodeToString(c.sum.Sum(nil))
}

func seal(key []byte, h Head) string {
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%d:%s", h.Seq, h.Hash)
	return hex.EncodeToString(m.Sum(nil))
}

// Report is what a verification found.
type Report struct {
	Entries int64 `json:"entries"`
	OK      bool  `json:"ok"`
	// BadSeq is the first entry that does not fit, 0 when none.
	BadSeq int64  `json:"bad_seq,omitempty"`
	Reason string `json:"reason,omitempty"`
	Head   string `json:"head,omitempty"`
}

// Verify walks all entries in order and holds the end against the sealed head.
// An error is one of reading; what is wrong with the chain is in the report.
func Verify(key []byte, head Head, each func(yield func(Entry) error) error) (Report, error) {
	c := NewChain(key, Head{})
	var r Report
	errStop := fmt.Errorf("stop")
	err := each(func(e Entry) error {
		want := c.Seal(e)
		switch {
		case e.Seq != want.Seq:
			r.BadSeq, r.Reason = want.Seq, fmt.Sprintf("entry %d is missing: %d stands in its place", want.Seq, e.Seq)
		case e.Hash != want.Hash:
			r.BadSeq, r.Reason = e.Seq, fmt.Sprintf("entry %d, or one before it, was changed: its hash does not fit", e.Seq)
		default:
			r.Entries++
			r.Head = e.Hash
			return nil
		}
		return errStop
	})
	if err != nil && !errors.Is(err, errStop) {
		return r, err
	}
	if r.BadSeq != 0 {
		return r, nil
	}
	at := c.head
	switch {
	case head.Seq == 0 && at.Seq == 0:
	case at.Seq < head.Seq:
		r.BadSeq, r.Reason = at.Seq+1, fmt.Sprintf("the record ends at %d and its sealed head is %d: entries were cut off", at.Seq, head.Seq)
		return r, nil
	case at.Seq != head.Seq || at.Hash != head.Hash:
		r.BadSeq, r.Reason = head.Seq, "the record does not end in its sealed head"
		return r, nil
	case !hmac.Equal([]byte(head.Seal), []byte(seal(key, head))):
		r.BadSeq, r.Reason = head.Seq, "the seal over the head is not this server's: the chain was computed anew"
		return r, nil
	}
	r.OK = true
	return r, nil
}
