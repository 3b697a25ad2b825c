package builder

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/record"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

func TestBuildExtractAndNothingToDo(t *testing.T) {
	b := testBuilder(t)
	s := fixtureSpec(t, b, "CONFIG_WARM=y")
	first, err := b.Build(t.Context(), s)
	if err != nil || !first.Built {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := b.Build(t.Context(), s)
	if err != nil || again.Built || again.Plan != first.Plan || !strings.Contains(again.Why, "nothing changed") {
		t.Errorf("rebuilt: %+v, %v", again, err)
	}
	e, err := b.Folder.Extract(t.Context(), first)
	if err != nil || !e.Copied {
		t.Fatalf("%+v, %v", e, err)
	}
	image, err := os.ReadFile(filepath.Join(e.Folder, "bzImage"))
	if err != nil || string(image) != "a fixture kernel\n" {
		t.Errorf("bzImage holds %q, %v", image, err)
	}
	m, err := result.CheckFolder(e.Folder)
	if err != nil || m.Schema != plan.ManifestSchema || m.Plan != first.Plan || m.Config.Asked != 1 || m.Config.Kept != 1 {
		t.Errorf("manifest %+v, %v", m, err)
	}
}

func TestExtractReplacesDamagedFolder(t *testing.T) {
	b := testBuilder(t)
	built, err := b.Build(t.Context(), fixtureSpec(t, b))
	if err != nil {
		t.Fatal(err)
	}
	e, err := b.Folder.Extract(t.Context(), built)
	if err != nil {
		t.Fatal(err)
	}
	if e, err = b.Folder.Extract(t.Context(), built); err != nil || e.Copied {
		t.Errorf("an intact folder was copied: %+v, %v", e, err)
	}
	path := filepath.Join(e.Folder, "bzImage")
	if err := os.WriteFile(path, []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	if list, err := record.Why(b.Folder.Dir, fixtureName); err != nil || len(list) != 1 || fault.Code(list[0].Err()) != int(fault.Failed) {
		t.Errorf("provenance: %v, %v", list, err)
	}
	if e, err = b.Folder.Extract(t.Context(), built); err != nil || !e.Copied {
		t.Errorf("a damaged folder was not replaced: %+v, %v", e, err)
	}
	if text, _ := os.ReadFile(path); string(text) == "damaged" {
		t.Error("bzImage is still damaged")
	}
	if left, _ := filepath.Glob(filepath.Join(b.Local.Dist, "kernels", ".extract-*")); len(left) > 0 {
		t.Errorf("temporary folders left: %v", left)
	}
}

func TestDroppedOptionsFailBeforeCompile(t *testing.T) {
	b := testBuilder(t)
	_, err := b.Build(t.Context(), fixtureSpec(t, b, "CONFIG_DROPPED=y", "CONFIG_KEPT=y", "CONFIG_DROPPED_TOO=12"))
	if fault.Code(err) != int(fault.Usage) {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{"2 of 3 options", "CONFIG_DROPPED: asked y", "CONFIG_DROPPED_TOO: asked 12", "allow = [...]"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not contain %q: %v", part, err)
		}
	}
	s := fixtureSpec(t, b, "CONFIG_DROPPED=y")
	s.Allow = []string{"CONFIG_DROPPED"}
	if _, err := b.Build(t.Context(), s); err != nil {
		t.Errorf("an allowed option: %v", err)
	}
}

func TestFailedCompileShowsErrorAndKeepsLog(t *testing.T) {
	b := testBuilder(t)
	for option, want := range map[string]struct {
		code fault.Class
		text string
	}{
		"CONFIG_BROKEN=y": {fault.Failed, "fork.c:42:7: error: unknown type name pid_type"},
		"CONFIG_FULL=y":   {fault.Environment, "No space left on device"},
	} {
		_, err := b.Build(t.Context(), fixtureSpec(t, b, option))
		if fault.Code(err) != int(want.code) || !strings.Contains(err.Error(), want.text) {
			t.Errorf("%s: code %d, %v", option, fault.Code(err), err)
		}
		log, _ := filepath.Glob(filepath.Join(b.Local.Dist, "logs", "*.log"))
		if len(log) != 1 || !strings.Contains(err.Error(), log[0]) {
			t.Errorf("%s: the error does not contain the log's path %v: %v", option, log, err)
		}
	}
}

func TestCancelledBuildLeavesNoContainer(t *testing.T) {
	b := testBuilder(t)
	s := fixtureSpec(t, b, "CONFIG_SLOW=y")
	if _, err := b.Fetch(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(3*time.Second, cancel)
	start := time.Now()
	_, err := b.Build(ctx, s)
	if !errors.Is(err, context.Canceled) || time.Since(start) > 8*time.Second {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
	if left := enginetest.Containers(t, b.Engine, "kiln-build-"+fixtureName); len(left) > 0 {
		t.Errorf("containers left: %v", left)
	}
}

func TestPatchIsPartOfThePlan(t *testing.T) {
	b := testBuilder(t)
	s := fixtureSpec(t, b)
	plain, err := b.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	built, err := b.Build(t.Context(), fixtureSpecs(t, b, "testdata", spec.Table{Arch: []string{"amd64"}, Patches: []string{"greeting.patch"}})[0])
	if err != nil {
		t.Fatal(err)
	}
	if built.Plan == plain.Hash() {
		t.Error("the patch did not change the plan")
	}
	e, err := b.Folder.Extract(t.Context(), built)
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(filepath.Join(e.Folder, "bzImage")); string(text) != "a patched fixture kernel\n" {
		t.Errorf("built %q", text)
	}
}
