package endpoint

import (
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

func TestFromContext(t *testing.T) {
	before := config.Dir()
	t.Cleanup(func() { config.SetDir(before) })
	dir := t.TempDir()
	config.SetDir(dir)
	// The store's folder for a context is the sha256 of its name, here of "remote".
	meta := filepath.Join(dir, "contexts", "meta", "b71199ebd070b36beab7317920c2c2f1d777df8d05e5527d8458fda57cb17a7a")
	writeContext(t, meta, "remote", "ssh://builder@example.test")
	at, err := Find(environment(map[string]string{"DOCKER_CONTEXT": "remote"}))
	if err != nil || at.Host != "ssh://builder@example.test" || !strings.Contains(at.Origin, "remote") {
		t.Errorf("got %+v, %v", at, err)
	}
	if _, err := at.Options(); err != nil {
		t.Errorf("ssh: got %v", err)
	}
	_, err = Find(environment(map[string]string{"DOCKER_CONTEXT": "unknown"}))
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
