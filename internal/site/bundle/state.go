package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/romanatrashyonok/kiln/internal/site/gitinfo"
)

// WithTimes returns the bundle with the times that its image is to have. Files of the
// commit get the commit's time, so that the image of a commit is always the same. Uncommitted
// and generated files keep their own: Nginx distinguishes two states of a file by time
// and length alone.
func (b Bundle) WithTimes(c gitinfo.Commit) Bundle {
	b.files = slices.Clone(b.files)
	fallback := c.Time
	if fallback.IsZero() {
		fallback = b.newest(fallback)
	}
	for i := range b.files {
		f := &b.files[i]
		if f.time.IsZero() || c.ID != "" && !c.Dirty && !f.generated {
			f.time = fallback
		}
		f.time = f.time.UTC().Truncate(time.Second)
	}
	if c.ID != "" && !c.Dirty {
		b.extraTime = fallback.UTC().Truncate(time.Second)
	}
	b.created = b.newest(fallback).UTC().Truncate(time.Second)
	return b
}

// newest returns the time of the newest file, or the given one if that is later.
func (b Bundle) newest(than time.Time) time.Time {
	for _, f := range b.files {
		if f.time.After(than) {
			than = f.time
		}
	}
	return than
}

// Created returns when the newest of the files changed, to the second, UTC.
func (b Bundle) Created() time.Time { return b.created }

// Hash identifies the bundle: the sha256 over names, times, sizes and the hashes
// of the contents, in hex.
func (b Bundle) Hash() string {
	parts := []string{b.Created().String()}
	for _, text := range b.conf.text {
		parts = append(parts, string(text))
	}
	for _, f := range b.files {
		parts = append(parts, f.name, f.time.String(), strconv.FormatInt(f.size, 10), f.sum)
	}
	return HashStrings(parts...)
}

// HashStrings returns the sha256 over texts, in hex. Each text is preceded by its length,
// so that moving a byte from one to the next changes the hash.
func HashStrings(texts ...string) string {
	sum := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(sum, "%d:%s", len(t), t)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
