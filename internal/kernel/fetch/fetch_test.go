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

// realFetcher returns a fetcher with the real engine.
func realFetcher(t testing.TB) Fetcher {
	t.Helper()
	e := enginetest.Engine(t)
	f := newFetcher(t, newOrg(t))
	f.Engine = e
	f.Image = func(ctx context.Context) (string, error) {
		root, err := base.Get(ctx, e, "debian:trixie-slim", f.Console)
		if err != nil {
			return "", err
		}
		return e.Build(ctx, engine.Build{Kind: "test", Context: fetchContext(t, root.Ref), Tags: []string{"kiln/test:fetch"}}, f.Console)
	}
	return f
}

// fetchContext returns the build context of an image with the programs that fetch and unpack.
func fetchContext(t testing.TB, root string) string {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "Dockerfile"), "FROM "+root+"\nRUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git isal patch xz-utils\n")
	return dir
}

// serveRepository serves a git repository with a tree at the tag v6.12.7 to the engine's
// containers and returns its URL.
func serveRepository(t *testing.T, f Fetcher) string {
	t.Helper()
	dir := smallTree(t, 7)
	commit(t, dir)
	runGit(t, dir, "tag", "-a", "-m", "x", "v6.12.7")
	return "git+" + serve(t, f, dir)
}

// commit makes a git repository of a folder, with one commit.
func commit(t *testing.T, dir string) {
	t.Helper()
	runGit(t, dir, "init", "--quiet")
	runGit(t, dir, "config", "uploadpack.allowAnySHA1InWant", "true")
	runGit(t, dir, "add", ".")
	runGit(t, dir, "commit", "--quiet", "-m", "x")
}

// runGit runs git in a repository and returns its output.
func runGit(t *testing.T, dir string, argv ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.test"}, argv...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v %s", argv, err, out)
	}
	return strings.TrimSpace(string(out))
}

// serve starts a git daemon for a repository and returns the URL at which the engine's
// containers reach it.
func serve(t *testing.T, f Fetcher, dir string) string {
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
	return fmt.Sprintf("git://%s:%d/.git", gateway(t, f), port)
}

// gateway returns the address of this machine for the engine's containers.
func gateway(t *testing.T, f Fetcher) string {
	t.Helper()
	image, err := f.Image(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctr, err := f.Engine.Run(t.Context(), engine.Spec{Image: image, Kind: "test", Command: []string{"sleep", "60"}})
	if err != nil {
		t.Fatal(err)
	}
	defer ctr.Remove()
	out, err := ctr.Output(t.Context(), engine.Command{Argv: []string{"cat", "/proc/net/route"}})
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out) {
		if field := strings.Fields(line); len(field) > 2 && field[1] == "00000000" {
			raw, err := hex.DecodeString(field[2])
			if err != nil || len(raw) != 4 {
				t.Fatalf("unexpected route %q", line)
			}
			return fmt.Sprintf("%d.%d.%d.%d", raw[3], raw[2], raw[1], raw[0])
		}
	}
	t.Fatal("the containers have no gateway")
	return ""
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
	if _, err := makefileVersion("all:\n\techo not a kernel\n"); fault.Code(err) != int(fault.Failed) {
		t.Errorf("a different Makefile: %v", err)
	}
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
	t.Cleanup(func() { f.Engine.RemoveVolume(context.Background(), first.Volume) })
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
	t.Cleanup(func() { f.Engine.RemoveVolume(context.Background(), volume) })
	if _, err := f.Fetch(t.Context(), dir, ref, nil); fault.Code(err) != int(fault.Failed) || !strings.Contains(err.Error(), "6.12.9, expected 6.12.8") {
		t.Errorf("got %v", err)
	}
	if _, whole, err := f.Engine.Sealed(t.Context(), volume); err != nil || whole {
		t.Errorf("sealed is %v, %v", whole, err)
	}
}

func TestReleaseCandidateSignedByAMaintainer(t *testing.T) {
	o := ut.New(t)
	got, err := fetchCandidate(t, o, func(text []byte) []byte { return ut.Sign(t, text, o.Maintainer) })
	if err != nil || got.Status != string(trust.Verified) || !strings.Contains(got.Signer, ut.Fingerprint(o.Maintainer)) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestReleaseCandidateSignedByTheAutosigner(t *testing.T) {
	o := ut.New(t)
	_, err := fetchCandidate(t, o, func(text []byte) []byte { return ut.Sign(t, text, o.Autosigner) })
	if trust.StateOf(err) != trust.WrongSigner {
		t.Errorf("got %v", err)
	}
}

func TestUnsignedReleaseCandidate(t *testing.T) {
	_, err := fetchCandidate(t, ut.New(t), func([]byte) []byte { return nil })
	if trust.StateOf(err) != trust.Missing {
		t.Errorf("got %v", err)
	}
}

// fetchCandidate fetches a release candidate, which has no signed tarball, from a
// repository with its tag, and returns who signed that.
func fetchCandidate(t *testing.T, o *ut.Org, sign func([]byte) []byte) (source.Signature, error) {
	t.Helper()
	f := realFetcher(t)
	dir := smallTree(t, 7)
	write(t, filepath.Join(dir, "Makefile"), "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\nEXTRAVERSION = -rc10\n")
	commit(t, dir)
	tag(t, dir, "v7.3-rc10", sign)
	o.Feed("7.2.8", ut.Entry("mainline", "7.3-rc10", false))
	f.Upstream = newFetcher(t, o).Upstream
	f.Upstream.Config.Git = serve(t, f, dir)
	ref, err := f.Resolve(t.Context(), source.KernelOrg, want(t, "7.3-rc10"))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := f.Fetch(t.Context(), source.KernelOrg, ref, nil)
	t.Cleanup(func() { f.Engine.RemoveVolume(context.Background(), tree.Volume) })
	return tree.Signature, err
}

// tag writes a tag of the newest commit, followed by the signature that sign returns.
func tag(t *testing.T, dir, name string, sign func([]byte) []byte) {
	t.Helper()
	head := runGit(t, dir, "rev-parse", "HEAD")
	text := []byte(fmt.Sprintf("object %s\ntype commit\ntag %s\ntagger t <t@example.test> 1790000000 +0000\n\nLinux\n", head, name))
	path := filepath.Join(t.TempDir(), "tag")
	write(t, path, string(append(text, sign(text)...)))
	object := runGit(t, dir, "hash-object", "-t", "tag", "-w", path)
	runGit(t, dir, "update-ref", "refs/tags/"+name, object)
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
	t.Cleanup(func() { f.Engine.RemoveVolume(context.Background(), fetched.Volume) })
	if trust.StateOf(err) != trust.Altered {
		t.Errorf("got %v", err)
	}
	if _, whole, err := f.Engine.Sealed(t.Context(), fetched.Volume); err != nil || whole {
		t.Errorf("sealed is %v, %v", whole, err)
	}
}
