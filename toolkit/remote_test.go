//go:build linux

package toolkit

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/publish"
)

// testPushOver pushes the site image with an engine that shares only a socket file with this
// machine: it is verified twice, before and after it is pulled back.
func testPushOver(t *testing.T, s second, host string) {
	c := newClone(t)
	repository := startRegistry(t, s) + "/me/site"
	env := []string{"DOCKER_HOST=" + host, "KILN_SITE_REPOSITORY=" + repository}
	listening := watchPorts(t, s)
	code, stdout, stderr := c.run(env, "image", "verify", "push")
	if code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	var v site.Verdict
	c.read("verify.json", &v)
	var pushed publish.Result
	c.read("push.json", &pushed)
	if v.Failed != 0 || v.Passed < 30 || !pushed.Verified || v.Engine.Host != host {
		t.Errorf("verify: %d passed, %d failed, %s; push: verified %v", v.Passed, v.Failed, v.Engine.Host, pushed.Verified)
	}
	if opened := listening(); len(opened) > 0 {
		t.Errorf("ports were opened: %v", opened)
	}
}

// testVerifyOverSSH verifies the site image with an engine that is reached over ssh.
func testVerifyOverSSH(t *testing.T, s second) {
	c := newClone(t)
	env := []string{"DOCKER_HOST=" + s.ssh, "PATH=" + sshWith(t, s.key) + ":" + os.Getenv("PATH")}
	listening := watchPorts(t, s)
	code, stdout, stderr := c.run(env, "image", "verify")
	if code != 0 {
		t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	var v site.Verdict
	c.read("verify.json", &v)
	if v.Failed != 0 || v.Passed < 30 || v.Engine.Host != s.ssh {
		t.Errorf("%d passed, %d failed, at %s", v.Passed, v.Failed, v.Engine.Host)
	}
	if opened := listening(); len(opened) > 0 {
		t.Errorf("ports were opened: %v", opened)
	}
}

// sshWith returns a folder with an ssh command that uses a key and knows no hosts.
func sshWith(t *testing.T, key string) string {
	t.Helper()
	dir := t.TempDir()
	text := fmt.Sprintf("#!/bin/sh\nexec /usr/bin/ssh -F none -i %s -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \"$@\"\n", key)
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// startRegistry runs a registry on this machine where the second engine reaches it too, and
// returns its address.
func startRegistry(t *testing.T, s second) string {
	t.Helper()
	gateway := strings.TrimSpace(shell(t, "docker", "inspect", "--format", "{{.NetworkSettings.Gateway}}", s.name))
	l, err := net.Listen("tcp", net.JoinHostPort(gateway, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: registry.New(registry.Logger(log.New(io.Discard, "", 0)))}
	t.Cleanup(func() { server.Close() })
	go server.Serve(l)
	return l.Addr().String()
}

// watchPorts looks at the listening sockets of the second engine's network, many times a
// second. The returned function ends that, and returns those that were opened since.
func watchPorts(t *testing.T, s second) func() []string {
	t.Helper()
	before, opened := sockets(t, s), map[string]bool{}
	stop := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			for socket := range sockets(t, s) {
				if !before[socket] {
					opened[socket] = true
				}
			}
			select {
			case <-stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	return func() (list []string) {
		close(stop)
		watch.Wait()
		for socket := range opened {
			list = append(list, socket)
		}
		return list
	}
}

// sockets returns the addresses that something listens at in the second engine's network
// (proc_net(5)).
func sockets(t *testing.T, s second) map[string]bool {
	t.Helper()
	const listen = "0A"
	found := map[string]bool{}
	for line := range strings.Lines(shell(t, "docker", "exec", s.name, "cat", "/proc/net/tcp", "/proc/net/tcp6")) {
		if field := strings.Fields(line); len(field) > 3 && field[3] == listen {
			found[field[1]] = true
		}
	}
	return found
}
