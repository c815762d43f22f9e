package algo

import (
	"bytes"
	"fmt"
	"path"
	"sort"
	"strings"
)

// custom reads a data type of the algorithm's own, a day at a time.
type custom struct {
	e          *Engine
	cfg        *Config
	start, end int64
	days       []int64
	day        int
	last       string // the source that was read
	points     []*Custom
	changes    []Point // of the ticker
	previous   int64
	any        bool
}

func (e *Engine) newCustom(cfg *Config, start, end int64) *custom {
	return &custom{e: e, cfg: cfg, start: start, end: end, days: tradableDays(cfg.Hours, start, end, true)}
}

func (c *custom) next() (Point, error) {
	for {
		if len(c.changes) > 0 {
			p := c.changes[0]
			c.changes = c.changes[1:]
			return p, nil
		}
		for len(c.points) > 0 {
			p := c.points[0]
			c.points = c.points[1:]
			if p.End < c.start || c.any && p.End < c.previous {
				continue
			}
			if p.Start > c.end {
				return nil, nil
			}
			c.previous, c.any = p.End, true
			return p, nil
		}
		if c.day >= len(c.days) {
			return nil, nil
		}
		if err := c.open(c.days[c.day]); err != nil {
			return nil, err
		}
		c.day++
	}
}

// follow takes up the ticker of the underlying on a day, for types that go by it.
func (c *custom) follow(day int64) error {
	under := c.cfg.Symbol.Underlying
	if under == nil || !c.cfg.Custom.Mapped() {
		return nil
	}
	ref, err := c.e.reference(under)
	if err != nil {
		return err
	}
	if c.cfg.mapped == "" {
		c.cfg.mapFrom(ref, under, c.start)
	}
	if now, ok := ref.ticker(dateOf(day), under.Value); ok {
		if was := c.cfg.mapped; was != "" && was != now && !c.cfg.Internal {
			c.changes = append(c.changes, &SymbolChange{Symbol: c.cfg.Symbol, Time: day, Old: was, New: now})
		}
		c.cfg.mapped = now
	}
	return nil
}

// DataFile gives the bytes of a file of the data folder, named from there or
// as one goes there from LEAN's own folders; nil where it is not there.
func (e *Engine) DataFile(name string) ([]byte, error) {
	name = path.Clean(strings.ReplaceAll(name, "\\", "/"))
	if from, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimLeft(name, "./"), "/"), "Data/"); ok {
		name = from
	}
	return e.source.File(strings.TrimPrefix(name, "/"))
}

// open reads the source of a day, unless it is the one of the day before.
func (c *custom) open(day int64) error {
	if err := c.follow(day); err != nil {
		return err
	}
	src, err := c.cfg.Custom.Source(c.cfg, day, false)
	if err != nil {
		return err
	}
	if src.Path == "" || src.Path == c.last {
		return nil
	}
	c.last = src.Path
	if src.Remote {
		return fmt.Errorf("%s wants %s, and there is no network here: put the file into the data folder and name it with SubscriptionTransportMedium.LOCAL_FILE", c.cfg.Custom.Name(), src.Path)
	}
	read := c.e.DataFile
	if src.Stored {
		if read = c.e.Stored; read == nil {
			return fmt.Errorf("%s wants %s of the object store, and there is none", c.cfg.Custom.Name(), src.Path)
		}
	}
	data, err := read(src.Path)
	if err != nil {
		c.e.dataError(err)
		return nil
	}
	if data == nil && !c.cfg.Custom.Sparse() {
		c.e.once(fmt.Sprintf("There is no data of %s in %s", c.cfg.Custom.Name(), src.Path))
	}
	c.points = nil
	for len(data) > 0 {
		var line []byte
		line, data, _ = bytes.Cut(data, []byte{'\n'})
		line = bytes.TrimSuffix(line, []byte{'\r'})
		p, err := c.cfg.Custom.Read(c.cfg, string(line), day, false)
		if err != nil {
			c.e.Errorf("%s: %v", c.cfg.Custom.Name(), err)
			continue
		}
		if p != nil {
			p.Symbol = c.cfg.Symbol
			c.points = append(c.points, p)
		}
	}
	if src.Sorted {
		sort.SliceStable(c.points, func(i, j int) bool { return c.points[i].End < c.points[j].End })
	}
	return nil
}
