// Package baselock pins the site's base image to a digest: base.lock.json, beside
// site.toml, committed. It needs that file and a registry, and nothing else.
package baselock

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

// Schema names the format of base.lock.json.
const Schema = "kiln/base-lock/v1"

// FileName is the lock's name in the folder of site.toml.
const FileName = "base.lock.json"

// Registry answers what a registry has under an image's name.
type Registry interface {
	// Digest returns the digest of the manifest or index, sha256:...
	Digest(ctx context.Context, ref string) (string, error)
	// Created returns when the image was created.
	Created(ctx context.Context, ref string) (time.Time, error)
}

// Lock is base.lock.json: the image that the base's tag resolved to when it was written.
type Lock struct {
	Schema string    `json:"schema"`
	Base   string    `json:"base"`   // as in site.toml
	Digest string    `json:"digest"` // sha256:... of the manifest or index
	Made   time.Time `json:"made"`   // when that image was created
}

// Status compares the lock with the registry.
type Status struct {
	Base   string `json:"base"`
	Locked string `json:"locked"` // digest; "" without a lock
	Now    string `json:"now"`    // digest that the tag resolves to
	Days   int    `json:"days"`   // since the locked image was created
	Moved  bool   `json:"moved"`
}

// String returns the status in a line.
func (s Status) String() string {
	switch {
	case s.Locked == "":
		return fmt.Sprintf("%s: not locked; its tag resolves to %s (go tool mage image:update)", s.Base, s.Now)
	case s.Moved:
		return fmt.Sprintf("%s: has moved to %s; locked is %s, %d days old (go tool mage image:update)", s.Base, s.Now, s.Locked, s.Days)
	}
	return fmt.Sprintf("%s: current, %s, %d days old", s.Base, s.Locked, s.Days)
}

// Read returns the lock of a base in dir, the folder of site.toml. It is the zero value
// without the file, and where the file locks a different base.
func Read(dir, base string) (Lock, error) {
	var l Lock
	path := filepath.Join(dir, FileName)
	err := report.Read(path, &l)
	if errors.Is(err, fs.ErrNotExist) {
		return Lock{}, nil
	}
	if err == nil && l.Digest != "" {
		if _, invalid := digest.Parse(l.Digest); invalid != nil {
			err = fmt.Errorf("read %s: %w", path, invalid)
		}
	}
	if err != nil {
		return Lock{}, fault.New(fault.Usage, "remove it, and write a new one: go tool mage image:update", "%w", err)
	}
	if l.Base != base {
		return Lock{}, nil
	}
	return l, nil
}

// Check compares the lock of a base with what its tag resolves to now.
func Check(ctx context.Context, r Registry, dir, base string) (Status, error) {
	l, err := Read(dir, base)
	if err != nil {
		return Status{}, err
	}
	s := Status{Base: base, Locked: l.Digest}
	if s.Now, err = r.Digest(ctx, base); err != nil {
		return s, err
	}
	s.Moved = s.Locked != "" && s.Now != s.Locked
	if !l.Made.IsZero() {
		s.Days = int(time.Since(l.Made).Hours() / 24)
	}
	return s, nil
}

// Update locks a base to what its tag resolves to now, and writes the lock into dir.
func Update(ctx context.Context, r Registry, dir, base string) (Lock, error) {
	l := Lock{Schema: Schema, Base: base}
	var err error
	if l.Digest, err = r.Digest(ctx, base); err != nil {
		return l, err
	}
	if l.Made, err = r.Created(ctx, base); err != nil {
		return l, err
	}
	return l, report.Write(filepath.Join(dir, FileName), l)
}
