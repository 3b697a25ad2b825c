// Package registrytest runs Debian's docker-registry, a real registry, for a test: on
// loopback, with a password, and with its data in a folder of the test. A FlakyProxy in
// front of it misbehaves on request.
package registrytest

import (
	"bytes"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/romanatrashyonok/kiln/internal/registry"
)

// The account of every test registry.
const (
	Username = "tester"
	Password = "t3st-p@ssword"
)

// Client returns a client that logs in to every registry as Username with a password.
func Client(password string) *registry.Client {
	return registry.New(func(name string) string {
		switch name {
		case registry.UsernameVariable:
			return Username
		case registry.PasswordVariable:
			return password
		}
		return os.Getenv(name)
	}, "")
}

// Start runs a registry until the test ends and returns its address, host:port.
// Without the program the test is skipped on a developer's machine and fails in CI.
func Start(t *testing.T) string {
	t.Helper()
	return StartWithAccounts(t, nil)
}

// StartWithAccounts is Start with further accounts: users and their passwords.
func StartWithAccounts(t *testing.T, accounts map[string]string) string {
	t.Helper()
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("a registry is required in CI: %v", err)
		}
		t.Skipf("SKIPPED: no registry; install it: go tool mage setup: %v", err)
	}
	dir, address := t.TempDir(), freeAddress(t)
	config := filepath.Join(dir, "config.yml")
	write(t, filepath.Join(dir, "htpasswd"), passwordFile(t, accounts))
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

func passwordFile(t *testing.T, accounts map[string]string) []byte {
	t.Helper()
	accounts = maps.Clone(accounts)
	if accounts == nil {
		accounts = map[string]string{}
	}
	accounts[Username] = Password
	var text []byte
	for user, password := range accounts {
		hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		text = fmt.Appendf(text, "%s:%s\n", user, hash)
	}
	return text
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
