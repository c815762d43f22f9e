package lean

import (
	"os"
	"sort"
	"strings"

	"quantdesk/internal/algo"
	"quantdesk/internal/market"
)

// mapIndex finds the map file of whoever bore a ticker on a day: several
// companies may have borne it one after another.
type mapIndex struct {
	byTicker map[string][]mapEntry
	err      error
}

// mapEntry says: until date a ticker belonged to a file.
type mapEntry struct {
	until market.Date
	file  string
}

// Map gives the tickers of the security that bore a ticker on a day, the last
// that bore it where the day is zero; nil where no map file tells.
func (s *Source) Map(kind algo.Kind, marketName, ticker string, on market.Date) ([]algo.MapRow, error) {
	dir := strings.ToLower(kind.String()) + "/" + marketName + "/map_files/"
	name := strings.ToLower(ticker)
	// Mostly it is the file of the ticker's own name, which spares reading all.
	rows, err := s.mapRows(dir + name + ".csv")
	if err != nil {
		return nil, err
	}
	if n := len(rows); n > 0 && (on.IsZero() && strings.EqualFold(rows[n-1].Ticker, name) || rows[0].Date == on && strings.EqualFold(rows[0].Ticker, name)) {
		return rows, nil
	}
	x := s.mapIndexOf(dir)
	if x.err != nil {
		return nil, x.err
	}
	file := name
	if list := x.byTicker[name]; len(list) > 0 {
		at := len(list) - 1
		if !on.IsZero() {
			at = min(at, sort.Search(len(list), func(i int) bool { return !list[i].until.Before(on) }))
		}
		file = list[at].file
	}
	if rows, err = s.mapRows(dir + file + ".csv"); err != nil || len(rows) == 0 {
		return nil, err
	}
	if !on.IsZero() && on.Before(rows[0].Date) {
		return nil, nil
	}
	return rows, nil
}

func (s *Source) mapRows(rel string) ([]algo.MapRow, error) {
	if _, err := os.Stat(s.f.path(rel)); err != nil {
		return nil, nil //nolint:nilerr // no map file: the ticker never changed
	}
	rows, err := s.f.readMap(rel)
	if err != nil {
		return nil, err
	}
	out := make([]algo.MapRow, len(rows))
	for i, r := range rows {
		out[i] = algo.MapRow{Date: r.date, Ticker: strings.ToUpper(r.ticker)}
	}
	return out, nil
}

func (s *Source) mapIndexOf(dir string) *mapIndex {
	s.mapsMu.Lock()
	defer s.mapsMu.Unlock()
	if x := s.maps[dir]; x != nil {
		return x
	}
	x := &mapIndex{byTicker: map[string][]mapEntry{}}
	if s.maps == nil {
		s.maps = map[string]*mapIndex{}
	}
	s.maps[dir] = x
	files, err := os.ReadDir(s.f.path(dir))
	if err != nil {
		return x // no map files, no changes of name
	}
	for _, f := range files {
		file, ok := strings.CutSuffix(f.Name(), ".csv")
		if !ok || f.IsDir() {
			continue
		}
		rows, err := s.f.readMap(dir + f.Name())
		if err != nil {
			x.err = err
			return x
		}
		for _, r := range rows {
			x.byTicker[r.ticker] = append(x.byTicker[r.ticker], mapEntry{r.date, file})
		}
	}
	for _, list := range x.byTicker {
		sort.SliceStable(list, func(i, j int) bool { return list[i].until.Before(list[j].until) })
	}
	return x
}
