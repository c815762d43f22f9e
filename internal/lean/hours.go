package lean

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
)

// hoursDB is the market-hours database. The file is megabytes and a desk needs
// a handful of its entries, so it is searched for a key instead of parsed.
type hoursDB struct {
	path string
	once sync.Once
	data []byte
	err  error

	mu        sync.Mutex
	calendars map[string]*market.Calendar // by the key found, nil when absent
}

// classWords are LEAN's names of the classes in the hours database's keys.
var classWords = map[market.Class]string{
	market.Equity: "Equity", market.Index: "Index", market.Forex: "Forex", market.Crypto: "Crypto", market.CFD: "Cfd",
	market.Option: "Option", market.Future: "Future",
}

// calendar gives the hours of a ticker: its own entry, else its market's.
func (h *hoursDB) calendar(class market.Class, marketName, ticker string) (*market.Calendar, error) {
	const op = "lean.Calendar"
	h.once.Do(func() { h.data, h.err = os.ReadFile(h.path) })
	if h.err != nil {
		return nil, fault.Wrap(op, fault.Unavailable, h.err, "the market hours database cannot be read").
			Hinted("Check that %s is there and readable.", hoursFile)
	}
	prefix := classWords[class] + "-" + marketName + "-"
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, key := range []string{prefix + strings.ToUpper(ticker), prefix + "[*]"} {
		c, known := h.calendars[key]
		if !known {
			var err error
			if c, err = h.find(key); err != nil {
				return nil, damaged(op, hoursFile, 0, "entry %s: %v", key, err)
			}
			if h.calendars == nil {
				h.calendars = map[string]*market.Calendar{}
			}
			h.calendars[key] = c
		}
		if c != nil {
			return c, nil
		}
	}
	if class == market.Crypto {
		// A venue the database does not name is taken to be as all the others.
		return &market.Calendar{Zone: time.UTC, DataZone: time.UTC, AlwaysOpen: true}, nil
	}
	return nil, fault.E(op, fault.NotFound, "there are no market hours for %s %s in market %s", class, ticker, marketName).
		Hinted("Add an entry %s[*] to %s.", prefix, hoursFile)
}

// find decodes the value of one key, nil when the key is not in the file. Keys
// cannot occur as values: those are dates, times, zones and states.
func (h *hoursDB) find(key string) (*market.Calendar, error) {
	quoted := []byte(`"` + key + `"`)
	rest := h.data
	for {
		i := bytes.Index(rest, quoted)
		if i < 0 {
			return nil, nil
		}
		rest = bytes.TrimLeft(rest[i+len(quoted):], " \t\r\n")
		if len(rest) == 0 || rest[0] != ':' {
			continue
		}
		var e hoursEntry
		if err := json.NewDecoder(bytes.NewReader(rest[1:])).Decode(&e); err != nil {
			return nil, err
		}
		return e.calendar()
	}
}

type hoursSegment struct {
	Start string `json:"start"`
	End   string `json:"end"`
	State string `json:"state"`
}

type hoursEntry struct {
	DataTimeZone     string            `json:"dataTimeZone"`
	ExchangeTimeZone string            `json:"exchangeTimeZone"`
	Sunday           []hoursSegment    `json:"sunday"`
	Monday           []hoursSegment    `json:"monday"`
	Tuesday          []hoursSegment    `json:"tuesday"`
	Wednesday        []hoursSegment    `json:"wednesday"`
	Thursday         []hoursSegment    `json:"thursday"`
	Friday           []hoursSegment    `json:"friday"`
	Saturday         []hoursSegment    `json:"saturday"`
	Holidays         []string          `json:"holidays"`
	EarlyCloses      map[string]string `json:"earlyCloses,omitempty"`
	LateOpens        map[string]string `json:"lateOpens,omitempty"`
}

var segmentStates = map[string]market.SessionState{
	"premarket": market.PreMarket, "market": market.Open, "postmarket": market.PostMarket, "closed": market.Closed,
}

func (e *hoursEntry) calendar() (*market.Calendar, error) {
	c := &market.Calendar{
		Holidays: make(map[market.Date]bool, len(e.Holidays)), EarlyCloses: map[market.Date]time.Duration{},
		LateOpens: map[market.Date]time.Duration{},
	}
	var err error
	if c.Zone, err = loadZone(e.ExchangeTimeZone); err != nil {
		return nil, err
	}
	if c.DataZone, err = loadZone(e.DataTimeZone); err != nil {
		return nil, err
	}
	always := len(e.Holidays) == 0 && len(e.EarlyCloses) == 0 && len(e.LateOpens) == 0
	week := [7][]hoursSegment{e.Sunday, e.Monday, e.Tuesday, e.Wednesday, e.Thursday, e.Friday, e.Saturday}
	for day, segments := range week {
		for _, s := range segments {
			from, err1 := parseClock(s.Start)
			to, err2 := parseClock(s.End)
			state, ok := segmentStates[strings.ToLower(s.State)]
			if err1 != nil || err2 != nil || !ok {
				return nil, fmt.Errorf("hours %s to %s %q are not understood", s.Start, s.End, s.State)
			}
			c.Week[day] = append(c.Week[day], market.Segment{From: from, To: to, State: state})
		}
		w := c.Week[day]
		always = always && len(w) == 1 && w[0] == market.Segment{To: 24 * time.Hour, State: market.Open}
	}
	c.AlwaysOpen = always
	for _, s := range e.Holidays {
		d, err := parseUSDate(s)
		if err != nil {
			return nil, err
		}
		c.Holidays[d] = true
	}
	if err := clocks(c.EarlyCloses, e.EarlyCloses); err != nil {
		return nil, err
	}
	return c, clocks(c.LateOpens, e.LateOpens)
}

func clocks(to map[market.Date]time.Duration, from map[string]string) error {
	for day, at := range from {
		d, err := parseUSDate(day)
		if err != nil {
			return err
		}
		if to[d], err = parseClock(at); err != nil {
			return err
		}
	}
	return nil
}

// parseClock reads 09:30:00, and 1.00:00:00 for the end of the day.
func parseClock(s string) (time.Duration, error) {
	t, days := s, 0
	if head, tail, ok := strings.Cut(s, "."); ok && len(head) <= 2 {
		n, err := strconv.Atoi(head)
		if err != nil {
			return 0, fmt.Errorf("time of day %q is not understood", s)
		}
		t, days = tail, n
	}
	at, err := time.Parse("15:04:05", t)
	if err != nil {
		return 0, fmt.Errorf("time of day %q is not understood", s)
	}
	d := time.Duration(days)*24*time.Hour + at.Sub(at.Truncate(24*time.Hour))
	if d > 24*time.Hour {
		return 0, fmt.Errorf("time of day %q is beyond the day", s)
	}
	return d, nil
}

// parseUSDate reads month/day/year.
func parseUSDate(s string) (market.Date, error) {
	t, err := time.Parse("1/2/2006", s)
	if err != nil {
		return market.Date{}, fmt.Errorf("date %q is not understood", s)
	}
	return market.DateOf(t), nil
}

// loadZone reads an IANA name, or a fixed offset as LEAN writes it: UTC-05.
func loadZone(name string) (*time.Location, error) {
	if offset, ok := strings.CutPrefix(name, "UTC"); ok && offset != "" {
		hours, err := strconv.Atoi(offset)
		if err != nil || hours < -14 || hours > 14 {
			return nil, fmt.Errorf("time zone %q is not understood", name)
		}
		return time.FixedZone(name, hours*3600), nil
	}
	if name == "" {
		return nil, fmt.Errorf("the time zone is missing")
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is not known", name)
	}
	return loc, nil
}
