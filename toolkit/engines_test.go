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

// secondDockerfile is Debian 13's engine, newer than the one of Debian 12, and an SSH server.
const secondDockerfile = `ARG BASE
FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends docker.io docker-cli iptables openssh-server && rm -rf /var/lib/apt/lists/*
CMD ["sh", "-c", "mkdir /run/sshd && /usr/sbin/sshd -o AuthorizedKeysFile=/shared/key.pub -o StrictModes=no && \
  exec dockerd --host=unix:///var/run/docker.sock --host=unix:///shared/docker.sock --host=tcp://0.0.0.0:2375 --tls=false --insecure-registry=172.16.0.0/12"]
`

// TestSecondEngine runs Kiln with an engine that has a network of its own: nothing that it
// publishes is reached from this machine.
func TestSecondEngine(t *testing.T) {
	second := startSecond(t, enginetest.Engine(t))
	t.Run("OneCommitHasOneDigest", func(t *testing.T) { testOneDigest(t, second.tcp) })
	t.Run("SocketFile", func(t *testing.T) { testPushOver(t, second, "unix://"+second.socket) })
	t.Run("SSH", func(t *testing.T) { testVerifyOverSSH(t, second) })
}

// testOneDigest builds the site image of one commit from two clones, as two users with two
// umasks, on two engines: the digest is the same.
func testOneDigest(t *testing.T, other string) {
	kiln := filepath.Join(sharedDir(t), "kiln")
	compile(t, kiln)
	here := reproduced(t, kiln, cloned(t, 0o022, 0), 0, os.Getenv("DOCKER_HOST"))
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

// second is an engine in a container of the first.
type second struct {
	name   string // of its container
	socket string // a socket file on this machine
	tcp    string // for DOCKER_HOST
	ssh    string // for DOCKER_HOST
	key    string // file with the private key that ssh accepts
}

// startSecond runs a second engine in a container of the first, with the site's base in its
// store. It needs privileges that the docker command can ask for and Kiln never does.
func startSecond(t *testing.T, e *engine.Client) second {
	t.Helper()
	c := report.New(t.Output(), t.Output(), "")
	bases := base.Provider{Engine: e, Console: c, Environ: os.Environ()}
	root, err := bases.Get(t.Context(), "debian:trixie-slim")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(secondDockerfile), 0o644); err != nil {
		t.Fatal(err)
	}
	image, err := e.Build(t.Context(), engine.Build{Kind: "test", Context: dir, Tags: []string{"kiln/test:engine"}, Args: map[string]string{"BASE": root.Ref}}, c)
	if err != nil {
		t.Fatal(err)
	}
	shared := sharedDir(t)
	s := second{name: fmt.Sprintf("kiln-test-engine-%d", os.Getpid()), socket: filepath.Join(shared, "docker.sock"), key: filepath.Join(shared, "key")}
	shell(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", s.key)
	t.Cleanup(func() { exec.Command("docker", "rm", "--force", "--volumes", s.name).Run() })
	shell(t, "docker", "run", "--detach", "--name", s.name, "--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE",
		"--security-opt", "seccomp=unconfined", "--security-opt", "systempaths=unconfined", "--tmpfs", "/run",
		"--volume", "/sys/fs/cgroup:/sys/fs/cgroup", "--volume", "/var/lib/docker", "--volume", shared+":/shared",
		"--publish", "127.0.0.1::2375", "--publish", "127.0.0.1::22", image)
	s.tcp, s.ssh = "tcp://"+published(t, s.name, 2375), "ssh://root@"+published(t, s.name, 22)
	for end := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if exec.Command("docker", "--host", s.tcp, "info").Run() == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("no answer from the second engine:\n%s", shell(t, "docker", "logs", s.name))
		}
	}
	nginx, err := bases.Get(t.Context(), site.Defaults().Base)
	if err != nil {
		t.Fatal(err)
	}
	shell(t, "sh", "-c", "docker save "+nginx.Ref+" | docker --host "+s.tcp+" load")
	return s
}

// published returns the address on this machine of a port of a container.
func published(t *testing.T, name string, port int) string {
	t.Helper()
	return strings.TrimSpace(shell(t, "docker", "port", name, fmt.Sprintf("%d/tcp", port)))
}

func shell(t *testing.T, argv ...string) string {
	t.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", shellescape.QuoteCommand(argv), err, out)
	}
	return string(out)
}
