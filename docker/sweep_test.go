package docker

import (
	"context"
	"slices"
	"strconv"
	"testing"
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
	dead := &Engine{api: e.api, endpoint: e.endpoint, getenv: e.getenv, owner: e.owner}
	dead.owner.process = strconv.Itoa(1<<30) + ":1"
	left := box(t, dead, Spec{})
	removed, err := e.Sweep(t.Context())
	if err != nil || len(removed) == 0 {
		t.Fatalf("removed %v, %v", removed, err)
	}
	if _, err := left.State(t.Context()); err == nil {
		t.Error("what the dead run left is still there")
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
		{func() error { return e.Seal(t.Context(), name, nil) }, true},
		{func() error { return e.RemoveVolume(t.Context(), name) }, false},
	}
	for i, s := range steps {
		if err := s.do(); err != nil {
			t.Fatal(err)
		}
		if _, whole, err := e.Sealed(t.Context(), name); err != nil || whole != s.want {
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
	if !slices.Contains(found.Tags, ref) {
		t.Errorf("tags %v", found.Tags)
	}
}
