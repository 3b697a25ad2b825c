package fetch

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
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

// realRoom returns a room with the real engine.
func realRoom(t testing.TB) Fetcher {
	t.Helper()
	e := enginetest.Engine(t)
	r := newFetcher(t, newOrg(t))
	r.Engine = e
	r.Image = func(ctx context.Context) (string, error) {
		root, err := base.Get(ctx, e, "debian:trixie-slim", r.Console)
		if err != nil {
			return "", err
		}
		return e.Build(ctx, engine.Build{Kind: "test", Context: fetchContext(t, root.Ref), Tags: []string{"kiln/test:fetch"}}, r.Console)
	}
	return r
}

// fetchContext is the recipe of an image with what unpacks and fetches.
func fetchContext(t testing.TB, root string) string {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "Dockerfile"), "FROM "+root+"\nRUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git isal patch xz-utils\n")
	return dir
}

// serveRepository serves a git repository with a tree under the tag v6.12.7 to the
// engine's containers and returns its URL.
func serveRepository(t *testing.T, r Fetcher) string {
	t.Helper()
	dir := smallTree(t, 7)
	commit(t, dir)
	runGit(t, dir, "tag", "-a", "-m", "x", "v6.12.7")
	return "git+" + serve(t, r, dir)
}

// commit makes a repository of a folder.
func commit(t *testing.T, dir string) {
	t.Helper()
	runGit(t, dir, "init", "--quiet")
	runGit(t, dir, "config", "uploadpack.allowAnySHA1InWant", "true")
	runGit(t, dir, "add", ".")
	runGit(t, dir, "commit", "--quiet", "-m", "x")
}

// runGit runs git in a repository and returns what it printed.
func runGit(t *testing.T, dir string, argv ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.test"}, argv...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v %s", argv, err, out)
	}
	return strings.TrimSpace(string(out))
}

// serve starts a git daemon for a repository and returns the URL by which the
// engine's containers reach it.
func serve(t *testing.T, r Fetcher, dir string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	daemon := exec.Command("git", "daemon", "--export-all", "--base-path="+dir, "--listen=0.0.0.0", fmt.Sprintf("--port=%d", port), "--reuseaddr", dir)
	daemon.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-daemon.Process.Pid, syscall.SIGKILL)
		daemon.Wait()
	})
	return fmt.Sprintf("git://%s:%d/.git", gateway(t, r), port)
}

// gateway is this machine as the engine's containers see it.
func gateway(t *testing.T, r Fetcher) string {
	t.Helper()
	image, err := r.Image(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctr, err := r.Engine.Run(t.Context(), engine.Spec{Image: image, Kind: "test", Command: []string{"sleep", "60"}})
	if err != nil {
		t.Fatal(err)
	}
	defer ctr.Remove()
	out, err := ctr.Output(t.Context(), engine.Command{Argv: []string{"cat", "/proc/net/route"}})
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); len(f) > 2 && f[1] == "00000000" {
			raw, err := hex.DecodeString(f[2])
			if err != nil || len(raw) != 4 {
				t.Fatalf("unexpected route %q", line)
			}
			return fmt.Sprintf("%d.%d.%d.%d", raw[3], raw[2], raw[1], raw[0])
		}
	}
	t.Fatal("the containers have no gateway")
	return ""
}

// smallTree writes the least that passes for a kernel's source, of version 6.12.n.
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

// tarballOf packs a tree and returns its path.
func tarballOf(t *testing.T, dir string) string {
	t.Helper()
	path := dir + ".tar.xz"
	cmd := exec.Command("tar", "-C", filepath.Dir(dir), "-cJf", path, filepath.Base(dir))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("SKIPPED, tar cannot pack with xz here: %v %s", err, out)
	}
	return path
}

func TestDebianStanzas(t *testing.T) {
	got := parseStanzas(`Package: linux-source-6.12
Version: 6.12.117-1~deb13u1
SHA256: abc

Package: linux-source
Version: 6.12.117-1
SHA256: def

Package: linux-source-6.18
Version: 6.18-1
SHA256: 123
`)
	if len(got) != 2 || got[0].Version.String() != "6.12.117" || got[0].SHA256 != "abc" || got[1].Version.String() != "6.18" {
		t.Errorf("got %+v", got)
	}
}

func TestMakefileVersion(t *testing.T) {
	for text, version := range map[string]string{
		"VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\nEXTRAVERSION =\n":    "6.12.117",
		"VERSION = 7\nPATCHLEVEL = 1\nSUBLEVEL = 0\nEXTRAVERSION =\n":       "7.1",
		"VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\nEXTRAVERSION = -rc10\n": "7.3-rc10",
	} {
		if v, err := makefileVersion(text); err != nil || v.String() != version {
			t.Errorf("%q: %v, %v", text, v, err)
		}
	}
	if _, err := makefileVersion("all:\n\techo no kernel\n"); fault.Code(err) != int(fault.Failed) {
		t.Errorf("another Makefile: %v", err)
	}
}

