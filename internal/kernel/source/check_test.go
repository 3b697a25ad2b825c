package source

import (
	"strings"
	"testing"
)

// TestSourceWithATokenIsRefused also checks that the error does not contain the token.
func TestSourceWithATokenIsRefused(t *testing.T) {
	for from, good := range map[string]bool{
		"debian": true, "./linux": true, "linux-6.12.1.tar.xz": true, "git+https://host.example/linux.git#v6.12": true,
		"git+https://me:t0ken@host.example/linux.git": false, "git+https://t0ken@host.example/linux.git": false,
		"git+https://me:t0ken%zz@host.example/linux.git": false, "unknown": false,
	} {
		err := Check(from)
		if (err == nil) != good {
			t.Errorf("%s: %v", from, err)
		}
		if err != nil && strings.Contains(err.Error(), "t0ken") {
			t.Errorf("the error contains the token: %v", err)
		}
	}
}

// TestSourcesThatAreSpelledDifferently checks that each error says how to write it.
func TestSourcesThatAreSpelledDifferently(t *testing.T) {
	for from, fix := range map[string]string{
		"git+file:///home/me/linux#v6.12":                `name the repository's folder: "/home/me/linux"`,
		"git+ssh://git@host.example/linux.git":           "clone the repository yourself",
		"git@host.example:linux.git":                     "clone the repository yourself",
		"git@host.example:kernel/linux.git":              "clone the repository yourself",
		"ssh://host.example/linux.git":                   "clone the repository yourself",
		"https://host.example/linux.git#v6.12":           "git+https://host.example/linux.git",
		"git://host.example/linux.git":                   "git+git://host.example/linux.git",
		"https://host.example/linux-6.12.tar.xz":         "download a tarball yourself",
		"file:///usr/src/linux":                          `"/usr/src/linux"`,
		"git+host.example/linux":                         "git+https://host/linux.git",
		"https://me:t0ken@host.example/linux.git":        "without user name or token",
		"https://me:t0ken@host.example/linux-6.1.tar.xz": "download a tarball yourself",
	} {
		err := Check(from)
		if err == nil || !strings.Contains(err.Error(), fix) || strings.Contains(err.Error(), "t0ken") {
			t.Errorf("%s: got %v, want %s", from, err, fix)
		}
	}
	for _, from := range []string{".", "..", "./me@host:x/linux", "./linux", "linux/", "linux.tgz", "linux.txz", "../linux-6.1.tar.zst", "/usr/src/linux-source-6.1.tar.xz"} {
		if err := Check(from); err != nil {
			t.Errorf("%s: %v", from, err)
		}
	}
}
