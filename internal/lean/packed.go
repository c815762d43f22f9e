package lean

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
	"sync"

	"quantdesk/internal/algo"
	"quantdesk/internal/num"
)

// Decoded rows as they are kept on disk, all numbers little-endian: the magic
// with the version of the format; length and modification time of the zip they
// are of, and its hash; its name; what the rows are and how many; then column
// by column; at the end a checksum of all that.
//
// A column of integers is the least of them, the bytes that each needs above it
// (0, 1, 2, 4 or 8), and so many bytes a row. One of decimals is that of their
// coefficients behind their scale, or behind everybody's own.
const packedMagic = "qdrows1\n"

// stampOf says which content of a file is meant.
type stampOf struct{ size, modified int64 }

// maxRatio is how much longer than a file its text can be, and so how many rows
// there can be to a byte of it.
const maxRatio = 1032

const (
	packedTrades = 't'
	packedQuotes = 'q'
	ownScales    = 255
)

var (
	castagnoli  = crc32.MakeTable(crc32.Castagnoli)
	errPacked   = errors.New("these are no rows of that file")
	errUnpacked = errors.New("these rows are not kept")
)

// pack writes rows. Ticks, and decimals beyond 63 bits, are not kept.
func pack(rel string, of stampOf, sum [sha256.Size]byte, rows *algo.Rows) ([]byte, error) {
	if len(rows.Ticks) > 0 || len(rel) > math.MaxUint16 {
		return nil, errUnpacked
	}
	p := &packer{out: append(make([]byte, 0, 1024+24*len(rows.Trades)+48*len(rows.Quotes)), packedMagic...)}
	p.int(of.size)
	p.int(of.modified)
	p.out = append(p.out, sum[:]...)
	p.out = binary.LittleEndian.AppendUint16(p.out, uint16(len(rel))) //nolint:gosec // bounded above
	p.out = append(p.out, rel...)
	if q := rows.Quotes; len(q) > 0 {
		p.head(packedQuotes, len(q))
		p.ints(len(q), func(i int) int64 { return q[i].At })
		p.ints(len(q), func(i int) (sides int64) {
			if q[i].Bid.Ok {
				sides |= 1
			}
			if q[i].Ask.Ok {
				sides |= 2
			}
			return sides
		})
		for _, of := range quoteColumns {
			p.decimals(len(q), func(i int) num.Decimal { return *of(&q[i]) })
		}
	} else {
		t := rows.Trades
		p.head(packedTrades, len(t))
		p.ints(len(t), func(i int) int64 { return t[i].At })
		for _, of := range tradeColumns {
			p.decimals(len(t), func(i int) num.Decimal { return *of(&t[i]) })
		}
	}
	if p.wide {
		return nil, errUnpacked
	}
	return binary.LittleEndian.AppendUint32(p.out, crc32.Checksum(p.out, castagnoli)), nil
}

var tradeColumns = [...]func(*algo.TradeRow) *num.Decimal{
	func(r *algo.TradeRow) *num.Decimal { return &r.O }, func(r *algo.TradeRow) *num.Decimal { return &r.H },
	func(r *algo.TradeRow) *num.Decimal { return &r.L }, func(r *algo.TradeRow) *num.Decimal { return &r.C },
	func(r *algo.TradeRow) *num.Decimal { return &r.Volume },
}

var quoteColumns = [...]func(*algo.QuoteRow) *num.Decimal{
	func(r *algo.QuoteRow) *num.Decimal { return &r.Bid.O }, func(r *algo.QuoteRow) *num.Decimal { return &r.Bid.H },
	func(r *algo.QuoteRow) *num.Decimal { return &r.Bid.L }, func(r *algo.QuoteRow) *num.Decimal { return &r.Bid.C },
	func(r *algo.QuoteRow) *num.Decimal { return &r.Ask.O }, func(r *algo.QuoteRow) *num.Decimal { return &r.Ask.H },
	func(r *algo.QuoteRow) *num.Decimal { return &r.Ask.L }, func(r *algo.QuoteRow) *num.Decimal { return &r.Ask.C },
	func(r *algo.QuoteRow) *num.Decimal { return &r.BidSize }, func(r *algo.QuoteRow) *num.Decimal { return &r.AskSize },
}