// contents lists the files of a volume.
func contents(t *testing.T, r Fetcher, volume string) string {
	t.Helper()
	image, err := r.Image(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctr, err := r.Engine.Run(t.Context(), engine.Spec{Image: image, Kind: "test", Command: []string{"sleep", "60"}, Mounts: []engine.Mount{{Volume: volume, Path: "/v", ReadOnly: true}}})
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
	r := realRoom(t)
	dir := smallTree(t, 7)
	file := tarballOf(t, dir)
	repo := serveRepository(t, r)
	for _, from := range []string{source.KernelOrg, dir, file, repo, repo + "#v6.12.7"} {
		ref, err := r.Resolve(t.Context(), from, want(t, "6.12"))
		if err != nil {
			t.Fatal(err)
		}
		fetched, err := r.Fetch(t.Context(), from, ref, nil)
		if err != nil {
			t.Errorf("%s: %v", from, err)
			continue
		}
		volume := fetched.Volume
		if got := contents(t, r, volume); got != "./Makefile ./deep/file.c ./link" {
			t.Errorf("%s: the volume holds %s", from, got)
		}
		if again, err := r.Fetch(t.Context(), from, ref, nil); err != nil || again != fetched {
			t.Errorf("%s: fetched again: %+v, %v, first %+v", from, again, err, fetched)
		}
		if err := r.Engine.Volumes().Remove(context.Background(), volume); err != nil {
			t.Error(err)
		}
	}
}

func TestWrongContentIsNotSealed(t *testing.T) {
	r := realRoom(t)
	dir := smallTree(t, 9)
	ref, err := r.Resolve(t.Context(), dir, want(t, "6.12"))
	if err != nil {
		t.Fatal(err)
	}
	ref.Version, _ = release.Parse("6.12.8")
	volume := source.Volume(ref, nil)
	t.Cleanup(func() { r.Engine.Volumes().Remove(context.Background(), volume) })
	if _, err := r.Fetch(t.Context(), dir, ref, nil); fault.Code(err) != int(fault.Failed) || !strings.Contains(err.Error(), "6.12.9, expected 6.12.8") {
		t.Errorf("got %v", err)
	}
	if _, whole, err := r.Engine.Volumes().Sealed(t.Context(), volume); err != nil || whole {
		t.Errorf("sealed is %v, %v", whole, err)
	}
}

// TestReleaseCandidateByItsTag takes a release candidate, which has no signed
// tarball, by the signature of its tag.
func TestReleaseCandidateByItsTag(t *testing.T) {
	r := realRoom(t)
	dir := smallTree(t, 7)
	write(t, filepath.Join(dir, "Makefile"), "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\nEXTRAVERSION = -rc10\n")
	commit(t, dir)
	o := ut.New(t)
	o.Feed("7.2.8", ut.Entry("mainline", "7.3-rc10", false))
	r.Upstream = newFetcher(t, o).Upstream
	r.Upstream.Config.Git = serve(t, r, dir)
	for name, tc := range map[string]struct {
		sign  func([]byte) []byte
		state trust.State
	}{
		"by a maintainer":   {func(text []byte) []byte { return ut.Sign(t, text, o.Maintainer) }, trust.Verified},
		"by the autosigner": {func(text []byte) []byte { return ut.Sign(t, text, o.Autosigner) }, trust.WrongSigner},
		"by nobody":         {func([]byte) []byte { return nil }, trust.Missing},
	} {
		tag(t, dir, "v7.3-rc10", tc.sign)
		ref, err := r.Resolve(t.Context(), source.KernelOrg, want(t, "7.3-rc10"))
		if err != nil {
			t.Fatal(err)
		}
		fetched, err := r.Fetch(t.Context(), source.KernelOrg, ref, nil)
		t.Cleanup(func() { r.Engine.Volumes().Remove(context.Background(), fetched.Volume) })
		if trust.StateOf(err) != tc.state {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (fetched.Signature.Status != string(trust.Verified) || !strings.Contains(fetched.Signature.Signer, ut.Fingerprint(o.Maintainer))) {
			t.Errorf("%s: %+v", name, fetched)
		}
		if err := r.Engine.Volumes().Remove(context.Background(), fetched.Volume); err != nil {
			t.Error(err)
		}
	}
}

// tag writes a tag of the newest commit, with what sign gives behind it.
func tag(t *testing.T, dir, name string, sign func([]byte) []byte) {
	t.Helper()
	head := runGit(t, dir, "rev-parse", "HEAD")
	text := []byte(fmt.Sprintf("object %s\ntype commit\ntag %s\ntagger t <t@example.test> 1790000000 +0000\n\nLinux\n", head, name))
	path := filepath.Join(t.TempDir(), "tag")
	write(t, path, string(append(text, sign(text)...)))
	object := runGit(t, dir, "hash-object", "-t", "tag", "-w", path)
	runGit(t, dir, "update-ref", "refs/tags/"+name, object)
}

// TestRefusedTarballIsNotSealed has the engine unpack what turns out to be bad.
func TestRefusedTarballIsNotSealed(t *testing.T) {
	r := realRoom(t)
	o := newOrg(t)
	o.Put(ut.Signature(version), ut.Sign(t, []byte("another tar"), o.Maintainer))
	r.Upstream = newFetcher(t, o).Upstream
	ref, err := r.Resolve(t.Context(), source.KernelOrg, want(t, version))
	if err != nil {
		t.Fatal(err)
	}
	fetched, err := r.Fetch(t.Context(), source.KernelOrg, ref, nil)
	t.Cleanup(func() { r.Engine.Volumes().Remove(context.Background(), fetched.Volume) })
	if trust.StateOf(err) != trust.Altered {
		t.Errorf("got %v", err)
	}
	if _, whole, err := r.Engine.Volumes().Sealed(t.Context(), fetched.Volume); err != nil || whole {
		t.Errorf("sealed is %v, %v", whole, err)
	}
}
