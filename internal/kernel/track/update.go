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
	From      *release.Version `json:"from"` // nil where it was not locked
	To        release.Version  `json:"to"`
	Changed   bool             `json:"changed"`
	Changelog []string         `json:"changelogs"` // of every point release on the way, where they are of one series
}

// Update moves the lock to the newest releases that satisfy what is asked, and
// writes it if that changes something. Going back is refused unless asked for.
func (tr *Tracker) Update(ctx context.Context, specs []spec.Spec, dir string, downgrade bool) ([]Update, error) {
	if _, list, err := tr.Upstream.Feed(ctx, 0); err != nil || list.FetchError != nil {
		return nil, fmt.Errorf("update kernels: %w", errors.Join(err, list.FetchError))
	}
	lock := tr.Lock
	var updates []Update
	for _, s := range byName(specs) {
		if !slices.Contains(s.Sources, source.KernelOrg) {
			tr.Console.Logf("kernel %s is not locked: it comes from %s", s.Name, strings.Join(s.Sources, ", "))
			continue
		}
		next, err := tr.lockedNow(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("update kernel %s: %w", s.Name, err)
		}
		before, _ := lock.Find(s.Name)
		if err := before.CheckReplace(next, downgrade); err != nil {
			return nil, err
		}
		updates = append(updates, tr.update(before, next))
		lock = lock.With(next)
	}
	if slices.EqualFunc(lock.Kernels, tr.Lock.Kernels, func(a, b Locked) bool { return a == b }) {
		return updates, nil
	}
	tr.Lock = lock
	return updates, report.Write(filepath.Join(dir, LockFile), lock)
}

// NeedEngine tells whether an update of specs may have to look at a tag, which is
// done in a container.
func NeedEngine(specs []spec.Spec) bool {
	return slices.ContainsFunc(specs, func(s spec.Spec) bool {
		exact, ok := s.Constraint.Exact()
		return s.Constraint.Moniker() == "mainline" || ok && exact.IsCandidate()
	})
}

// lockedNow gives what a kernel would be locked to now. A hash comes from a list
// whose signature was verified, a commit from a tag whose signature was.
func (tr *Tracker) lockedNow(ctx context.Context, s spec.Spec) (Locked, error) {
	ref, signer, err := tr.Releases.Pin(ctx, s.Constraint)
	return Locked{
		Name: s.Name, Asked: s.Constraint.String(), Version: ref.Version, URL: ref.URL,
		SHA256: ref.SHA256, Commit: ref.Commit, Tag: ref.Tag, Signer: signer.String(),
	}, err
}

func (tr *Tracker) update(before, next Locked) Update {
	u := Update{Kernel: next.Name, To: next.Version, Changed: before.Version.String() != next.Version.String(), Changelog: []string{}}
	if !before.Version.IsZero() {
		from := before.Version
		u.From = &from
	}
	if u.Changed && !next.Version.IsCandidate() {
		for _, v := range release.Between(before.Version, next.Version) {
			u.Changelog = append(u.Changelog, tr.Upstream.ChangelogURL(v))
		}
	}
	return u
}

// String tells a change of the lock, with the changelogs on lines of their own.
func (u Update) String() string {
	from := "not locked"
	if u.From != nil {
		from = u.From.String()
	}
	if !u.Changed {
		return fmt.Sprintf("%s: %s, as before", u.Kernel, u.To)
	}
	return strings.Join(append([]string{fmt.Sprintf("%s: %s -> %s", u.Kernel, from, u.To)}, u.Changelog...), "\n  ")
}
