package fetch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// TestWhatFailsLeavesNoVolume fetches a tarball that is cut off, a source with a patch that
// does not fit, and one whose run is cancelled half-way.
func TestWhatFailsLeavesNoVolume(t *testing.T) {
	f := realFetcher(t)
	dir := smallTree(t, 7)
	plain, err := f.Resolve(t.Context(), dir, want(t, "6.12"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Engine.Volumes().Remove(context.Background(), source.Volume(plain, nil)) })
	patch := patchOf(t, "--- a/deep/file.c\n+++ b/deep/file.c\n@@ -1 +1 @@\n-none\n+x\n")

	shell(t, filepath.Dir(dir), "head -c 3000000 /dev/urandom > linux-6.12.7/noise; tar czf whole.tar.gz linux-6.12.7/Makefile linux-6.12.7/noise; head -c 2000000 whole.tar.gz > cut.tar.gz; rm linux-6.12.7/noise")
	cut := filepath.Join(filepath.Dir(dir), "cut.tar.gz")
	truncated, err := f.Resolve(t.Context(), cut, want(t, "6.12"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.Fetch(t.Context(), cut, truncated, nil); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "unpack "+cut) {
		t.Errorf("cut off: %v", err)
	}
	if _, err = f.Fetch(t.Context(), dir, plain, []source.Patch{patch}); fault.Code(err) != int(fault.Failed) {
		t.Errorf("patch: %v", err)
	}
	slow := filepath.Join(filepath.Dir(dir), "whole.tar.gz")
	whole, err := f.Resolve(t.Context(), slow, want(t, "6.12"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = f.fill(ctx, &source.Tree{Ref: whole, Volume: source.Volume(whole, nil)}, nil, func(ctr *engine.Container) error {
		time.AfterFunc(300*time.Millisecond, cancel)
		_, err := ctr.Output(ctx, engine.Command{Argv: []string{"sleep", "30"}})
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for _, volume := range []string{source.Volume(truncated, nil), source.Volume(plain, []source.Patch{patch}), source.Volume(whole, nil)} {
		for _, each := range []string{volume, volume + ".layer", volume + ".sealed", volume + ".used"} {
			if exists, err := f.Engine.Volumes().Has(t.Context(), each); err != nil || exists {
				t.Errorf("%s was left, %v", each, err)
			}
		}
	}
}

// TestEditsOfAFolderDoNotPileUp fetches a folder after each of three edits, each with a patch.
func TestEditsOfAFolderDoNotPileUp(t *testing.T) {
	f := realFetcher(t)
	dir := smallTree(t, 7)
	patch := patchOf(t, "--- a/deep/file.c\n+++ b/deep/file.c\n@@ -1 +1 @@\n-int x;\n+int y;\n")
	var volumes []string
	for n := range keptStates + 1 {
		write(t, filepath.Join(dir, "edit"), fmt.Sprint(n, os.Getpid()))
		ref, err := f.Resolve(t.Context(), dir, want(t, "6.12"))
		if err != nil {
			t.Fatal(err)
		}
		plain, patched := source.Volume(ref, nil), source.Volume(ref, []source.Patch{patch})
		volumes = append(volumes, plain, patched)
		t.Cleanup(func() {
			f.Engine.Volumes().Remove(context.Background(), patched)
			f.Engine.Volumes().Remove(context.Background(), plain)
		})
		if n == keptStates { // the runs that made the earlier ones have ended
			for _, v := range volumes[:2*n] {
				if err := f.Engine.Volumes().Remove(t.Context(), v+".used"); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := f.Fetch(t.Context(), dir, ref, []source.Patch{patch}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // the engine records times in seconds
	}
	for n, v := range volumes {
		if exists, err := f.Engine.Volumes().Has(t.Context(), v); err != nil || exists != (n >= 2) {
			t.Errorf("volume %d: exists is %v, %v", n, exists, err)
		}
	}
}

// TestEditsOfAPatchDoNotPileUp fetches one source for two kernels, of which one has its patch
// edited.
func TestEditsOfAPatchDoNotPileUp(t *testing.T) {
	f := realFetcher(t)
	dir := smallTree(t, 7)
	ref, err := f.Resolve(t.Context(), dir, want(t, "6.12"))
	if err != nil {
		t.Fatal(err)
	}
	plain := source.Volume(ref, nil)
	t.Cleanup(func() { f.Engine.Volumes().Remove(context.Background(), plain) })
	fetch := func(kernel, line string) string {
		patch := patchOf(t, "--- a/deep/file.c\n+++ b/deep/file.c\n@@ -1 +1 @@\n-int x;\n+"+line+"\n")
		volume := source.Volume(ref, []source.Patch{patch})
		t.Cleanup(func() { f.Engine.Volumes().Remove(context.Background(), volume) })
		if _, err := f.For(kernel).Fetch(t.Context(), dir, ref, []source.Patch{patch}); err != nil {
			t.Fatal(err)
		}
		if err := f.Engine.Volumes().Remove(t.Context(), volume+".used"); err != nil { // its run has ended
			t.Fatal(err)
		}
		time.Sleep(time.Second) // the engine records times in seconds
		return volume
	}
	other := fetch("other", "int other;")
	var edits []string
	for n := range keptStates + 1 {
		edits = append(edits, fetch("edited", fmt.Sprintf("int y%d;", n)))
	}
	gone := edits[0]
	for _, v := range append(edits, other, plain) {
		if exists, err := f.Engine.Volumes().Has(t.Context(), v); err != nil || exists != (v != gone) {
			t.Errorf("%s: exists is %v, %v", v, exists, err)
		}
	}
	if left, err := f.Engine.Volumes().Has(t.Context(), gone+".layer"); err != nil || left {
		t.Errorf("the layer is left: %v, %v", left, err)
	}
}

// TestOriginIsUnambiguous compares trees of projects that share an engine.
func TestOriginIsUnambiguous(t *testing.T) {
	patches := []source.Patch{{Name: "a.patch", SHA256: "1"}}
	tree := func(kind, url, sum string, patches ...source.Patch) *source.Tree {
		ref := source.Ref{Kind: kind, URL: url, SHA256: sum}
		return &source.Tree{Ref: ref, Volume: source.Volume(ref, patches)}
	}
	work := t.TempDir()
	in := func(project, kernel string, t2 *source.Tree) string {
		if err := os.MkdirAll(filepath.Join(work, project), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Chdir(filepath.Join(work, project))
		return Fetcher{Dir: "kernel", Kernel: kernel}.originOf(t2)
	}
	one := in("one", "micro", tree(source.Folder, "kernel/linux", "1"))
	patched := in("one", "micro", tree(source.Folder, "kernel/linux", "1", patches...))
	if again := in("one", "micro", tree(source.Folder, "kernel/linux", "2")); one == "" || again != one || !strings.Contains(one, filepath.Join(work, "one/kernel/linux")) {
		t.Errorf("two states of a folder: %q and %q", one, again)
	}
	if again := in("one", "micro", tree(source.Folder, "kernel/linux", "2", source.Patch{Name: "b.patch"})); patched == "" || again != patched {
		t.Errorf("two states of a patched folder: %q and %q", patched, again)
	}
	seen := map[string]string{one: "one", patched: "patched"}
	for name, origin := range map[string]string{
		"a different project":            in("two", "micro", tree(source.Folder, "kernel/linux", "1")),
		"a different project, patched":   in("two", "micro", tree(source.Folder, "kernel/linux", "1", patches...)),
		"a different kernel, patched":    in("one", "other", tree(source.Folder, "kernel/linux", "1", patches...)),
		"a different source, patched":    in("one", "micro", tree(source.Debian, "linux-source", "3", patches...)),
		"a later release of it, patched": in("one", "micro", tree(source.Debian, "linux-source", "4", patches...)),
	} {
		if origin == "" || seen[origin] != "" {
			t.Errorf("%s: %q is that of %s", name, origin, seen[origin])
		}
		seen[origin] = name
	}
	if origin := in("one", "micro", tree(source.Debian, "linux-source", "3")); origin != "" {
		t.Errorf("a release: %q", origin)
	}
}

func TestSurplus(t *testing.T) {
	at := func(hours int) time.Time { return time.Unix(int64(hours)*3600, 0) }
	patched := func(name, kernel string, hours int) *storedTree {
		return &storedTree{volume: name, origin: kernel, used: at(hours), isOverlay: true, inUse: name == "running"}
	}
	trees := func() []*storedTree {
		return []*storedTree{
			{volume: "new", size: 4, used: at(9), inUse: true, overlays: []*storedTree{patched("b1", "b", 1), patched("a3", "a", 3), patched("a1", "a", 1), patched("a2", "a", 2)}},
			{volume: "edit3", origin: "/l", size: 4, used: at(8)}, {volume: "edit2", origin: "/l", size: 4, used: at(7)},
			{volume: "edit1", origin: "/l", size: 4, used: at(6), overlays: []*storedTree{patched("l1", "l", 1)}}, {volume: "old", size: 4, used: at(5)},
			{volume: "used", size: 4, used: at(1), inUse: true, overlays: []*storedTree{patched("running", "a", 0)}},
		}
	}
	for limit, want := range map[int64]string{
		0: "edit1 a1", 100: "edit1 a1", 20: "edit1 a1", 19: "edit1 old a1", 15: "edit1 old edit2 a1", 1: "edit1 old edit2 edit3 a1",
	} {
		var got []string
		for _, s := range surplus(trees(), limit) {
			got = append(got, s.volume)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("limit %d: %v, want %s", limit, got, want)
		}
	}
}

// TestOverlaysBelongToTheirTree groups volumes as the engine lists them.
func TestOverlaysBelongToTheirTree(t *testing.T) {
	now := time.Now()
	list := treesOf([]engine.VolumeInfo{
		{Name: "plain", Sealed: true, Labels: map[string]string{labelSize: "7", labelOrigin: "/l"}},
		{Name: "patched", Sealed: true, Lower: "plain", Used: now, InUse: true}, {Name: "unsealed"}, {Name: "orphan", Sealed: true, Lower: "gone"},
	})
	if len(list) != 1 || list[0].size != 7 || list[0].origin != "/l" || !list[0].inUse || !list[0].used.Equal(now) || strings.Join(list[0].volumes(), " ") != "patched plain" {
		t.Errorf("got %+v", list)
	}
}
