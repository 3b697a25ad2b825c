package site

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// LockSchema names the form of base.lock.json.
const LockSchema = "kiln/base-lock/v1"

// lockFile lies beside site.toml, and is committed.
const lockFile = "base.lock.json"

// Lock says which image the base's tag meant when somebody looked: base.lock.json.
type Lock struct {
	Schema string    `json:"schema"`
	Base   string    `json:"base"`   // as in site.toml
	Digest string    `json:"digest"` // sha256:... of the manifest or index
	Made   time.Time `json:"made"`   // when that image was made
}

// BaseStatus compares the lock with the registry.
type BaseStatus struct {
	Base   string `json:"base"`
	Locked string `json:"locked"` // digest; "" where nothing is locked
	Now    string `json:"now"`    // what the tag names
	Days   int    `json:"days"`   // since the locked image was made
	Moved  bool   `json:"moved"`
}

// String tells it in a line.
func (f BaseStatus) String() string {
	switch {
	case f.Locked == "":
		return fmt.Sprintf("%s: not locked; its tag names %s (go tool mage image:update)", f.Base, f.Now)
	case f.Moved:
		return fmt.Sprintf("%s: has moved to %s; locked is %s, %d days old (go tool mage image:update)", f.Base, f.Now, f.Locked, f.Days)
	}
	return fmt.Sprintf("%s: current, %s, %d days old", f.Base, f.Locked, f.Days)
}

// ReadLock reads base.lock.json in the folder of site.toml. Without the file, and where it
// is about another base, nothing is locked.
func ReadLock(dir, base string) (Lock, error) {
	var l Lock
	err := report.Read(filepath.Join(dir, lockFile), &l)
	if errors.Is(err, fs.ErrNotExist) {
		return Lock{}, nil
	}
	if err == nil && l.Digest != "" {
		_, err = digest.Parse(l.Digest)
	}
	if err != nil {
		return Lock{}, fault.New(fault.Usage, "go tool mage image:update", "read %s: %w", filepath.Join(dir, lockFile), err)
	}
	if l.Base != base {
		return Lock{}, nil
	}
	return l, nil
}

// CheckBase asks the registry what the base's tag names now.
func (s Site) CheckBase(ctx context.Context) (BaseStatus, error) {
	l, err := ReadLock(s.Dir, s.Settings.Base)
	if err != nil {
		return BaseStatus{}, err
	}
	f := BaseStatus{Base: s.Settings.Base, Locked: l.Digest}
	if f.Now, err = s.Registry.Digest(ctx, f.Base); err != nil {
		return f, err
	}
	f.Moved = f.Locked != "" && f.Now != f.Locked
	if !l.Made.IsZero() {
		f.Days = int(time.Since(l.Made).Hours() / 24)
	}
	return f, nil
}

// Update writes what the base's tag names now into base.lock.json.
func (s Site) Update(ctx context.Context) (Lock, error) {
	l := Lock{Schema: LockSchema, Base: s.Settings.Base}
	var err error
	if l.Digest, err = s.Registry.Digest(ctx, l.Base); err != nil {
		return l, err
	}
	if l.Made, err = s.Registry.Created(ctx, l.Base); err != nil {
		return l, err
	}
	return l, report.Write(filepath.Join(s.Dir, lockFile), l)
}
