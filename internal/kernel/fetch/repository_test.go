package fetch

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	ut "github.com/romanatrashyonok/kiln/internal/kernel/upstream/upstreamtest"
)

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
	t.Cleanup(func() { f.Engine.Volumes().Remove(context.Background(), tree.Volume) })
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
