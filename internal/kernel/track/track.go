// Package track follows the kernels' versions: what kernel.org has, what the lock pins,
// what is behind or at its end of life, and the jobs for CI.
package track

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
)

// Tracking is the status of all kernels of the file, and the sources of its data.
type Tracking struct {
	Schema  string           `json:"schema"`
	Kernels []release.Status `json:"kernels"`
	Sources []DataSource     `json:"sources"`
}

// Schema is the value of "schema" in the JSON that kernel:track prints.
const Schema = "kiln/track/v1"

// DataSource is a document that data comes from, and its age.
type DataSource struct {
	What    string    `json:"what"`
	URL     string    `json:"url"`
	Fetched time.Time `json:"fetched"` // zero if it never was
	Down    string    `json:"down"`    // why it could not be fetched now, "" if it could
}

// Track returns the status of the kernels of specs. It needs no engine. A document that
// cannot be fetched is taken from the cache, with its age; one in an unexpected format is
// an error.
func (tr *Tracker) Track(ctx context.Context, specs []spec.Spec) (Tracking, error) {
	t := Tracking{Schema: Schema, Kernels: []release.Status{}}
	data := release.Data{Now: tr.Upstream.Now()}
	var doc upstream.Document
	var err error
	data.Feed, doc, err = tr.Upstream.Feed(ctx, 0)
	if err := t.addSource("kernel.org's list of releases", tr.Upstream.Config.Releases, doc, err); err != nil {
		return t, err
	}
	data.Dates, doc, err = tr.Upstream.Dates(ctx, 0)
	if err := t.addSource("end-of-life dates", tr.Upstream.Config.EOL, doc, err); err != nil {
		return t, err
	}
	for _, s := range byName(specs) {
		status, err := tr.status(ctx, data, s)
		if err != nil {
			return t, err
		}
		t.Kernels = append(t.Kernels, status)
	}
	return t, nil
}

// addSource records a document with the outcome of fetching it. An unreachable host is no
// error here; an unexpected answer is.
func (t *Tracking) addSource(what, address string, d upstream.Document, err error) error {
	s := DataSource{What: what, URL: address, Fetched: d.Fetched}
	switch {
	case d.FetchError != nil:
		s.Down = d.FetchError.Error()
	case err != nil && !upstream.IsUnreachable(err):
		return err
	case err != nil:
		s.Down = err.Error()
	}
	t.Sources = append(t.Sources, s)
	return nil
}

// status returns the status of one kernel.
func (tr *Tracker) status(ctx context.Context, data release.Data, s spec.Spec) (release.Status, error) {
	locked, _ := tr.Lock.Find(s.Name)
	if !slices.Contains(s.Sources, source.KernelOrg) {
		status := data.Evaluate(s.Name, s.Constraint, locked.Version, release.Version{})
		status.Todo = "not tracked: its source is " + strings.Join(s.Sources, ", ")
		return status, nil
	}
	newest, err := tr.Releases.Newest(ctx, s.Constraint)
	if err != nil && !upstream.IsUnreachable(err) && fault.Code(err) != int(fault.Usage) {
		return release.Status{}, fmt.Errorf("track kernel %s: %w", s.Name, err)
	}
	status := data.Evaluate(s.Name, s.Constraint, locked.Version, newest)
	if upstream.IsUnreachable(err) {
		status.Todo = "unknown: kernel.org cannot be reached"
	}
	return status, nil
}

// byName returns one spec of each kernel, whatever its architectures.
func byName(specs []spec.Spec) []spec.Spec {
	return slices.CompactFunc(slices.Clone(specs), func(a, b spec.Spec) bool { return a.Name == b.Name })
}

// Err returns an error if a kernel needs attention, for CI: of class fault.Failed if there
// is something to do, of class fault.Environment if a document could not be fetched.
func (t Tracking) Err() error {
	for _, s := range t.Sources {
		if s.Down != "" {
			return fault.New(fault.Environment, "", "track kernels: fetch %s: %s", s.What, s.Down)
		}
	}
	var names []string
	for _, s := range t.Kernels {
		if s.NeedsAttention() {
			names = append(names, s.Kernel)
		}
	}
	if len(names) > 0 {
		return fault.New(fault.Failed, "see the TO DO column and the warnings", "track kernels: action needed: %s", strings.Join(names, ", "))
	}
	return nil
}

// Known reports whether kernel.org's list of releases was ever fetched.
func (t Tracking) Known() bool {
	return len(t.Sources) > 0 && !t.Sources[0].Fetched.IsZero()
}
