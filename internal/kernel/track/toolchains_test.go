package track

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/kernel/toolchain"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// oneImage is an engine with one image, and an archive with newer packages. The real ones are in
// the tests of package toolchain.
type oneImage struct{ has, archive []string }

func (o oneImage) Toolchain(_ context.Context, c arch.Compiler) (toolchain.Image, error) {
	return toolchain.Image{Toolchain: plan.Toolchain{Name: c.Image, CC: c.CC, LD: c.LD, Packages: o.has, Programs: []plan.Program{{Path: "/usr/bin/ld", SHA256: "aa"}}}}, nil
}

func (o oneImage) Newest(ctx context.Context, c arch.Compiler) (toolchain.Image, error) {
	o.has = o.archive
	return o.Toolchain(ctx, c)
}

func (oneImage) Publish(_ context.Context, image toolchain.Image, repo string) (string, error) {
	return repo + "@sha256:" + image.Toolchain.Identity(), nil
}

// TestUpdateToolchains pins, leaves as it is, publishes what is pinned, and moves the pin; each
// time the lock is read back from its file.
func TestUpdateToolchains(t *testing.T) {
	dir := t.TempDir()
	specs, err := spec.File{Kernels: []spec.Table{
		{Name: "a", Version: "6.12", Arch: []string{"arm64", "amd64"}, Config: []string{"tinyconfig"}, Source: []string{"debian"}},
		{Name: "b", Version: "6.6", Arch: []string{"arm64"}, Config: []string{"tinyconfig"}, Source: []string{"debian"}},
	}}.Specs(dir, spec.Choice{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	images := oneImage{has: []string{"bc=1", "gcc=1"}, archive: []string{"bc=1", "gcc=1"}}
	update := func(newest bool, repo string) (ToolchainUpdate, Lock) {
		t.Helper()
		lock, err := ReadLock(filepath.Join(dir, LockFile))
		if err != nil {
			t.Fatal(err)
		}
		tr := &Tracker{Console: report.New(io.Discard, io.Discard, ""), Lock: lock}
		list, err := tr.UpdateToolchains(t.Context(), images, specs, dir, newest, repo)
		if err != nil || len(list) != 2 || list[0].Toolchain != "arm64" || list[1].Toolchain != "amd64" {
			t.Fatalf("%+v, %v", list, err)
		}
		if lock, err = ReadLock(filepath.Join(dir, LockFile)); err != nil || len(lock.Toolchains) != 2 {
			t.Fatalf("%+v, %v", lock, err)
		}
		return list[0], lock
	}

	if u, _ := update(false, ""); !u.Changed || u.Packages != 2 || len(u.Differences) != 0 {
		t.Errorf("pinned: %+v", u)
	}
	images.archive = []string{"bc=1", "gcc=2"}
	if u, lock := update(false, "registry.example.com/tools"); !u.Changed || u.Image == "" || lock.Toolchains[0].Packages[1] != "gcc=1" || lock.Toolchains[0].Image != u.Image {
		t.Errorf("published: %+v, %+v", u, lock)
	}
	if u, _ := update(false, ""); u.Changed || u.Image == "" || !strings.Contains(u.String(), "unchanged") {
		t.Errorf("unchanged: %+v", u)
	}
	u, lock := update(true, "")
	if !u.Changed || u.Image != "" || !slices.Equal(u.Differences, []string{"gcc: 1 -> 2"}) {
		t.Errorf("moved: %+v", u)
	}
	if p, ok := lock.Pin("arm64"); !ok || p.Packages[1] != "gcc=2" || p.Image != "" || p.Recipe == "" || len(p.Programs) != 1 {
		t.Errorf("moved: %+v", p)
	}
}

// TestReadLockRefusesPins checks that a lock cannot pin anything but packages.
func TestReadLockRefusesPins(t *testing.T) {
	for _, pin := range []string{`{}`, `{"name":"arm64","packages":["bc"]}`, `{"name":"arm64","packages":["bc=1"],"image":"x:latest"}`} {
		path := filepath.Join(t.TempDir(), LockFile)
		if err := os.WriteFile(path, []byte(`{"schema":"kiln/lock/v1","kernels":[],"toolchains":[`+pin+`]}`), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadLock(path); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "NAME=VERSION") {
			t.Errorf("%s: %v", pin, err)
		}
	}
}
