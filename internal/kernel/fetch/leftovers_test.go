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
	for n := range keptOfFolder + 1 {
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
		if n == keptOfFolder { // the runs that made the earlier ones have ended
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

func TestSurplus(t *testing.T) {
	at := func(hours int) time.Time { return time.Unix(int64(hours)*3600, 0) }
	trees := func() []*storedTree {
		return []*storedTree{
			{volume: "new", size: 4, used: at(9), inUse: true}, {volume: "edit3", folder: "/l", size: 4, used: at(8)}, {volume: "edit2", folder: "/l", size: 4, used: at(7)},
			{volume: "edit1", folder: "/l", size: 4, used: at(6)}, {volume: "old", size: 4, used: at(5)}, {volume: "used", size: 4, used: at(1), inUse: true},
		}
	}
	for limit, want := range map[int64]string{0: "edit1", 100: "edit1", 20: "edit1", 19: "edit1 old", 15: "edit1 old edit2", 1: "edit1 old edit2 edit3"} {
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
		{Name: "plain", Sealed: true, Labels: map[string]string{labelSize: "7", labelTree: `{"kind":"folder","version":"6.12.7","url":"/l"}`}},
		{Name: "patched", Sealed: true, Lower: "plain", Used: now, InUse: true}, {Name: "unsealed"}, {Name: "orphan", Sealed: true, Lower: "gone"},
	})
	if len(list) != 1 || list[0].size != 7 || list[0].folder != "/l" || !list[0].inUse || !list[0].used.Equal(now) || len(list[0].overlays) != 1 {
		t.Errorf("got %+v", list)
	}
}
