package store

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"quantdesk/internal/fault"
)

// backupFiles are the small files of a home that a backup holds beside the
// databases. Market data is left out: it can be imported again.
var backupFiles = []string{"policy.json", "config.json", ".env", "keys/signing.json", "keys/audit.key", "keys/secrets.key"}

// databases are the files that are copied with SQLite's own means.
var databases = []string{"desk.db", "paper.db"}

// BackupHome writes a home to one archive while it is in use. copyDB writes a
// consistent copy of the named database.
func BackupHome(ctx context.Context, dir, to string, copyDB func(ctx context.Context, name, to string) error) (err error) {
	if _, err := os.Stat(to); err == nil {
		return fault.E("store.BackupHome", fault.Conflict, "%s exists already", to).Hinted("Name a file that does not exist.")
	}
	work, err := os.MkdirTemp(filepath.Dir(to), ".backup-*")
	if err != nil {
		return fault.Wrap("store.BackupHome", fault.Unavailable, err, "no backup can be written to %s", filepath.Dir(to)).Hinted("Choose a writable folder with room.")
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	tmp := filepath.Join(work, "home.zip")
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	z := zip.NewWriter(f)
	add := func(name, path string) error {
		src, err := os.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = src.Close() }()
		w, err := z.Create(name)
		if err != nil {
			return err
		}
		_, err = io.Copy(w, src)
		return err
	}
	for _, name := range databases {
		copied := filepath.Join(work, name)
		if err := copyDB(ctx, name, copied); err != nil {
			return errors.Join(err, f.Close())
		}
		if err := add(name, copied); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	for _, name := range backupFiles {
		if err := add(name, filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return errors.Join(err, f.Close())
		}
	}
	if err := errors.Join(z.Close(), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return os.Rename(tmp, to)
}

// maxRestored bounds one unpacked file, against archives made to fill a disk.
const maxRestored = 64 << 30

// RestoreHome unpacks a backup into a home that holds no databases, or over one
// when force is set; what was there is moved into its backups first.
func RestoreHome(h *Home, from string, force bool, stamp string) error {
	const op = "store.RestoreHome"
	z, err := zip.OpenReader(from)
	if err != nil {
		return fault.Wrap(op, fault.Invalid, err, "%s is not a backup of a home", from).Hinted("Name a file that quantdesk backup wrote.")
	}
	defer func() { _ = z.Close() }()
	known := append(slices.Clone(databases), backupFiles...)
	seen := map[string]bool{}
	for _, f := range z.File {
		if !slices.Contains(known, f.Name) {
			return fault.E(op, fault.Invalid, "%s holds %q, which no backup of a home has", from, f.Name).Hinted("Name a file that quantdesk backup wrote.")
		}
		if seen[f.Name] {
			return fault.E(op, fault.Invalid, "%s holds %q twice, which no backup of a home does", from, f.Name).Hinted("Name a file that quantdesk backup wrote.")
		}
		seen[f.Name] = true
	}
	if slices.ContainsFunc(databases, func(name string) bool { return !seen[name] }) {
		return fault.E(op, fault.Invalid, "%s holds no whole home", from).Hinted("Name a file that quantdesk backup wrote.")
	}
	// A log without its database would be taken for the restored one's.
	used := append(slices.Clone(databases), "desk.db-wal", "paper.db-wal")
	if slices.ContainsFunc(used, func(name string) bool { _, err := os.Stat(h.Path(name)); return err == nil }) {
		if !force {
			return fault.E(op, fault.Conflict, "the home %s is in use already", h.Dir).Hinted("Restore into an empty --home, or pass --force to replace this one; it is kept in backups.")
		}
		aside := h.Path("backups", "replaced-"+stamp)
		if err := os.MkdirAll(filepath.Join(aside, "keys"), 0o700); err != nil {
			return err
		}
		for _, name := range append(slices.Clone(known), "desk.db-wal", "desk.db-shm", "paper.db-wal", "paper.db-shm") {
			if err := os.Rename(h.Path(name), filepath.Join(aside, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("keep the old home: %w", err)
			}
		}
	}
	for _, f := range z.File {
		if err := unpack(f, h.Path(filepath.FromSlash(f.Name))); err != nil {
			return fmt.Errorf("restore %s: %w", f.Name, err)
		}
	}
	return nil
}

func unpack(f *zip.File, to string) error {
	if strings.Contains(f.Name, "..") || f.UncompressedSize64 > maxRestored {
		return errors.New("not a file of a home")
	}
	src, err := f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, io.LimitReader(src, maxRestored))
	return errors.Join(err, dst.Sync(), dst.Close())
}
