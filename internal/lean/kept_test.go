package lean

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/algo"
	"quantdesk/internal/num"
)

var exactly = cmp.Comparer(func(a, b num.Decimal) bool { return a == b }) // with its scale

func someRows(rng *rand.Rand, n int) (trades, quotes *algo.Rows) {
	trades, quotes = &algo.Rows{}, &algo.Rows{}
	scale := rng.IntN(9)
	d := func() num.Decimal {
		s := scale
		if n%2 == 0 {
			s = rng.IntN(29)
		}
		return num.New(rng.Int64N(1<<rng.IntN(62))-rng.Int64N(1000), s)
	}
	for i := range n {
		at := int64(i)*int64(time.Minute) + rng.Int64N(2)*rng.Int64N(1<<40)
		trades.Trades = append(trades.Trades, algo.TradeRow{At: at, O: d(), H: d(), L: d(), C: d(), Volume: d()})
		quotes.Quotes = append(quotes.Quotes, algo.QuoteRow{At: at, BidSize: d(), AskSize: d(),
			Bid: algo.Side{O: d(), H: d(), L: d(), C: d(), Ok: rng.IntN(3) > 0}, Ask: algo.Side{O: d(), H: d(), L: d(), C: d(), Ok: rng.IntN(3) > 0}})
	}
	return trades, quotes
}

func TestPacked(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	of := stampOf{1000, 77}
	for n := range 40 {
		trades, quotes := someRows(rng, n)
		for _, rows := range []*algo.Rows{trades, quotes} {
			data, err := pack("a/b.zip", of, sha256.Sum256([]byte("x")), rows)
			if err != nil {
				t.Fatal(err)
			}
			got, sum, err := unpack(data, "a/b.zip", of)
			if err != nil || sum != sha256.Sum256([]byte("x")) {
				t.Fatal(err, sum)
			}
			if n > 0 && !cmp.Equal(got, rows, exactly) {
				t.Fatal(cmp.Diff(rows, got, exactly))
			}
			for _, c := range []struct {
				rel string
				of  stampOf
			}{{"a/c.zip", of}, {"a/b.zip", stampOf{1001, 77}}, {"a/b.zip", stampOf{1000, 78}}} {
				if _, _, err := unpack(data, c.rel, c.of); !errors.Is(err, errPacked) {
					t.Errorf("rows of another file or content: %v", err)
				}
			}
			for range 60 { // damage, and damage that has a right checksum
				bad := append([]byte(nil), data[:len(data)-rng.IntN(2)*rng.IntN(len(data))]...)
				if len(bad) > 4 {
					bad[rng.IntN(len(bad))] ^= byte(1 + rng.IntN(255))
				}
				if _, _, err := unpack(bad, "a/b.zip", of); !errors.Is(err, errPacked) {
					t.Fatalf("damaged rows are taken: %v", err)
				}
				if len(bad) > 4 {
					binary.LittleEndian.PutUint32(bad[len(bad)-4:], crc32.Checksum(bad[:len(bad)-4], castagnoli))
					_, _, _ = unpack(bad, "a/b.zip", of) // it does not panic
				}
			}
		}
	}
	wide := &algo.Rows{Trades: []algo.TradeRow{{O: num.MustParse("79228162514264337593543950335")}}}
	if _, err := pack("a", of, [32]byte{}, wide); !errors.Is(err, errUnpacked) {
		t.Errorf("a decimal of 96 bits: %v", err)
	}
}

// TestKeeper: a second reader gets equal rows without decoding, a changed zip
// and damaged rows are decoded again, and the oldest make room.
func TestKeeper(t *testing.T) {
	f, queries := minuteFolder(t)
	dir, err := KeptDir(t.TempDir(), f.Dir())
	if err != nil {
		t.Fatal(err)
	}
	var told []algo.RowQuery
	read := func(f *Folder) (out []*algo.Rows, hash string) {
		t.Helper()
		told = nil
		f.Track()
		s := f.Source()
		s.UseKept(dir, func(q algo.RowQuery) { told = append(told, q) })
		for _, q := range queries {
			rows, err := s.Rows(q)
			if err != nil || rows == nil {
				t.Fatal(rows, err)
			}
			out = append(out, rows)
		}
		hash, err := s.DataHash()
		if err != nil {
			t.Fatal(err)
		}
		return out, hash
	}
	same := func(what string, tells int, want []*algo.Rows, wantHash string) {
		t.Helper()
		got, hash := read(f)
		if !cmp.Equal(got, want, exactly) || hash != wantHash {
			t.Errorf("%s: other rows, or %s instead of %s", what, hash, wantHash)
		}
		if len(told) != tells {
			t.Errorf("%s: told of %d series, not %d", what, len(told), tells)
		}
	}
	want, hash := read(f)
	if len(told) != 1 || told[0] != queries[0] {
		t.Fatalf("told of %v", told)
	}
	k := NewKeeper(f, dir, 1<<20)
	fill := func() { k.Want(told[0]); k.Wait() }
	fill()
	same("kept", 0, want, hash)

	rel, _ := rowFile(queries[3])
	name, _ := keptFile(dir, rel, queries[3])
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	same("damaged", 1, want, hash)
	fill()
	same("mended", 0, want, hash)

	other, _ := rowFile(queries[4])
	raw, err := os.ReadFile(filepath.Join(f.Dir(), other))
	if err == nil {
		err = os.WriteFile(filepath.Join(f.Dir(), rel), raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	got, changed := read(f)
	if changed == hash || len(told) != 1 || cmp.Equal(got[3], want[3], exactly) {
		t.Errorf("the old rows of a replaced file are taken, hash %s", changed)
	}
	fill()
	same("replaced", 0, got, changed)

	size := int64(len(data))
	small := NewKeeper(f, dir, 5*size)
	small.trim(0)
	left, _ := filepath.Glob(filepath.Join(dir, "equity/usa/minute/spy/*.rows"))
	if n := len(left); n == 0 || n > 5 {
		t.Errorf("%d files stay where there is room for 5", n)
	}
	for _, q := range []algo.RowQuery{{Kind: algo.Equity, Market: "../..", Ticker: "x"}, {Kind: algo.Equity, Market: "usa", Ticker: "../../../../../x", Resolution: algo.Daily}} {
		k.Want(q)
	}
	if k.Wait(); len(k.known) > 0 {
		t.Error("a name that leaves the folder is worked on")
	}
}
