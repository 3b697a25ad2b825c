package builder

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/kernel/track"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	ut "github.com/romanatrashyonok/kiln/internal/kernel/upstream/upstreamtest"
	"github.com/romanatrashyonok/kiln/internal/report"
)

func TestNextSourceIsTried(t *testing.T) {
	b := testBuilder(t)
	s := fixtureSpec(t, b)
	s.Sources = []string{"kernel.org", "./tree"}
	b.Upstream.Config.Releases = "http://127.0.0.1:1/releases.json"
	ref, err := b.Fetch(t.Context(), s)
	if err != nil || ref.Kind != "folder" {
		t.Errorf("%v, %v", ref, err)
	}
	s.Sources = s.Sources[:1]
	if _, err := b.Plan(t.Context(), s); fault.Code(err) != int(fault.Environment) {
		t.Errorf("without a next source: %v", err)
	}
	s = oneSpec(t, "testdata", spec.Table{Name: fixtureName, Version: ">= 9.0", Arch: []string{"amd64"}, Source: []string{"./tree"}, Config: []string{"tinyconfig"}})
	if _, err := b.Plan(t.Context(), s); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "6.12.1") {
		t.Errorf("a constraint that no version satisfies: %v", err)
	}
}

func TestSpecErrorsAreReportedTogether(t *testing.T) {
	f := spec.File{Kernels: []spec.Table{{
		Name: fixtureName, Version: "newest", Arch: []string{"vax"},
		Config: []string{"config/none.config"}, Patches: []string{"none.patch"},
	}}}
	_, err := f.Specs("testdata", spec.Choice{}, nil)
	if fault.Code(err) != int(fault.Usage) {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{"newest", "vax", "none.config", "none.patch"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not contain %q: %v", part, err)
		}
	}
	if !slices.IsSorted(strings.Split(err.Error(), "\n")) {
		t.Errorf("the errors are not sorted: %v", err)
	}
}

// withUpstream returns a builder without an engine whose kernel.org is o, and a kernel of
// version 6.12.
func withUpstream(t *testing.T, o *ut.Org, lock track.Lock) (*Builder, spec.Spec) {
	t.Helper()
	console, cache, dir := report.New(t.Output(), t.Output(), ""), t.TempDir(), t.TempDir()
	f := spec.File{Upstream: o.Config(), Kernels: []spec.Table{{
		Name: "k", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"kernel.org"}, Config: []string{"tinyconfig"},
	}}}
	specs, err := f.Specs(dir, spec.Choice{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{Console: console, Upstream: upstream.New(f.Upstream, dir, cache, console), Lock: lock, Dir: dir, Cache: cache, Dist: t.TempDir()}), specs[0]
}

// kernelOrg returns a kernel.org with these 6.12.x releases, of which it lists the last.
func kernelOrg(t *testing.T, versions ...string) *ut.Org {
	t.Helper()
	o := ut.New(t)
	last := versions[len(versions)-1]
	o.Feed(last, ut.Entry("longterm", last, false))
	for _, v := range versions {
		o.Publish(v, ut.Pack(t, ut.Tree(v)))
	}
	return o
}

func TestTamperedSourceIsNotSkipped(t *testing.T) {
	o := kernelOrg(t, "6.12.5")
	o.SignSums(o.Maintainer)
	b, s := withUpstream(t, o, track.Lock{})
	var skip *sourceError
	if _, err := b.resolveSource(t.Context(), s, source.KernelOrg); errors.As(err, &skip) || trust.StateOf(err) != trust.WrongSigner {
		t.Errorf("got %v", err)
	}
}

func TestLockedReleaseIsBuilt(t *testing.T) {
	v, err := release.Parse("6.12.5")
	if err != nil {
		t.Fatal(err)
	}
	lock := track.Lock{Kernels: []track.Locked{{Name: "k", Asked: "6.12", Version: v, SHA256: "ab"}}}
	b, s := withUpstream(t, kernelOrg(t, "6.12.5", "6.12.8"), lock)
	if ref, err := b.resolveSource(t.Context(), s, source.KernelOrg); err != nil || ref.Version != v || ref.SHA256 != "ab" {
		t.Errorf("got %v, %v, want the locked release 6.12.5", ref, err)
	}
}
