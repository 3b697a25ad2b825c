package engine

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"
)

func TestGone(t *testing.T) {
	me := owner{host: "here", boot: "b1pid:[4]", process: "1:5"}
	self := thisOwner()
	for _, tc := range []struct {
		name   string
		owner  owner
		labels map[string]string
		want   bool
	}{
		{"this run itself", self, self.labels("test", nil), false},
		{"a process that is no more", self, map[string]string{labelHost: self.host, labelBoot: self.boot, labelOwner: "999999999:1"}, true},
		{"its number was given away", self, map[string]string{labelHost: self.host, labelBoot: self.boot, labelOwner: "1:0"}, true},
		{"an earlier boot", me, map[string]string{labelHost: "here", labelBoot: "b0pid:[4]", labelOwner: "1:5"}, true},
		{"another container of this boot", me, map[string]string{labelHost: "here", labelBoot: "b1pid:[9]", labelOwner: "1:5"}, false},
		{"another machine", me, map[string]string{labelHost: "there", labelBoot: "b0", labelOwner: "1:5"}, false},
		{"no labels", me, nil, false},
	} {
		if got := tc.owner.gone(tc.labels); got != tc.want {
			t.Errorf("%s: gone is %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestSweepRemovesWhatADeadRunLeft(t *testing.T) {
	e := realEngine(t)
	mine := box(t, e, Spec{})
	dead := &Client{api: e.api, endpoint: e.endpoint, registry: e.registry, owner: e.owner}
	dead.owner.process = strconv.Itoa(1<<30) + ":1"
	left := box(t, dead, Spec{})
	volume := testVolume(t, e) + "-scratch"
	if err := dead.Volumes().Create(t.Context(), volume, Scratch, nil); err != nil {
		t.Fatal(err)
	}
	removed, err := e.Sweep(t.Context())
	if err != nil || len(removed) == 0 {
		t.Fatalf("removed %v, %v", removed, err)
	}
	if _, err := left.State(t.Context()); err == nil {
		t.Error("what the dead run left is still there")
	}
	if there, err := e.Volumes().Has(t.Context(), volume); err != nil || there {
		t.Errorf("its scratch volume is still there: %v", err)
	}
	if state, err := mine.State(t.Context()); err != nil || !state.Running {
		t.Errorf("this run's own container is gone: %v", err)
	}
}

func TestSealedVolume(t *testing.T) {
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
		if _, whole, err := e.Volumes().Sealed(t.Context(), name); err != nil || whole != s.want {
			t.Errorf("step %d: sealed is %v (%v), want %v", i, whole, err, s.want)
		}
	}
}

func TestOnlyOneFolderIsImported(t *testing.T) {
	e := realEngine(t)
	c := box(t, e, Spec{})
	if _, err := c.Output(t.Context(), Command{Argv: []string{"sh", "-c", "mkdir /ware && echo hot > /ware/brick"}}); err != nil {
		t.Fatal(err)
	}
	const ref = "kiln/test:ware"
	if err := e.ImportFrom(t.Context(), c, "/ware", ref, "test", map[string]string{"kiln.plan": `a "quoted" value`}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.RemoveImage(context.Background(), ref) })
	found, err := e.FindImage(t.Context(), ref)
	if err != nil || found.Labels["kiln.plan"] != `a "quoted" value` || found.Labels[Label] != "test" {
		t.Errorf("labels %v, %v", found.Labels, err)
	}
	if found.Size > 4096 {
		t.Errorf("the image has %d bytes: more than the folder is in it", found.Size)
	}
	if !slices.Contains(found.Tags, ref) || time.Since(found.Tagged) > time.Minute {
		t.Errorf("tags %v, given at %s", found.Tags, found.Tagged)
	}
	for value, want := range map[string]int{`a "quoted" value`: 1, "another": 0} {
		list, err := e.Images(t.Context(), "test", map[string]string{"kiln.plan": value})
		if err != nil || len(list) != want || want == 1 && list[0].ID != found.ID {
			t.Errorf("%s: found %+v, %v", value, list, err)
		}
	}
}

// TestOverlayKeepsItsChangesApart changes, through an overlay, what another volume
// holds; that stays as it was, and other containers see the change.
func TestOverlayKeepsItsChangesApart(t *testing.T) {
	e := realEngine(t)
	below := testVolume(t, e)
	name := below + "-over"
	layer, err := e.Volumes().CreateLayer(t.Context(), name, "test")
	if err != nil {
		t.Fatal(err)
	}
	prepare := box(t, e, Spec{Mounts: []Mount{{Volume: below, Path: "/below"}, {Volume: layer, Path: "/layer"}}})
	sh(t, prepare, "echo clay > /below/brick && echo old > /below/tile && mkdir /layer/upper /layer/work")
	if err := e.Volumes().Overlay(t.Context(), name, below, "test", nil); err != nil {
		t.Fatal(err)
	}
	writer := box(t, e, Spec{Mounts: []Mount{{Volume: name, Path: "/over"}}})
	sh(t, writer, "echo fired > /over/brick && rm /over/tile")
	reader := box(t, e, Spec{Mounts: []Mount{{Volume: below, Path: "/below", ReadOnly: true}, {Volume: name, Path: "/over", ReadOnly: true}}})
	if got, want := sh(t, reader, "cat /below/* /over/*"), "clay\nold\nfired\n"; got != want {
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
	for gone, want := range map[string]bool{name: false, layer: false, below: true} {
		if there, err := e.Volumes().Has(t.Context(), gone); err != nil || want != there {
			t.Errorf("volume %s: there is %v, %v", gone, there, err)
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
