// Package track follows the kernels' versions: what kernel.org has, what the lock pins,
// what is behind or at its end of life, and the jobs for CI.
package track

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// LockFile is the lock's name beside kernels.toml.
const LockFile = "kernels.lock.json"

// LockSchema names the form of the lock.
const LockSchema = "kiln/lock/v1"

// Lock is what the kernels of the file were resolved to at kernel.org. It is
// committed, so that everybody builds the same.
type Lock struct {
	Schema  string   `json:"schema"`
	Kernels []Locked `json:"kernels"`
}

// Locked is one kernel of the lock.
type Locked struct {
	Name    string          `json:"name"`
	Asked   string          `json:"asked"` // what the file asked for when this was written
	Version release.Version `json:"version"`
	URL     string          `json:"url"`
	SHA256  string          `json:"sha256,omitempty"` // read from a list whose signature was verified
	Commit  string          `json:"commit,omitempty"` // of a release candidate, whose tag was verified
	Tag     string          `json:"tag,omitempty"`
	Signer  string          `json:"signer"` // of that list, or of that tag
}

// ReadLock reads the lock at path; one that is not there is empty.
func ReadLock(path string) (Lock, error) {
	lock := Lock{Schema: LockSchema}
	err := report.Read(path, &lock)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return lock, fault.New(fault.Usage, "remove the file, then run: go tool mage kernel:update", "%w", err)
	}
	if lock.Schema != LockSchema {
		return lock, fault.New(fault.Usage, "", "read %s: expected schema %q, got %q", path, LockSchema, lock.Schema)
	}
	for _, l := range lock.Kernels {
		if l.Version.IsZero() || (l.SHA256 == "") == (l.Commit == "") {
			return lock, fault.New(fault.Usage, "remove the file, then run: go tool mage kernel:update",
				"read %s: kernel %q: expected a version, and a sha256 or a commit", path, l.Name)
		}
	}
	return lock, nil
}

// Find gives the entry of a kernel.
func (l Lock) Find(name string) (Locked, bool) {
	i := slices.IndexFunc(l.Kernels, func(k Locked) bool { return k.Name == name })
	if i < 0 {
		return Locked{}, false
	}
	return l.Kernels[i], true
}

// With gives the lock with one kernel's entry set, the others in their order.
func (l Lock) With(k Locked) Lock {
	l.Kernels = slices.Clone(l.Kernels)
	if i := slices.IndexFunc(l.Kernels, func(o Locked) bool { return o.Name == k.Name }); i >= 0 {
		l.Kernels[i] = k
		return l
	}
	l.Kernels = append(l.Kernels, k)
	return l
}

// Satisfies tells whether the entry still is what is asked. What a moniker stands for
// is known to kernel.org alone, so there the words must be the same.
func (k Locked) Satisfies(want release.Constraint) bool {
	return want.Admits(k.Version) && (want.Moniker() == "" || k.Asked == want.String())
}

// Ref gives the source that the entry pins.
func (k Locked) Ref() source.Ref {
	return source.Ref{Kind: source.KernelOrg, Version: k.Version, URL: k.URL, SHA256: k.SHA256, Commit: k.Commit, Tag: k.Tag}
}

// CheckReplace refuses to go back: an older release than the lock has may be an attack
// on whoever offers the list.
func (k Locked) CheckReplace(next Locked, downgrade bool) error {
	if k.Version.IsZero() || downgrade || next.Version.Compare(k.Version) >= 0 {
		return nil
	}
	return trust.Refuse(trust.Older, "to accept the older release: go tool mage kernel:update -downgrade",
		"kernel %s: kernel.org offers %s, the lock has %s", k.Name, next.Version, k.Version)
}
