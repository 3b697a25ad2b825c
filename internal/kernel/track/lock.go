package track

import (
	"errors"
	"io/fs"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/toolchain"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// LockFile is the name of the lock, in the folder of kernels.toml.
const LockFile = "kernels.lock.json"

// LockSchema is the value of "schema" in the lock.
const LockSchema = "kiln/lock/v1"

// Lock is what the kernels of the file were resolved to at kernel.org, and the packages of
// toolchains that are pinned. It is committed, so
// that everyone builds the same.
type Lock struct {
	Schema     string          `json:"schema"`
	Kernels    []Locked        `json:"kernels"`
	Toolchains []toolchain.Pin `json:"toolchains,omitempty"` // what compiles them, by the name of its image
}

// Locked is one kernel of the lock.
type Locked struct {
	Name    string          `json:"name"`
	Asked   string          `json:"asked"` // the constraint when this was written
	Version release.Version `json:"version"`
	URL     string          `json:"url"`
	SHA256  string          `json:"sha256,omitempty"` // from a list whose signature was verified
	Commit  string          `json:"commit,omitempty"` // of a release candidate, whose tag was verified
	Tag     string          `json:"tag,omitempty"`
	Signer  string          `json:"signer"` // of the list or of the tag
}

// ReadLock reads the lock at path; without a file it is empty. A lock that cannot be read or
// that pins nothing is an error of class fault.Usage.
func ReadLock(path string) (Lock, error) {
	lock := Lock{Schema: LockSchema, Kernels: []Locked{}}
	err := report.Read(path, &lock)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return lock, fault.New(fault.Usage, rewriteHint, "%w", err)
	}
	if lock.Schema != LockSchema {
		return lock, fault.New(fault.Usage, rewriteHint, "read %s: expected schema %q, got %q", path, LockSchema, lock.Schema)
	}
	for _, l := range lock.Kernels {
		if l.Version.IsZero() || (l.SHA256 == "") == (l.Commit == "") {
			return lock, fault.New(fault.Usage, rewriteHint,
				"read %s: kernel %q: expected a version, and a sha256 or a commit", path, l.Name)
		}
	}
	for _, p := range lock.Toolchains {
		if !p.Valid() {
			return lock, fault.New(fault.Usage, "remove its entry, and pin it again: go tool mage kernel:update -toolchain",
				"read %s: toolchain %q: expected packages as NAME=VERSION, sorted and each once, and an image, if any, as REGISTRY/REPOSITORY@sha256:DIGEST", path, p.Name)
		}
	}
	return lock, nil
}

// rewriteHint is how to replace a lock that cannot be read.
const rewriteHint = "remove it, and write a new one: go tool mage kernel:update"

// Find returns the entry of a kernel, and whether there is one.
func (l Lock) Find(name string) (Locked, bool) {
	i := slices.IndexFunc(l.Kernels, func(k Locked) bool { return k.Name == name })
	if i < 0 {
		return Locked{}, false
	}
	return l.Kernels[i], true
}

// with returns the lock with one kernel's entry replaced or appended.
func (l Lock) with(k Locked) Lock {
	l.Kernels = slices.Clone(l.Kernels)
	if i := slices.IndexFunc(l.Kernels, func(o Locked) bool { return o.Name == k.Name }); i >= 0 {
		l.Kernels[i] = k
		return l
	}
	l.Kernels = append(l.Kernels, k)
	return l
}

// Pin returns what the lock pins a toolchain to, and whether it does.
func (l Lock) Pin(name string) (toolchain.Pin, bool) {
	i := slices.IndexFunc(l.Toolchains, func(p toolchain.Pin) bool { return p.Name == name })
	if i < 0 {
		return toolchain.Pin{}, false
	}
	return l.Toolchains[i], true
}

// withPin returns the lock with one toolchain's pin replaced or appended.
func (l Lock) withPin(p toolchain.Pin) Lock {
	l.Toolchains = slices.Clone(l.Toolchains)
	if i := slices.IndexFunc(l.Toolchains, func(o toolchain.Pin) bool { return o.Name == p.Name }); i >= 0 {
		l.Toolchains[i] = p
		return l
	}
	l.Toolchains = append(l.Toolchains, p)
	return l
}

// Satisfies reports whether the entry satisfies a constraint. Only kernel.org knows which
// releases a moniker stands for, so with one the entry must have been made for the same.
func (k Locked) Satisfies(want release.Constraint) bool {
	return want.Admits(k.Version) && (want.Moniker() == "" || k.Asked == want.String())
}

// Ref returns the source that the entry pins.
func (k Locked) Ref() source.Ref {
	return source.Ref{Kind: source.KernelOrg, Version: k.Version, URL: k.URL, SHA256: k.SHA256, Commit: k.Commit, Tag: k.Tag}
}

// checkReplace returns a trust.Older error if next is an older release than the entry has:
// a list of releases that goes back may be an attack. downgrade permits it.
func (k Locked) checkReplace(next Locked, downgrade bool) error {
	if k.Version.IsZero() || downgrade || next.Version.Compare(k.Version) >= 0 {
		return nil
	}
	return trust.Refuse(trust.Older, "to accept the older release: go tool mage kernel:update -downgrade",
		"update kernel %s: kernel.org offers %s, which is older than %s in the lock", k.Name, next.Version, k.Version)
}
