package enginetest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// The image stores that a second engine can have.
const (
	GraphDriver = "false"
	Containerd  = "true"
)

// secondDockerfile is Debian 13's engine: 26.1, with a store of the argument's kind.
const secondDockerfile = `ARG BASE
FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends docker.io iptables && rm -rf /var/lib/apt/lists/*
ARG CONTAINERD
RUN mkdir -p /etc/docker && echo "{\"features\": {\"containerd-snapshotter\": ${CONTAINERD}}}" > /etc/docker/daemon.json
CMD ["dockerd", "--host=tcp://0.0.0.0:2375", "--tls=false", "--insecure-registry=172.16.0.0/12"]
`

// Second runs a second engine, with an empty store of a kind, in a container of e until the test
// ends, and connects to it. base is an image of Debian 13 that e has. It needs privileges that
// the docker command can ask for and Kiln never does.
func Second(t testing.TB, e *engine.Client, base, store string) *engine.Client {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(secondDockerfile), 0o644); err != nil {
		t.Fatal(err)
	}
	id, err := e.Build(t.Context(), engine.Build{Name: "engine", Kind: "test", Context: dir, Args: map[string]string{"BASE": base, "CONTAINERD": store}}, report.New(t.Output(), t.Output(), ""))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("kiln-test-engine-%08x", rand.Uint32())
	t.Cleanup(func() { exec.Command("docker", "rm", "--force", "--volumes", name).Run() })
	docker(t, "run", "--detach", "--name", name, "--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE",
		"--security-opt", "seccomp=unconfined", "--security-opt", "systempaths=unconfined", "--tmpfs", "/run",
		"--volume", "/sys/fs/cgroup:/sys/fs/cgroup", "--volume", "/var/lib/docker", "--publish", "127.0.0.1::2375", id)
	host := "tcp://" + docker(t, "port", name, "2375/tcp")
	for end := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		second, err := engine.Connect(t.Context(), func(variable string) string {
			if variable == "DOCKER_HOST" {
				return host
			}
			return os.Getenv(variable)
		}, registrytest.Client(registrytest.Password))
		if err == nil {
			t.Cleanup(func() { second.Close() })
			return second
		}
		if time.Now().After(end) {
			t.Fatalf("no answer from the second engine: %v\n%s", err, docker(t, "logs", name))
		}
	}
}

// docker runs the docker command and returns what it prints.
func docker(t testing.TB, argv ...string) string {
	t.Helper()
	out, err := exec.Command("docker", argv...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}
