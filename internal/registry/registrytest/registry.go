// Package registrytest runs Debian's docker-registry, a real registry, for a test:
// on loopback, with a password, and with its data in a folder of the test.
package registrytest

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// The account of every test registry.
const (
	Username = "potter"
	Password = "sl1p-and-gl@ze"
)

// WithTestAccount gives an environment in which two variables name the account.
func WithTestAccount(username, password, value string) func(string) string {
	return func(name string) string {
		switch name {
		case username:
			return Username
		case password:
			return value
		}
		return os.Getenv(name)
	}
}

// Start runs a registry until the test ends and gives its address, host:port.
// Without the program the test is skipped for a person and fails in CI.
func Start(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("no registry in CI: %v", err)
		}
		t.Skipf("SKIPPED, it needs a registry (go tool mage setup): %v", err)
	}
	dir, address := t.TempDir(), freeAddress(t)
	config := filepath.Join(dir, "config.yml")
	write(t, filepath.Join(dir, "htpasswd"), account(t))
	write(t, config, fmt.Appendf(nil, `version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: %q}, delete: {enabled: true}}
http: {addr: %q}
auth: {htpasswd: {realm: kiln, path: %q}}
`, filepath.Join(dir, "data"), address, filepath.Join(dir, "htpasswd")))
	cmd := exec.Command(program, "serve", config)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("the registry's log:\n%s", &log)
		}
	})
	await(t, address)
	return address
}

func account(t *testing.T) []byte {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(Password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, "%s:%s\n", Username, hash)
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func await(t *testing.T, address string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if response, err := http.Get("http://" + address + "/v2/"); err == nil {
			response.Body.Close()
			return
		}
	}
	t.Fatalf("the registry at %s does not answer", address)
}
