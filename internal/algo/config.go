package algo

import (
	"quantdesk/internal/num"
)

// DataType says what a subscription's points are.
type DataType uint8

// The data types.
const (
	TradeBars DataType = iota
	QuoteBars
	TradeTicks
	QuoteTicks
	CustomData
	UniverseData
)

// Config is one subscription: a security at one resolution and data type.
type Config struct {
	Symbol      *Symbol
	Resolution  Resolution
	Type        DataType
	FillForward bool
	Extended    bool
	Internal    bool // the engine's own: not in slices
	Filtered    bool // by market hours
	Norm        Normalization
	Hours       *Hours
	Custom      CustomType // of CustomData

	mapped       string // ticker on disk
	dividends    num.Decimal
	scale        num.Decimal
	consolidated []Consolidator
}

// span is the length of a bar; zero for ticks.
func (c *Config) span() int64 { return int64(c.Resolution.Span()) }

// trades tells whether the points are trades rather than quotes.
func (c *Config) trades() bool { return c.Type == TradeBars || c.Type == TradeTicks }

// scaled tells whether prices have factors.
func (c *Config) scaled() bool { return c.Symbol.Kind == Equity && c.Type <= QuoteTicks }

// strict tells whether daily bars run from open to close.
func (c *Config) strict(precise bool) bool {
	return precise && c.Type <= QuoteBars && strictHours(c.Symbol, c.span(), c.Hours)
}

func strictHours(s *Symbol, span int64, h *Hours) bool {
	return !h.Always && span > nsHour && s.Kind != Forex && s.Kind != Base && (s.Kind != CFD || s.Market != "oanda")
}

// session is the last regular session that opened at or before (strictly
// before, where before is set) a wall clock.
func (h *Hours) session(local int64, before bool) (from, to int64) {
	for at := midnight(local); at > local-searchDays*nsDay; at -= nsDay {
		f, t, ok := h.Session(at)
		if ok && (f < local || f == local && !before) {
			return f, t
		}
	}
	return midnight(local), midnight(local) + nsDay
}

// CustomType is a data type that the algorithm declares: it names its sources
// and reads their lines.
type CustomType interface {
	Name() string
	// Source gives the path of a date's data, and whether the whole file is a
	// collection of points for one time.
	Source(c *Config, date int64, live bool) (CustomSource, error)
	// Read turns a line into a point, nil to pass over it.
	Read(c *Config, line string, date int64, live bool) (*Custom, error)
	// Mapped tells whether the type follows the map file of its underlying.
	Mapped() bool
	// Sparse types have no data on many days, which is not worth a word.
	Sparse() bool
}

// Mapped is the ticker that the data have at the time of the last that was
// read; empty before any.
func (c *Config) Mapped() string { return c.mapped }

// CustomSource is where the data of a custom type are.
type CustomSource struct {
	Path   string
	Remote bool
	Stored bool // Path is a key of the algorithm's object store
	Sorted bool // the lines may come in any order and are to be sorted
}
