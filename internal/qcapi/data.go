package qcapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
)

// Data is a folder of market data in LEAN's layout.
type Data interface {
	fs.FS
}

// layout are the folders at the top of LEAN's data.
var layout = []string{
	"alternative", "cfd", "crypto", "cryptofuture", "equity", "forex", "future", "futureoption", "index", "indexoption", "market-hours", "option", "symbol-properties",
}

const (
	downloadPath = "data/download"
	linkLife     = 10 * time.Minute
	maxListed    = 100_000
)

func dataRoutes() []endpoint {
	return []endpoint{
		handle("data/list", identity.MarketRead, listData),
		handle("data/read", identity.MarketRead, readData),
		handle("data/prices", identity.MarketRead, readPrices),
	}
}

type dataFile struct{ FilePath, OrganizationID text }

// dataPath checks a path or prefix below the data folder.
func dataPath(p string) (string, error) {
	p = strings.TrimPrefix(strings.TrimSpace(p), "/")
	if strings.Contains(p, `\`) || p != "" && !fs.ValidPath(strings.TrimSuffix(p, "/")) {
		return "", fault.E("qcapi.dataPath", fault.Invalid, "the path %q is not one below the data folder", clip(p))
	}
	return p, nil
}

// listData lists the files whose path begins with a prefix. The first folder is
// left out of the names: clients put it before them.
func listData(c *call, in dataFile) (any, error) {
	prefix, err := dataPath(string(in.FilePath))
	if err != nil {
		return nil, err
	}
	top, _, _ := strings.Cut(prefix, "/")
	out := []string{}
	if c.cfg.Data == nil {
		if !slices.Contains(layout, top) {
			return nil, errEmpty500
		}
		return fields{"objects": out}, nil
	}
	dir := prefix
	if st, err := fs.Stat(c.cfg.Data, strings.TrimSuffix(prefix, "/")); prefix == "" || err != nil || !st.IsDir() {
		dir = path.Dir(prefix)
	}
	if dir = strings.TrimSuffix(dir, "/"); dir == "" {
		dir = "."
	}
	if dir == "." {
		entries, err := fs.ReadDir(c.cfg.Data, ".")
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), prefix) {
				out = append(out, e.Name())
			}
		}
	} else if err := fs.WalkDir(c.cfg.Data, dir, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return fs.SkipDir
		}
		if err != nil {
			return err
		}
		if !d.IsDir() && strings.HasPrefix(p, prefix) {
			_, rest, _ := strings.Cut(p, "/")
			out = append(out, rest)
		}
		if len(out) > maxListed {
			return fs.SkipAll
		}
		return c.ctx.Err()
	}); err != nil {
		return nil, err
	}
	if len(out) == 0 && !slices.Contains(layout, top) {
		return nil, errEmpty500
	}
	return fields{"objects": out}, nil
}

// readData gives a link from which a file is read without credentials for a
// while.
func readData(c *call, in dataFile) (any, error) {
	if _, err := c.me(in.OrganizationID); err != nil {
		return nil, err
	}
	p, err := dataPath(string(in.FilePath))
	if err != nil {
		return nil, err
	}
	if c.cfg.Data == nil {
		return nil, fault.E("qcapi.readData", fault.Unavailable, "this desk serves no market data files").Hinted("Start it with --market and a LEAN data folder.")
	}
	st, err := fs.Stat(c.cfg.Data, p)
	if err != nil || st.IsDir() {
		return nil, fault.E("qcapi.readData", fault.NotFound, "there is no data file %q", clip(p)).Hinted("List the data first.")
	}
	until := strconv.FormatInt(c.cfg.Now().Add(linkLife).Unix(), 10)
	q := url.Values{"path": {p}, "until": {until}, "sign": {c.sign(p, until)}}
	host := c.req.Host
	if host == "" {
		host = "127.0.0.1"
	}
	return fields{"link": "http://" + host + Base + downloadPath + "?" + q.Encode(), "balance": 0, "cost": 0}, nil
}

func (s *Server) sign(p, until string) string {
	m := hmac.New(sha256.New, s.cfg.DataKey)
	m.Write([]byte(until + "\x00" + p))
	return hex.EncodeToString(m.Sum(nil))
}

// download serves a file of a signed link.
func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p, until := q.Get("path"), q.Get("until")
	sec, err := strconv.ParseInt(until, 10, 64)
	if err != nil || len(s.cfg.DataKey) == 0 || !hmac.Equal([]byte(s.sign(p, until)), []byte(q.Get("sign"))) || s.cfg.Now().Unix() > sec || s.cfg.Data == nil {
		http.Error(w, "the link is not good any more", http.StatusForbidden)
		return
	}
	f, err := s.cfg.Data.Open(p)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer func() { _ = f.Close() }()
	w.Header().Set("Content-Type", "application/octet-stream")
	if st, err := f.Stat(); err == nil {
		w.Header().Set("Content-Length", strconv.FormatInt(st.Size(), 10))
	}
	_, _ = io.Copy(w, f) // the reader may be gone
}

// readPrices tells that everything here costs nothing.
func readPrices(c *call, in organizationOnly) (any, error) {
	if _, err := c.me(in.OrganizationID); err != nil {
		return nil, err
	}
	return fields{
		"prices": []fields{{"vendorName": "quantdesk", "regex": "/.*/", "price": 0}}, "agreement": "", "datasources": fields{},
	}, nil
}
