package engine

import (
	"net/http"
	"net/http/httptest"
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
