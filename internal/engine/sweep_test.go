package engine

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"
)

func TestSweepAfterADeadRun(t *testing.T) {
	e := realEngine(t)
	own := testContainer(t, e, Spec{})
	dead := &Client{api: e.api, endpoint: e.endpoint, registry: e.registry, owner: e.owner}
	dead.owner.Process = strconv.Itoa(1<<30) + ":1"
	left := testContainer(t, dead, Spec{})
	volume := testVolume(t, e) + "-scratch"
	if err := dead.Volumes().Create(t.Context(), volume, Scratch, nil); err != nil {
		t.Fatal(err)
	}
	removed, err := e.Sweep(t.Context())
	if err != nil || len(removed) == 0 {
		t.Fatalf("got %v, %v", removed, err)
	}
	if _, err := left.State(t.Context()); err == nil {
		t.Error("the dead run's container still exists")
	}
	if exists, err := e.Volumes().Has(t.Context(), volume); err != nil || exists {
		t.Errorf("the dead run's scratch volume still exists: %v", err)
	}
	if state, err := own.State(t.Context()); err != nil || !state.Running {
		t.Errorf("this run's container does not run: %v", err)
	}
}

// TestSweepKeepsCompleteVolumes sweeps after a dead run that left a complete source, one that
// it was filling, and the layer of a third.
func TestSweepKeepsCompleteVolumes(t *testing.T) {
	e := realEngine(t)
	dead := &Client{api: e.api, endpoint: e.endpoint, registry: e.registry, owner: e.owner}
	dead.owner.Process = strconv.Itoa(1<<30) + ":1"
	complete, partial, layer := testVolume(t, e)+"-complete", testVolume(t, e)+"-partial", testVolume(t, e)+"-patched"
	t.Cleanup(func() { e.Volumes().Remove(context.Background(), complete) })
	_, layerErr := dead.Volumes().CreateLayer(t.Context(), layer, Sealed)
	for _, err := range []error{
		dead.Volumes().Create(t.Context(), complete, Sealed, nil), dead.Volumes().Seal(t.Context(), complete, map[string]string{"made": "well"}),
		dead.Volumes().RecordUse(t.Context(), complete), dead.Volumes().Create(t.Context(), partial, Sealed, nil), layerErr,
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{complete: true, partial: false, layer + layerSuffix: false} {
		if exists, err := e.Volumes().Has(t.Context(), name); err != nil || exists != want {
			t.Errorf("%s: exists is %v, %v; want %v", name, exists, err, want)
		}
	}
	list, err := e.Volumes().List(t.Context(), Sealed)
	i := slices.IndexFunc(list, func(v VolumeInfo) bool { return v.Name == complete })
	if err != nil || i < 0 || !list[i].Sealed || list[i].InUse || list[i].Labels["made"] != "well" || time.Since(list[i].Used) > time.Minute {
		t.Errorf("got %+v, %v", list, err)
	}
	if err := e.Volumes().RecordUse(t.Context(), complete); err != nil {
		t.Fatal(err)
	}
	if list, err = e.Volumes().List(t.Context(), Sealed); err != nil || !list[i].InUse {
		t.Errorf("a volume that this run uses is not in use: %+v, %v", list[i], err)
	}
}

func TestLowerOfAnOverlay(t *testing.T) {
	for options, want := range map[string]string{
		"lowerdir=/var/lib/docker/volumes/kiln-a/_data,upperdir=/x/upper,workdir=/x/work": "kiln-a", "mode=1777,size=1m": "", "": "",
	} {
		if got := lowerOf(options); got != want {
			t.Errorf("%s: got %q, want %q", options, got, want)
		}
	}
}

func TestSeal(t *testing.T) {
	e := realEngine(t)
	name := testVolume(t, e)
	steps := []struct {
		do   func() error
		want bool
	}{
		{func() error { return nil }, false},
		{func() error { return e.Volumes().Seal(t.Context(), name, nil) }, true},
		{func() error { return e.Volumes().Remove(t.Context(), name) }, false},
	}
	for i, s := range steps {
		if err := s.do(); err != nil {
			t.Fatal(err)
		}
		if _, sealed, err := e.Volumes().Sealed(t.Context(), name); err != nil || sealed != s.want {
			t.Errorf("step %d: got sealed %v, %v, want %v", i, sealed, err, s.want)
		}
	}
}

func TestImportFromTakesOneFolder(t *testing.T) {
	e := realEngine(t)
	c := testContainer(t, e, Spec{})
	if _, err := c.Output(t.Context(), Command{Argv: []string{"sh", "-c", "mkdir /data && echo text > /data/file"}}); err != nil {
		t.Fatal(err)
	}
	const ref = "kiln/test:imported"
	if err := e.ImportFrom(t.Context(), c, "/data", ref, "test", map[string]string{"kiln.plan": `a "quoted" value`}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.RemoveImage(context.Background(), ref) })
	found, err := e.FindImage(t.Context(), ref)
	if err != nil || found.Labels["kiln.plan"] != `a "quoted" value` || found.Labels[Label] != "test" {
		t.Errorf("got labels %v, %v", found.Labels, err)
	}
	if found.Size > 4096 {
		t.Errorf("the image has %d bytes, more than the folder", found.Size)
	}
	if !slices.Contains(found.Tags, ref) || time.Since(found.Tagged) > time.Minute {
		t.Errorf("got tags %v, set at %s", found.Tags, found.Tagged)
	}
	for value, want := range map[string]int{`a "quoted" value`: 1, "different": 0} {
		list, err := e.Images(t.Context(), "test", map[string]string{"kiln.plan": value})
		if err != nil || len(list) != want || want == 1 && list[0].ID != found.ID {
			t.Errorf("%s: got %+v, %v", value, list, err)
		}
	}
}

// TestOverlayLeavesTheLowerVolumeUnchanged changes files through an overlay; other containers
// see the change in the overlay only.
func TestOverlayLeavesTheLowerVolumeUnchanged(t *testing.T) {
	e := realEngine(t)
	below := testVolume(t, e)
	name := below + "-overlay"
	layer, err := e.Volumes().CreateLayer(t.Context(), name, "test")
	if err != nil {
		t.Fatal(err)
	}
	prepare := testContainer(t, e, Spec{Mounts: []Mount{{Volume: below, Path: "/below"}, {Volume: layer, Path: "/layer"}}})
	sh(t, prepare, "echo one > /below/a && echo two > /below/b && mkdir /layer/upper /layer/work")
	if err := e.Volumes().Overlay(t.Context(), name, below, "test", nil); err != nil {
		t.Fatal(err)
	}
	writer := testContainer(t, e, Spec{Mounts: []Mount{{Volume: name, Path: "/over"}}})
	sh(t, writer, "echo changed > /over/a && rm /over/b")
	reader := testContainer(t, e, Spec{Mounts: []Mount{{Volume: below, Path: "/below", ReadOnly: true}, {Volume: name, Path: "/over", ReadOnly: true}}})
	if got, want := sh(t, reader, "cat /below/* /over/*"), "one\ntwo\nchanged\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, c := range []*Container{prepare, writer, reader} {
		if err := c.Remove(); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Volumes().Remove(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	for volume, want := range map[string]bool{name: false, layer: false, below: true} {
		if got, err := e.Volumes().Has(t.Context(), volume); err != nil || got != want {
			t.Errorf("volume %s: got %v, %v, want %v", volume, got, err, want)
		}
	}
}

func sh(t *testing.T, c *Container, script string) string {
	t.Helper()
	out, err := c.Output(t.Context(), Command{Argv: []string{"sh", "-c", script}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
