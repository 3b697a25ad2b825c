//go:build linux

package toolkit

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"al.essio.dev/pkg/shellescape"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/site"
)

// secondEngine is Debian 13's engine, newer than the one of Debian 12.
const secondEngine = `ARG BASE
FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends docker.io iptables && rm -rf /var/lib/apt/lists/*
CMD ["dockerd", "--host=tcp://0.0.0.0:2375", "--tls=false"]
`

// TestOneCommitHasOneDigest builds the site image of one commit from two clones, as two users
// with two umasks, on two engines: the digest is the same.
func TestOneCommitHasOneDigest(t *testing.T) {
	e := enginetest.Engine(t)
	kiln := filepath.Join(sharedDir(t), "kiln")
	compile(t, kiln)
	here := reproduced(t, kiln, cloned(t, 0o022, 0), 0, os.Getenv("DOCKER_HOST"))
	other := startSecond(t, e)
	const nobody = 65534
	there := reproduced(t, kiln, cloned(t, 0o077, nobody), nobody, other)
	t.Logf("engines %s and %s: %s, %s", here.Engine.Version, there.Engine.Version, here.Digest, there.Digest)
	if here.Digest != there.Digest || here.ID != there.ID || !here.Same || !there.Same {
		t.Errorf("engine %s: %s, %s; engine %s: %s, %s", here.Engine.Version, here.Digest, here.ID, there.Engine.Version, there.Digest, there.ID)
	}
}

// cloned clones the repository as a user with that umask would.
func cloned(t *testing.T, umask, user int) string {
	t.Helper()
	dir := filepath.Join(sharedDir(t), "clone")
	old := syscall.Umask(umask)
	out, err := exec.Command("git", "clone", "--quiet", "..", dir).CombinedOutput()
	syscall.Umask(old)
	if err != nil {
		t.Fatalf("git clone: %v\n%s", err, out)
	}
	err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, user, user)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// sharedDir returns a folder that every user can read; t.TempDir is the test's user's.
func sharedDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "kiln-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// reproduced runs image:reproduce in a clone, as a user, on an engine.
func reproduced(t *testing.T, kiln, dir string, user uint32, host string) site.Reproduction {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), kiln, "image:reproduce")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "KILN_OUTPUT=json", "HOME="+dir, "XDG_CACHE_HOME="+filepath.Join(dir, ".cache"), "DOCKER_HOST="+host, "TMPDIR=")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("image:reproduce: %v\n%s%s", err, out, &log)
	}
	var r site.Reproduction
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return r
}

// startSecond runs a second engine in a container of the first, with the site's base in its
// store, and returns its address. It needs privileges that the docker command can ask for and
// Kiln never does.
func startSecond(t *testing.T, e *engine.Client) string {
	t.Helper()
	c := report.New(t.Output(), t.Output(), "")
	bases := base.Provider{Engine: e, Console: c, Environ: os.Environ()}
	root, err := bases.Get(t.Context(), "debian:trixie-slim")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(secondEngine), 0o644); err != nil {
		t.Fatal(err)
	}
	image, err := e.Build(t.Context(), engine.Build{Kind: "test", Context: dir, Tags: []string{"kiln/test:engine"}, Args: map[string]string{"BASE": root.Ref}}, c)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("kiln-test-engine-%d", os.Getpid())
	t.Cleanup(func() { exec.Command("docker", "rm", "--force", "--volumes", name).Run() })
	shell(t, "docker", "run", "--detach", "--name", name, "--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE",
		"--security-opt", "seccomp=unconfined", "--security-opt", "systempaths=unconfined", "--tmpfs", "/run",
		"--volume", "/sys/fs/cgroup:/sys/fs/cgroup", "--volume", "/var/lib/docker", "--publish", "127.0.0.1::2375", image)
	_, port, _ := strings.Cut(shell(t, "docker", "port", name, "2375/tcp"), ":")
	host := "tcp://127.0.0.1:" + strings.TrimSpace(port)
	for end := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if exec.Command("docker", "--host", host, "info").Run() == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("no answer from the second engine:\n%s", shell(t, "docker", "logs", name))
		}
	}
	nginx, err := bases.Get(t.Context(), site.Defaults().Base)
	if err != nil {
		t.Fatal(err)
	}
	shell(t, "sh", "-c", "docker save "+nginx.Ref+" | docker --host "+host+" load")
	return host
}

func shell(t *testing.T, argv ...string) string {
	t.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", shellescape.QuoteCommand(argv), err, out)
	}
	return string(out)
}