type packer struct {
	out  []byte
	wide bool // a decimal does not fit
}

func (p *packer) int(v int64) {
	p.out = binary.LittleEndian.AppendUint64(p.out, uint64(v)) //nolint:gosec // bits
}

func (p *packer) head(kind byte, n int) {
	p.out = append(p.out, kind)
	p.int(int64(n))
}

func (p *packer) ints(n int, at func(int) int64) {
	if n == 0 {
		return
	}
	low, high := at(0), at(0)
	for i := range n {
		low, high = min(low, at(i)), max(high, at(i))
	}
	width := byte(8)
	switch reach := uint64(high) - uint64(low); { //nolint:gosec // bits
	case reach == 0:
		width = 0
	case reach <= math.MaxUint8:
		width = 1
	case reach <= math.MaxUint16:
		width = 2
	case reach <= math.MaxUint32:
		width = 4
	}
	p.int(low)
	p.out = append(p.out, width)
	for i := range n {
		v := uint64(at(i)) - uint64(low) //nolint:gosec // bits
		for range width {
			p.out = append(p.out, byte(v))
			v >>= 8
		}
	}
}

func (p *packer) decimals(n int, at func(int) num.Decimal) {
	if n == 0 {
		return
	}
	scale, one := at(0).Scale(), true
	for i := range n {
		one = one && at(i).Scale() == scale
		hi, lo := at(i).Coef()
		p.wide = p.wide || hi != 0 || lo > math.MaxInt64
	}
	if one {
		p.out = append(p.out, byte(scale)) //nolint:gosec // at most 28
	} else {
		p.out = append(p.out, ownScales)
		for i := range n {
			p.out = append(p.out, byte(at(i).Scale())) //nolint:gosec // at most 28
		}
	}
	p.ints(n, func(i int) int64 {
		_, lo := at(i).Coef()
		if at(i).Sign() < 0 {
			return -int64(lo) //nolint:gosec // what does not fit is not kept
		}
		return int64(lo) //nolint:gosec // as above
	})
}

// unpack reads rows. It gives errPacked for what is damaged, of another version
// of the format, of another file or of another content of it.
func unpack(data []byte, rel string, of stampOf) (rows *algo.Rows, sum [sha256.Size]byte, err error) {
	if len(data) < packedHead+9+4 {
		return nil, sum, errPacked
	}
	body := data[:len(data)-4]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(data[len(body):]) {
		return nil, sum, errPacked
	}
	u := &unpacker{in: body}
	sum, ok := u.head(rel, of)
	if !ok {
		return nil, sum, errPacked
	}
	kind := u.take(1)[0]
	n := int(u.int())
	if n < 0 || int64(n) > of.size*maxRatio {
		return nil, sum, errPacked
	}
	rows = &algo.Rows{}
	switch {
	case u.bad:
	case kind == packedTrades:
		rows.Trades = u.trades(n)
	case kind == packedQuotes:
		rows.Quotes = u.quotes(n)
	default:
		u.bad = true
	}
	if u.bad || len(u.in) > 0 {
		return nil, sum, errPacked
	}
	return rows, sum, nil
}

// packedHead is the length of what comes before the name.
const packedHead = len(packedMagic) + 16 + sha256.Size + 2

// head takes what says of which file the rows are, and gives the hash of it.
func (u *unpacker) head(rel string, of stampOf) (sum [sha256.Size]byte, ok bool) {
	magic := string(u.take(len(packedMagic)))
	got := stampOf{size: u.int(), modified: u.int()}
	copy(sum[:], u.take(sha256.Size))
	name := u.take(int(binary.LittleEndian.Uint16(u.take(2))))
	return sum, !u.bad && magic == packedMagic && got == of && string(name) == rel
}

// unpacker takes bytes; bad turns true, and zeros are given, where they end.
type unpacker struct {
	in  []byte
	bad bool
}

