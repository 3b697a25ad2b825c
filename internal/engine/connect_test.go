package engine

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/cli/cli/config"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// environment returns a getenv for only these variables.
func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestConnectWithoutEngineNamesTheHostAndTheFix(t *testing.T) {
	missing := "unix://" + filepath.Join(t.TempDir(), "none.sock")
	_, err := Connect(t.Context(), environment(map[string]string{"DOCKER_HOST": missing}), nil)
	if fault.Code(err) != int(fault.Environment) {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{missing, "DOCKER_HOST", "go tool mage setup"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want %q in it", err, part)
		}
	}
}

// TestConnectWithoutPermission connects to a socket that this user may not write to.
func TestConnectWithoutPermission(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("SKIPPED: root may connect to every socket")
	}
	dir := t.TempDir()
	socket := filepath.Join(dir, "docker.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.Chmod(socket, 0); err != nil {
		t.Fatal(err)
	}
	_, err = Connect(t.Context(), environment(map[string]string{"DOCKER_HOST": "unix://" + socket}), nil)
	if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "fix: sudo usermod -aG docker $USER") {
		t.Errorf("got %v", err)
	}
}

func TestConnectToOldEngineFails(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("API-Version", "1.40")
	}))
	defer server.Close()
	host := "tcp://" + server.Listener.Addr().String()
	_, err := Connect(t.Context(), environment(map[string]string{"DOCKER_HOST": host}), nil)
	if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "1.40") || !strings.Contains(err.Error(), "20.10") {
		t.Errorf("got %v", err)
	}
}

func TestEndpointFromContext(t *testing.T) {
	before := config.Dir()
	t.Cleanup(func() { config.SetDir(before) })
	dir := t.TempDir()
	config.SetDir(dir)
	// The store's folder for a context is the sha256 of its name, here of "remote".
	meta := filepath.Join(dir, "contexts", "meta", "b71199ebd070b36beab7317920c2c2f1d777df8d05e5527d8458fda57cb17a7a")
	writeContext(t, meta, "remote", "ssh://builder@example.test")
	at, err := findEndpoint(environment(map[string]string{"DOCKER_CONTEXT": "remote"}))
	if err != nil || at.host != "ssh://builder@example.test" || !strings.Contains(at.origin, "remote") {
		t.Errorf("got %+v, %v", at, err)
	}
	if at.machine() != "example.test" || at.bindIP() != "0.0.0.0" {
		t.Errorf("ports of %s: reached at %s, bound to %s", at.host, at.machine(), at.bindIP())
	}
	if _, err := at.options(); err != nil {
		t.Errorf("ssh: got %v", err)
	}
	_, err = findEndpoint(environment(map[string]string{"DOCKER_CONTEXT": "unknown"}))
	if fault.Code(err) != int(fault.Usage) {
		t.Errorf("unknown context: got %v", err)
	}
}

func writeContext(t *testing.T, dir, name, host string) {
	t.Helper()
	text := `{"Name":"` + name + `","Metadata":{},"Endpoints":{"docker":{"Host":"` + host + `","SkipTLSVerify":false}}}`
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "meta.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestEndpointMachine(t *testing.T) {
	for host, want := range map[string][2]string{
		"unix:///var/run/docker.sock": {"127.0.0.1", "127.0.0.1"},
		"tcp://127.0.0.1:2375":        {"127.0.0.1", "127.0.0.1"},
		"tcp://172.17.0.2:2375":       {"172.17.0.2", "0.0.0.0"},
		"ssh://me@build.test:2222":    {"build.test", "0.0.0.0"},
	} {
		at := endpoint{host: host}
		if got := [2]string{at.machine(), at.bindIP()}; got != want {
			t.Errorf("%s: got %v, want %v", host, got, want)
		}
	}
}
