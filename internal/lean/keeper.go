package lean

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/algo"
	"quantdesk/internal/market"
)

// Keeper decodes series of a data folder ahead of those who read them and keeps
// the rows on disk, for a Source with UseKept. It works in the background with
// what the processor has to spare, and nobody waits for it: a process may end
// at any moment, for a file is there whole or not at all.
type Keeper struct {
	f     *Folder
	dir   string
	limit int64

	mu    sync.Mutex
	queue []algo.RowQuery
	known map[algo.RowQuery]bool // queued or done
	busy  bool
	idle  chan struct{} // closed when the work under way is over
	bytes int64         // of what is kept; -1: not counted yet
}

// maxQueue bounds the series that wait.
const maxQueue = 10_000

// readAhead is how many files of a series are left to the one who asked, who is
// reading them already; they are decoded last.
const readAhead = 8

// NewKeeper makes a keeper of at most so many bytes in a folder, which KeptDir
// names.
func NewKeeper(f *Folder, dir string, limit int64) *Keeper {
	return &Keeper{f: f, dir: dir, limit: limit, known: map[algo.RowQuery]bool{}, bytes: -1}
}

// Want asks for a series, from the query's date on. The query may come from
// somewhere that is not to be trusted: what names no file of the folder is
// passed over.
func (k *Keeper) Want(q algo.RowQuery) {
	rel, _ := rowFile(q)
	if _, ok := keptFile(k.dir, rel, q); !ok || rel != path.Clean(rel) || strings.ContainsAny(rel, "\\:\x00") || k.limit <= 0 {
		return
	}
	series := q
	series.Date = algo.RowQuery{}.Date
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known[series] || len(k.queue) >= maxQueue || len(k.known) >= 10*maxQueue {
		return
	}
	k.known[series] = true
	k.queue = append(k.queue, q)
	if !k.busy {
		k.busy, k.idle = true, make(chan struct{})
		go k.work()
	}
}

// Wait waits until nothing is left to do.
func (k *Keeper) Wait() {
	k.mu.Lock()
	idle := k.idle
	k.mu.Unlock()
	if idle != nil {
		<-idle
	}
}

func (k *Keeper) work() {
	restrain() // the thread ends with this function
	var p pace
	for {
		k.mu.Lock()
		if len(k.queue) == 0 {
			k.busy = false
			k.known = map[algo.RowQuery]bool{} // files may have come or changed when it is asked for again
			close(k.idle)
			k.mu.Unlock()
			return
		}
		q := k.queue[0]
		k.queue = k.queue[1:]
		k.mu.Unlock()
		for _, of := range k.files(q) {
			p.rest()
			k.keep(of, of == q)
		}
	}
}

// pace keeps the work to what the processor has to spare. Priority alone does
// not: systems share the processor among sessions first, and a run has a
// session of its own.
type pace struct {
	since time.Time
	spent time.Duration
}

const (
	paceWork   = 10 * time.Millisecond
	paceShare  = 0.6 // of the clock, below which others want the processor; files take some
	paceRest   = 30  // times the work, then
	paceUnsure = 1   // where it is not known
)

// rest sleeps where others wanted the processor while there was work.
func (p *pace) rest() {
	now := time.Now()
	spent, known := threadTime()
	took := now.Sub(p.since)
	switch {
	case p.since.IsZero():
	case took < paceWork:
		return
	case !known:
		time.Sleep(took * paceUnsure)
	case float64(spent-p.spent) < paceShare*float64(took):
		time.Sleep(min(took, paceWork) * paceRest)
	}
	p.since = time.Now()
	p.spent, _ = threadTime()
}

// files are the queries of a series, in the order to work on them.
func (k *Keeper) files(q algo.RowQuery) []algo.RowQuery {
	if q.Resolution >= algo.Hour {
		return []algo.RowQuery{q}
	}
	rel, _ := rowFile(q)
	list, err := os.ReadDir(filepath.Join(k.f.dir, filepath.FromSlash(path.Dir(rel))))
	if err != nil {
		return nil
	}
	_, ending, _ := strings.Cut(path.Base(rel), "_")
	var later, before []algo.RowQuery
	for _, e := range list {
		day, rest, _ := strings.Cut(e.Name(), "_")
		d, err := market.ParseDate(day)
		if err != nil || d.Compact() != day || rest != ending || d.Before(q.Date) {
			continue
		}
		of := q
		of.Date = d
		if len(before) < readAhead {
			before = append(before, of)
		} else {
			later = append(later, of)
		}
	}
	return append(later, before...)
}

// keep decodes a file and writes its rows, where that was not done yet: what is
// kept is read as a whole only if somebody could not use it. What cannot be
// decoded is left to those who ask for it, who are told why.
func (k *Keeper) keep(q algo.RowQuery, refused bool) {
	rel, entry := rowFile(q)
	name, _ := keptFile(k.dir, rel, q)
	of, ok, err := k.f.stamp(rel)
	if !ok || err != nil {
		return
	}
	if !refused && keptOf(name, rel, of) {
		return
	}
	raw, err := os.ReadFile(k.f.path(rel))
	if err != nil {
		return
	}
	text, err := unzip("lean.Keep", rel, entry, raw)
	if err != nil {
		return
	}
	rows, err := decodeRows(q, rel, text)
	if err != nil {
		return
	}
	if now, ok, err := k.f.stamp(rel); err != nil || !ok || now != of {
		return // it was replaced meanwhile
	}
	data, err := pack(rel, of, sha256.Sum256(raw), rows)
	if err != nil {
		return
	}
	k.write(name, data)
}

// keptOf tells whether a file says that it holds the rows of a content.
func keptOf(name, rel string, of stampOf) bool {
	f, err := os.Open(name) //nolint:gosec // below the folder
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, packedHead+len(rel))
	if _, err := io.ReadFull(f, head); err != nil {
		return false
	}
	u := &unpacker{in: head}
	_, ok := u.head(rel, of)
	return ok
}

func (k *Keeper) write(name string, data []byte) {
	if k.bytes < 0 || k.bytes+int64(len(data)) > k.limit {
		k.bytes = k.trim(int64(len(data)))
	}
	if int64(len(data)) > k.limit || os.MkdirAll(filepath.Dir(name), 0o700) != nil {
		return
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), ".tmp-*")
	if err != nil {
		return
	}
	// Not synced: after a crash the checksum tells what is missing.
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return
	}
	k.bytes += int64(len(data))
}

// trim removes the oldest files until there is room, and with it some to spare
// so that it is not called for every file; and what a killed process left. It
// gives the bytes that stay.
func (k *Keeper) trim(room int64) (total int64) {
	type kept struct {
		name string
		size int64
		at   time.Time
	}
	var list []kept
	// All data folders' rows count together.
	_ = filepath.WalkDir(filepath.Dir(k.dir), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // what is gone needs no room
		}
		if st, err := d.Info(); err == nil {
			if !strings.HasSuffix(name, keptEnding) {
				if time.Since(st.ModTime()) > time.Hour {
					_ = os.Remove(name)
				}
				return nil
			}
			list = append(list, kept{name, st.Size(), st.ModTime()})
			total += st.Size()
		}
		return nil
	})
	if total+room <= k.limit {
		return total
	}
	slices.SortFunc(list, func(a, b kept) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.name, b.name)) })
	for _, x := range list {
		if total+room <= k.limit-k.limit/8 {
			break
		}
		if os.Remove(x.name) == nil {
			total -= x.size
		}
	}
	return total
}
