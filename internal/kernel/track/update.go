package track

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Update is a change of the lock.
type Update struct {
	Kernel    string           `json:"kernel"`
	From      *release.Version `json:"from"` // nil if it was not locked
	To        release.Version  `json:"to"`
	Changed   bool             `json:"changed"`
	Changelog []string         `json:"changelogs"` // of every point release between the two, if both are of one series
}

// Update moves the lock to the newest releases that satisfy the constraints, and writes it
// to the folder dir if that changes an entry. An older release than the locked one is an
// error, see Locked.CheckReplace, unless downgrade.
func (tr *Tracker) Update(ctx context.Context, specs []spec.Spec, dir string, downgrade bool) ([]Update, error) {
	if _, doc, err := tr.Upstream.Feed(ctx, 0); err != nil || doc.FetchError != nil {
		return nil, fmt.Errorf("update kernels: %w", errors.Join(err, doc.FetchError))
	}
	lock := tr.Lock
	var updates []Update
	for _, s := range byName(specs) {
		if !slices.Contains(s.Sources, source.KernelOrg) {
			tr.Console.Logf("kernel %s is not locked: its source is %s", s.Name, strings.Join(s.Sources, ", "))
			continue
		}
		next, err := tr.pin(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("update kernel %s: %w", s.Name, err)
		}
		before, _ := lock.Find(s.Name)
		if err := before.checkReplace(next, downgrade); err != nil {
			return nil, err
		}
		updates = append(updates, tr.change(before, next))
		lock = lock.with(next)
	}
	if slices.EqualFunc(lock.Kernels, tr.Lock.Kernels, func(a, b Locked) bool { return a == b }) {
		return updates, nil
	}
	tr.Lock = lock
	return updates, report.Write(filepath.Join(dir, LockFile), lock)
}

// NeedsEngine reports whether an update of specs may have to verify a tag, which is done in
// a container.
func NeedsEngine(specs []spec.Spec) bool {
	return slices.ContainsFunc(specs, func(s spec.Spec) bool {
		exact, ok := s.Constraint.Exact()
		return s.Constraint.Moniker() == "mainline" || ok && exact.IsCandidate()
	})
}

// pin returns the entry of a kernel for its newest release.
func (tr *Tracker) pin(ctx context.Context, s spec.Spec) (Locked, error) {
	ref, signer, err := tr.Releases.Pin(ctx, s.Constraint)
	return Locked{
		Name: s.Name, Asked: s.Constraint.String(), Version: ref.Version, URL: ref.URL,
		SHA256: ref.SHA256, Commit: ref.Commit, Tag: ref.Tag, Signer: signer.String(),
	}, err
}

// change describes the replacement of a lock's entry.
func (tr *Tracker) change(before, next Locked) Update {
	u := Update{Kernel: next.Name, To: next.Version, Changed: before.Version.String() != next.Version.String(), Changelog: []string{}}
	if !before.Version.IsZero() {
		from := before.Version
		u.From = &from
	}
	if u.Changed && !next.Version.IsCandidate() {
		for _, v := range release.Between(before.Version, next.Version) {
			u.Changelog = append(u.Changelog, tr.Upstream.Config.ChangelogURL(v))
		}
	}
	return u
}

// String returns the change in one line, and the changelogs on lines of their own.
func (u Update) String() string {
	from := "not locked"
	if u.From != nil {
		from = u.From.String()
	}
	if !u.Changed {
		return fmt.Sprintf("%s: %s, unchanged", u.Kernel, u.To)
	}
	return strings.Join(append([]string{fmt.Sprintf("%s: %s -> %s", u.Kernel, from, u.To)}, u.Changelog...), "\n  ")
}
