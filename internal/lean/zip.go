package lean

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zip"

	"quantdesk/internal/fault"
)

// maxInflated bounds one inflated file: a day of seconds is below 10 MB, so
// what claims more is damaged or hostile.
const maxInflated = 512 << 20

// readZip gives the text of a zip's entry, nil without an error when the file
// does not exist. Of several entries the one whose name begins with prefix is
// taken, else the first file.
func (f *Folder) readZip(op, rel, prefix string) ([]byte, error) {
	raw, err := os.ReadFile(f.path(rel))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(op, fault.Unavailable, err, "data file %s cannot be read", rel).
			Hinted("Check that the desk's user may read %s.", rel).With("file", rel)
	}
	return unzip(op, rel, prefix, raw)
}

// unzip gives the text of an archive's entry.
func unzip(op, rel, prefix string, raw []byte) ([]byte, error) {
	broken := func(err error) error {
		e := damaged(op, rel, 0, "the zip archive is damaged or cut off")
		e.Err = err
		return e
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, broken(err)
	}
	var entry *zip.File
	for _, file := range z.File {
		if strings.HasSuffix(file.Name, "/") {
			continue
		}
		if entry == nil {
			entry = file
		}
		if prefix != "" && strings.HasPrefix(path.Base(file.Name), prefix) {
			entry = file
			break
		}
	}
	if entry == nil {
		return nil, damaged(op, rel, 0, "the zip archive is empty")
	}
	if entry.UncompressedSize64 > maxInflated {
		return nil, damaged(op, rel, 0, "the archive claims %d bytes of text", entry.UncompressedSize64)
	}
	r, err := entry.Open()
	if err != nil {
		return nil, broken(err)
	}
	defer func() { _ = r.Close() }() // everything it can report was reported by Read
	// The claimed size is only a hint for the buffer, bounded by what deflate
	// can do with the bytes at hand.
	buf := bytes.NewBuffer(make([]byte, 0, min(entry.UncompressedSize64, uint64(len(raw))*maxRatio)+bytes.MinRead))
	if _, err := io.Copy(buf, io.LimitReader(r, maxInflated)); err != nil {
		return nil, broken(err)
	}
	return buf.Bytes(), nil
}

// writeZip replaces a zip of one entry so that a reader, or a crash, sees the
// old file or the new one and nothing between.
func (f *Folder) writeZip(rel, inner string, text []byte) error {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	w, err := z.Create(inner)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = z.Close()
	}
	if err == nil {
		err = replaceFile(f.path(rel), buf.Bytes())
	}
	if err != nil {
		return fault.Wrap("lean.write", fault.Unavailable, err, "data file %s cannot be written", rel).
			Hinted("Check the free space and that the desk's user may write to the data folder.").With("file", rel)
	}
	return nil
}

// replaceFile writes a file by way of a synced temporary one beside it.
func replaceFile(name string, data []byte) error {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".tmp-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if err == nil {
		err = tmp.Sync()
	}
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	// The rename itself is only durable once the folder is.
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