func (u *unpacker) take(n int) []byte {
	if n < 0 || n > len(u.in) {
		u.bad, u.in = true, nil
		return make([]byte, min(max(n, 0), 64))
	}
	out := u.in[:n]
	u.in = u.in[n:]
	return out
}

func (u *unpacker) int() int64 { return int64(binary.LittleEndian.Uint64(u.take(8))) } //nolint:gosec // bits

// column is one of a file's, before it is told to the rows.
type column struct {
	ints  []int64
	scale int
	own   []byte // scales, where each row has its own
}

func (c *column) at(i int) num.Decimal {
	if c.own != nil {
		return num.New(c.ints[i], int(c.own[i]))
	}
	return num.New(c.ints[i], c.scale)
}

// scratch are columns' integers, to be used again.
var scratch = sync.Pool{New: func() any { return new([]int64) }}

// columns takes so many, the first of them integers; give takes them back.
func (u *unpacker) columns(n, integers, all int) (out []column, give func()) {
	space := scratch.Get().(*[]int64)
	if cap(*space) < n*all {
		*space = make([]int64, n*all)
	}
	out = make([]column, all)
	for i := range out {
		to := (*space)[n*i : n*(i+1)]
		if i >= integers {
			out[i].scale, out[i].own = u.scales(n)
		}
		u.ints(to)
		out[i].ints = to
	}
	return out, func() { scratch.Put(space) }
}

func (u *unpacker) trades(n int) []algo.TradeRow {
	c, give := u.columns(n, 1, 6)
	defer give()
	if u.bad {
		return nil
	}
	out := make([]algo.TradeRow, n)
	for i := range out {
		out[i] = algo.TradeRow{At: c[0].ints[i], O: c[1].at(i), H: c[2].at(i), L: c[3].at(i), C: c[4].at(i), Volume: c[5].at(i)}
	}
	return out
}

func (u *unpacker) quotes(n int) []algo.QuoteRow {
	c, give := u.columns(n, 2, 12)
	defer give()
	if u.bad {
		return nil
	}
	out := make([]algo.QuoteRow, n)
	for i := range out {
		out[i] = algo.QuoteRow{At: c[0].ints[i], BidSize: c[10].at(i), AskSize: c[11].at(i),
			Bid: algo.Side{O: c[2].at(i), H: c[3].at(i), L: c[4].at(i), C: c[5].at(i), Ok: c[1].ints[i]&1 != 0},
			Ask: algo.Side{O: c[6].at(i), H: c[7].at(i), L: c[8].at(i), C: c[9].at(i), Ok: c[1].ints[i]&2 != 0}}
	}
	return out
}

func (u *unpacker) ints(to []int64) {
	n := len(to)
	if n == 0 || u.bad {
		return
	}
	low := u.int()
	width := int(u.take(1)[0])
	if width > 8 || width > 0 && n > len(u.in)/width {
		u.bad = true
		return
	}
	b := u.take(n * width)
	switch width {
	case 0:
		for i := range to {
			to[i] = low
		}
	case 1:
		for i := range to {
			to[i] = low + int64(b[i])
		}
	case 2:
		for i := range to {
			to[i] = low + int64(binary.LittleEndian.Uint16(b[2*i:]))
		}
	case 4:
		for i := range to {
			to[i] = low + int64(binary.LittleEndian.Uint32(b[4*i:]))
		}
	case 8:
		for i := range to {
			to[i] = low + int64(binary.LittleEndian.Uint64(b[8*i:])) //nolint:gosec // bits
		}
	default:
		u.bad = true
	}
}

// scales takes the scale of a column, or everybody's own.
func (u *unpacker) scales(n int) (scale int, own []byte) {
	if n == 0 || u.bad {
		return 0, nil
	}
	if scale = int(u.take(1)[0]); scale <= num.MaxScale {
		return scale, nil
	}
	if own = u.take(n); scale != ownScales {
		u.bad = true
	}
	for _, s := range own {
		u.bad = u.bad || s > num.MaxScale
	}
	return 0, own
}
