package toolchain

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
)

// archive is a package archive that containers of this machine's engine reach.
type archive struct {
	url string
	dir string
}

// newArchive serves an empty archive until the test ends.
func newArchive(t *testing.T) archive {
	t.Helper()
	for _, program := range []string{"docker", "dpkg-deb"} {
		if _, err := exec.LookPath(program); err != nil {
			enginetest.Unavailable(t, "%v", err)
		}
	}
	dir := t.TempDir()
	return archive{url: "http://" + serve(t, http.FileServer(http.Dir(dir))), dir: dir}
}

// serve serves where containers of this machine's engine reach it, until the test ends, and
// returns the address.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	gateway := output(t, "docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")
	l, err := net.Listen("tcp", gateway+":0")
	if err != nil {
		enginetest.Unavailable(t, "the engine's network is not on this machine: %v", err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.Listener.Close()
	server.Listener = l
	server.Start()
	t.Cleanup(server.Close)
	return l.Addr().String()
}

// publish replaces the packages of the archive, each NAME=VERSION.
func (a archive) publish(t *testing.T, packages ...string) {
	t.Helper()
	var index strings.Builder
	for _, p := range packages {
		name, version, _ := strings.Cut(p, "=")
		control := fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: Kiln\nDescription: test\n", name, version)
		root, file := t.TempDir(), name+"_"+version+"_all.deb"
		writeText(t, filepath.Join(root, "DEBIAN", "control"), control)
		writeText(t, filepath.Join(root, "usr", "share", name, "version"), version)
		output(t, "dpkg-deb", "--root-owner-group", "--build", root, filepath.Join(a.dir, file))
		deb, err := os.ReadFile(filepath.Join(a.dir, file))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&index, "%sFilename: ./%s\nSize: %d\nSHA256: %x\n\n", control, file, len(deb), sha256.Sum256(deb))
	}
	writeText(t, filepath.Join(a.dir, "Packages"), index.String())
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// output runs a command and returns what it prints.
func output(t *testing.T, argv ...string) string {
	t.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// withPackages returns packages with others, NAME=VERSION, added or replaced, sorted.
func withPackages(packages []string, more ...string) []string {
	for _, line := range more {
		name, _, _ := strings.Cut(line, "=")
		packages = slices.DeleteFunc(slices.Clone(packages), func(p string) bool { return strings.HasPrefix(p, name+"=") })
		packages = append(packages, line)
	}
	slices.Sort(packages)
	return packages
}
