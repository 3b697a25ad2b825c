package engine

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	e, err := Connect(t.Context(), environment(map[string]string{"DOCKER_HOST": host}), nil)
	if e != nil {
		t.Error("the connection is open")
	}
	if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "1.40") || !strings.Contains(err.Error(), "20.10") {
		t.Errorf("got %v", err)
	}
}
