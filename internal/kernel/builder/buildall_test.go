package builder

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// TestBuildsShareJobs builds for two architectures at once, each with more parts than there
// are jobs.
func TestBuildsShareJobs(t *testing.T) {
	b := testBuilder(t)
	b.Local.Limits.Jobs = 3
	specs := fixtureSpecs(t, b, "testdata", spec.Table{Arch: []string{"amd64", "arm64"}, Config: []string{"CONFIG_PARTS=12"}})
	events := map[string][]event{}
	err := b.BuildAll(t.Context(), specs, func(r result.Result) error {
		e, err := b.Folder.Extract(t.Context(), r)
		if err != nil {
			return err
		}
		log, err := os.ReadFile(filepath.Join(e.Folder, "build.log"))
		events[r.Arch] = eventsOf(t, string(log))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := maxConcurrent(append(events["amd64"], events["arm64"]...)); n != 3 {
		t.Errorf("%d parts ran at once over both builds, want 3", n)
	}
	for arch, list := range events {
		if len(list) != 24 {
			t.Errorf("%s: %d events, want 24: 12 parts that began and ended", arch, len(list))
		}
	}
}

// event is the begin (+1) or end (-1) of a part.
type event struct {
	at    float64 // seconds
	delta int
}

// eventsOf returns the events in a build log of the fixture tree.
func eventsOf(t *testing.T, log string) (list []event) {
	t.Helper()
	for line := range strings.Lines(log) {
		var what, part string
		var e event
		if n, _ := fmt.Sscan(line, &what, &part, &e.at); n != 3 || !strings.HasPrefix(part, "part") {
			continue
		}
		e.delta = map[string]int{"begin": 1, "end": -1}[what]
		list = append(list, e)
	}
	return list
}

// maxConcurrent returns how many parts ran at once.
func maxConcurrent(list []event) (most int) {
	slices.SortFunc(list, func(a, b event) int { return cmp.Or(cmp.Compare(a.at, b.at), a.delta-b.delta) })
	now := 0
	for _, e := range list {
		now += e.delta
		most = max(most, now)
	}
	return most
}

func TestFailedBuildDoesNotStopOthers(t *testing.T) {
	b := testBuilder(t)
	specs := fixtureSpecs(t, b, "testdata", spec.Table{Arch: []string{"amd64", "arm64"}})
	specs[0].Config = append(specs[0].Config, plan.Item{Fragment: "broken", Text: "CONFIG_BROKEN=y\n"})
	var built []string
	err := b.BuildAll(t.Context(), specs, func(r result.Result) error {
		built = append(built, r.Arch)
		return nil
	})
	if fault.Code(err) != int(fault.Failed) || !slices.Equal(built, []string{"arm64"}) {
		t.Errorf("built %v, %v", built, err)
	}
}

// TestTwoRunsBuildOnce has two runs build the same kernel at once: one fetches the source
// and builds, the other waits and takes the result.
func TestTwoRunsBuildOnce(t *testing.T) {
	runs := []*Builder{testBuilder(t), testBuilder(t)}
	s := fixtureSpec(t, runs[0], "CONFIG_PARTS=4")
	results := make([]result.Result, len(runs))
	var work errgroup.Group
	for i, b := range runs {
		work.Go(func() (err error) {
			results[i], err = b.Build(t.Context(), s)
			return err
		})
	}
	if err := work.Wait(); err != nil {
		t.Fatal(err)
	}
	if results[0].Built == results[1].Built || results[0].Plan != results[1].Plan {
		t.Errorf("want one of them built, with the same plan: %+v", results)
	}
}
