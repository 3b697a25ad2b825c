package toolkit

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestPathsFollowDir opens a project by its folder, then by the working directory: printed
// paths are relative only then.
func TestPathsFollowDir(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "site"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, SiteFile), []byte("repository = \"example.com/me/site\"\n"), 0o644); err != nil {
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

func TestDirThatIsNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), filepath.Join(t.TempDir(), "none")} {
		_, err := Open(Options{Dir: dir, Env: []string{}, Stdout: t.Output(), Stderr: t.Output()})
		if ExitCode(err) != 2 || !strings.Contains(err.Error(), "open the project: ") || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: exit code %d, %v", dir, ExitCode(err), err)
		}
	}
}

// TestTwoProjectsOfOneProcess uses two projects side by side, by an absolute path, a relative
// one, and a link, with spaces. The process's output, environment and folder are not touched.
func TestTwoProjectsOfOneProcess(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	for name, port := range map[string]string{"a b": "8081", "c": "8082"} {
		writeProject(t, filepath.Join(root, name), port)
	}
	if err := os.Symlink("c", "link"); err != nil {
		t.Fatal(err)
	}
	environment := os.Environ()
	printed := captureOutput(t)
	var group sync.WaitGroup
	for dir, port := range map[string]string{filepath.Join(root, "a b"): "8081", "c": "8082", "link": "8082"} {
		group.Go(func() {
			var out bytes.Buffer
			p, err := Open(Options{Dir: dir, Env: []string{"KILN_OUTPUT=json"}, Stdout: &out, Stderr: &out, Cache: filepath.Join(root, "cache")})
			if err != nil {
				t.Error(err)
				return
			}
			defer p.Close()
			_, err = p.Config()
			_, err2 := p.Kernels().Matrix(Choice{})
			if err := errors.Join(err, err2); err != nil {
				t.Error(err)
			}
			want := fmt.Sprintf(`{"key":"port","value":%q,"origin":"%s:2"}`, port, filepath.Join(dir, SiteFile))
			if !strings.Contains(out.String(), want) || !strings.Contains(out.String(), `"name":"k`+port) {
				t.Errorf("%s: output lacks %s:\n%s", dir, want, &out)
			}
		})
	}
	group.Wait()
	if text := printed(); text != "" {
		t.Errorf("printed to the process's output: %s", text)
	}
	if wd, err := os.Getwd(); wd != root || !slices.Equal(os.Environ(), environment) {
		t.Errorf("the folder or the environment of the process changed: %s, %v", wd, err)
	}
}

func writeProject(t *testing.T, dir, port string) {
	t.Helper()
	for name, text := range map[string]string{
		SiteFile:   "repository = \"example.com/me/site\"\nport = " + port + "\n",
		KernelFile: "[[kernel]]\nname = \"k" + port + "\"\narch = [\"amd64\"]\n",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// captureOutput replaces the process's stdout and stderr by a file until the test ends, and
// returns a function that reads what was written there.
func captureOutput(t *testing.T) func() string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = f, f
	t.Cleanup(func() { os.Stdout, os.Stderr = stdout, stderr; f.Close() })
	return func() string {
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
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
