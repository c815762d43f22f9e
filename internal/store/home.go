package store

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"quantdesk/internal/fault"
)

// Home is the folder that holds everything a desk keeps. One process owns it at
// a time.
type Home struct {
	Dir  string
	lock *os.File
	// folder is locked too, where the system can: the lock's file may be deleted
	// while it is held, the folder not.
	folder io.Closer
}

// Owner is who holds a home.
type Owner struct {
	PID     int       `json:"pid"`
	Command string    `json:"command"`
	Address string    `json:"address,omitempty"`
	Started time.Time `json:"started_at"`
}

// DefaultHome is the user's data directory for the desk.
func DefaultHome() (string, error) {
	if d := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "quantdesk"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fault.Wrap("store.DefaultHome", fault.Invalid, err, "there is no home directory to keep the desk in").Hinted("Name a folder with --home.")
	}
	return filepath.Join(home, ".local", "share", "quantdesk"), nil
}

// ErrHeld is wrapped by Acquire's error when another process owns the home.
var ErrHeld = errors.New("the home has an owner")

// Acquire makes the home if it is not there and takes it. It fails with a fault
// that wraps ErrHeld while another process has it.
func Acquire(dir, command string, now time.Time) (*Home, error) {
	const op = "store.Acquire"
	for _, d := range []string{dir, filepath.Join(dir, "keys"), filepath.Join(dir, "backups")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fault.Wrap(op, fault.Unavailable, err, "the home %s cannot be made", dir).Hinted("Choose a writable folder with --home.")
		}
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.Wrap(op, fault.Unavailable, err, "the home %s cannot be opened", dir).Hinted("Choose a writable folder with --home.")
	}
	if err := lockFile(f); err != nil {
		who := readOwner(dir)
		return nil, errors.Join(heldBy(dir, who), f.Close())
	}
	folder, err := lockFolder(dir)
	if err != nil {
		return nil, errors.Join(heldBy(dir, readOwner(dir)), f.Close())
	}
	h := &Home{Dir: dir, lock: f, folder: folder}
	if err := h.Announce(Owner{PID: os.Getpid(), Command: command, Started: now.UTC()}); err != nil {
		return nil, errors.Join(fault.Wrap(op, fault.Unavailable, err, "the home %s cannot be written", dir).Hinted("Free disk space, or choose another --home."), f.Close(), folder.Close())
	}
	return h, nil
}

func heldBy(dir string, o Owner) error {
	if o.PID == 0 {
		return fault.Wrap("store.Acquire", fault.Conflict, ErrHeld, "the home %s is held by another process, whose note in the lock is gone", dir).
			Hinted("Stop that process, or choose another --home.")
	}
	at := ""
	if o.Address != "" {
		at = " at " + o.Address
	}
	return fault.Wrap("store.Acquire", fault.Conflict, ErrHeld, "the home %s is held by process %d (quantdesk %s%s, since %s)",
		dir, o.PID, o.Command, at, o.Started.Local().Format(time.DateTime)).
		Hinted("Use that server, stop it first, or choose another --home.")
}

// ReadOwner tells who holds a home, as far as its lock says.
func ReadOwner(dir string) Owner { return readOwner(dir) }

func readOwner(dir string) (o Owner) {
	if raw, err := os.ReadFile(filepath.Join(dir, "lock")); err == nil {
		_ = json.Unmarshal(raw, &o) // an unreadable lock names nobody
	}
	return o
}

// Announce writes who owns the home into its lock.
func (h *Home) Announce(o Owner) error {
	raw, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if err := h.lock.Truncate(0); err != nil {
		return err
	}
	_, err = h.lock.WriteAt(raw, 0)
	return err
}

// Release gives the home up.
func (h *Home) Release() error {
	return errors.Join(h.lock.Truncate(0), h.folder.Close(), unlockFile(h.lock), h.lock.Close())
}

// Path is a file of the home.
func (h *Home) Path(parts ...string) string {
	return filepath.Join(append([]string{h.Dir}, parts...)...)
}

// Key reads a random key of the home, making it the first time.
func (h *Home) Key(name string) ([]byte, error) {
	path := h.Path("keys", name)
	raw, err := os.ReadFile(path)
	if err == nil {
		if len(raw) != 32 {
			return nil, fault.E("store.Key", fault.Internal, "the key %s is damaged", name).Hinted("Restore the home from a backup.")
		}
		return raw, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	raw = make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	return raw, WriteFile(path, raw)
}

// WriteFile replaces a private file in one step, on disk when it returns.
func WriteFile(path string, raw []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	name := tmp.Name()
	_, err = tmp.Write(raw)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(name, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", filepath.Base(path), err), os.Remove(name))
	}
	return nil
}

// KeyFile keeps a text in the home's keys.
type KeyFile struct{ Path string }

// Load gives the text, nil when there is none yet.
func (k KeyFile) Load() ([]byte, error) {
	raw, err := os.ReadFile(k.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return raw, err
}

// Save replaces the text.
func (k KeyFile) Save(raw []byte) error { return WriteFile(k.Path, raw) }
