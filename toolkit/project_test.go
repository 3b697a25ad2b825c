package toolkit

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestPathsFollowDir opens a project by its folder, then by the working directory: printed
// paths are relative only then.
func TestPathsFollowDir(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "site"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, SiteFile), []byte("port = 9090\nrepository = \"registry.example.com/me/site\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	check := func(dir, want string) {
		t.Helper()
		var out bytes.Buffer
		p, err := Open(Options{Dir: dir, Env: []string{}, Stdout: &out, Stderr: t.Output()})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if _, err := p.Config(); err != nil || !strings.Contains(out.String(), want+":1\n") {
			t.Errorf("Dir %q: output lacks origin %s: %v\n%s", dir, want, err, &out)
		}
	}
	check(dir, filepath.Join(dir, SiteFile))
	t.Chdir(dir)
	check(dir, SiteFile)
	check("", SiteFile)
	check(".", SiteFile)
}

func TestUserCache(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: the variables are those of Linux")
	}
	for _, tc := range []struct {
		env  []string
		want string
	}{
		{[]string{"XDG_CACHE_HOME=/c", "HOME=/h"}, "/c/kiln"},
		{[]string{"HOME=/first", "HOME=/h"}, "/h/.cache/kiln"},
		{[]string{"XDG_CACHE_HOME=c"}, ""},
		{[]string{}, ""},
	} {
		if got := (Options{Env: tc.env}).userCache(); filepath.ToSlash(got) != tc.want {
			t.Errorf("%v: got %q, want %q", tc.env, got, tc.want)
		}
	}
}

func TestMissingCacheFolder(t *testing.T) {
	env := []string{"KILN_KERNEL_VERSION=6.12"}
	p, err := Open(Options{Dir: "..", Env: env, Stdout: t.Output(), Stderr: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Kernels().Matrix(Choice{}); ExitCode(err) != 3 || !strings.Contains(err.Error(), "find the cache folder") {
		t.Errorf("exit code %d: %v", ExitCode(err), err)
	}
}
