package fetch

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/toolchain"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	ut "github.com/romanatrashyonok/kiln/internal/kernel/upstream/upstreamtest"
)

func want(t testing.TB, text string) release.Constraint {
	t.Helper()
	w, err := release.ParseConstraint(text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// realFetcher returns a fetcher with the real engine.
func realFetcher(t testing.TB) Fetcher {
	t.Helper()
	e := enginetest.Engine(t)
	f := newFetcher(t, newOrg(t))
	f.Engine = e
	f.Image = toolchain.New(base.Provider{Engine: e, Console: f.Console, Environ: os.Environ()}).Fetch
	return f
}

// smallTree writes the smallest tree that is accepted as a kernel's source, of version
// 6.12.sublevel.
func smallTree(t *testing.T, sublevel int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), fmt.Sprintf("linux-6.12.%d", sublevel))
	if err := os.MkdirAll(filepath.Join(dir, "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "Makefile"), fmt.Sprintf("# SPDX\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = %d\nEXTRAVERSION =\n", sublevel))
	write(t, filepath.Join(dir, "deep", "file.c"), "int x;\n")
	if err := os.Symlink("deep/file.c", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// tarballOf packs a tree and returns the tarball's path.
func tarballOf(t *testing.T, dir string) string {
	t.Helper()
	path := dir + ".tar.xz"
	cmd := exec.Command("tar", "-C", filepath.Dir(dir), "-cJf", path, filepath.Base(dir))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("SKIPPED, tar cannot pack with xz here: %v %s", err, out)
	}
	return path
}

// contents returns the paths of a volume's files.
func contents(t *testing.T, f Fetcher, volume string) string {
	t.Helper()
	image, err := f.Image(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctr, err := f.Engine.Run(t.Context(), engine.Spec{Image: image, Kind: "test", Command: []string{"sleep", "60"}, Mounts: []engine.Mount{{Volume: volume, Path: "/v", ReadOnly: true}}})
	if err != nil {
		t.Fatal(err)
	}
	defer ctr.Remove()
	out, err := ctr.Output(t.Context(), engine.Command{Argv: []string{"sh", "-c", "cd /v && find . -type f -o -type l | sort | tr '\\n' ' '"}})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func TestEachKindFillsItsVolume(t *testing.T) {
	f := realFetcher(t)
	dir := smallTree(t, 7)
	repository := serveRepository(t, f)
	for name, from := range map[string]string{
		"kernel.org": source.KernelOrg, "folder": dir, "tarball": tarballOf(t, dir), "git": repository, "git tag": repository + "#v6.12.7",
	} {
		t.Run(name, func(t *testing.T) { fillsItsVolume(t, f, from) })
	}
}

// fillsItsVolume fetches a source twice: the second time it is complete already.
func fillsItsVolume(t *testing.T, f Fetcher, from string) {
	t.Helper()
	ref, err := f.Resolve(t.Context(), from, want(t, "6.12"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := f.Fetch(t.Context(), from, ref, nil)
	t.Cleanup(func() { f.Engine.Volumes().Remove(context.Background(), first.Volume) })
	if err != nil {
		t.Fatal(err)
	}
	if got := contents(t, f, first.Volume); got != "./Makefile ./deep/file.c ./link" {
		t.Errorf("the volume has %s", got)
	}
	if second, err := f.Fetch(t.Context(), from, ref, nil); err != nil || second != first {
		t.Errorf("second fetch: %+v, %v; first: %+v", second, err, first)
	}
}

func TestWrongContentIsNotSealed(t *testing.T) {
	f := realFetcher(t)
	dir := smallTree(t, 9)
	ref, err := f.Resolve(t.Context(), dir, want(t, "6.12"))
	if err != nil {
		t.Fatal(err)
	}
	ref.Version, _ = release.Parse("6.12.8")
	volume := source.Volume(ref, nil)
	t.Cleanup(func() { f.Engine.Volumes().Remove(context.Background(), volume) })
	if _, err := f.Fetch(t.Context(), dir, ref, nil); fault.Code(err) != int(fault.Failed) || !strings.Contains(err.Error(), "6.12.9, expected 6.12.8") {
		t.Errorf("got %v", err)
	}
	if _, complete, err := f.Engine.Volumes().Sealed(t.Context(), volume); err != nil || complete {
		t.Errorf("sealed is %v, %v", complete, err)
	}
}

// TestRefusedTarballIsNotSealed unpacks a tarball in the engine that is refused meanwhile.
func TestRefusedTarballIsNotSealed(t *testing.T) {
	f := realFetcher(t)
	o := newOrg(t)
	o.Put(ut.Signature(version), ut.Sign(t, []byte("a different tar"), o.Maintainer))
	f.Upstream = newFetcher(t, o).Upstream
	ref, err := f.Resolve(t.Context(), source.KernelOrg, want(t, version))
	if err != nil {
		t.Fatal(err)
	}
	fetched, err := f.Fetch(t.Context(), source.KernelOrg, ref, nil)
	t.Cleanup(func() { f.Engine.Volumes().Remove(context.Background(), fetched.Volume) })
	if trust.StateOf(err) != trust.Altered {
		t.Errorf("got %v", err)
	}
	if _, complete, err := f.Engine.Volumes().Sealed(t.Context(), fetched.Volume); err != nil || complete {
		t.Errorf("sealed is %v, %v", complete, err)
	}
}
