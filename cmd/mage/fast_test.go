package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/magefile/mage/mg"
)

// TestModuleHash changes one file after the other of a module: the hash follows those
// that are compiled, and no others.
func TestModuleHash(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, text)
	}
	put("go.mod", "module x\n")
	put("a/a.go", "package a\n\n//go:embed recipe more/*.txt\nvar fs embed.FS\n")
	put("a/recipe/Dockerfile", "FROM scratch\n")
	put("a/more/one.txt", "1")
	last := hashOf(t, dir)
	for _, change := range []struct {
		name, text string
		counts     bool
	}{
		{"a/a_test.go", "package a\n", false},
		{"a/testdata/x.go", "package x\n", false},
		{"dist/x.go", "package x\n", false},
		{"README.md", "words\n", false},
		{"a/more/notes.md", "not embedded\n", false},
		{"tree/go.mod", "module y\n", false},
		{"tree/y.go", "package y\n", false},
		{"a/b.go", "package a\n", true},
		{"a/dist/x.go", "package x\n", true},
		{"a/add.s", "TEXT", true},
		{"a/hidden/.x", "1", false},
		{"a/c.go", "package a\n\nvar (\n\t//go:embed\t\"all:hidden\"\n\tmore embed.FS\n)\n", true},
		{"a/hidden/.x", "2", true},
		{"a/recipe/Dockerfile", "FROM debian\n", true},
		{"a/recipe/cc.c", "int x;\n", true},
		{"a/more/two.txt", "2", true},
		{"go.sum", "x v1 h1:=\n", true},
	} {
		put(change.name, change.text)
		now := hashOf(t, dir)
		if changed := now != last; changed != change.counts {
			t.Errorf("%s: the hash has changed: %v", change.name, changed)
		}
		last = now
	}
	put("env", "GOAMD64=v3\n")
	for name, value := range map[string]string{"GOFLAGS": "-race", "GOENV": filepath.Join(dir, "env")} {
		t.Setenv(name, value)
		if hashOf(t, dir) == last {
			t.Errorf("%s does not count", name)
		}
	}
}

// TestSourcesFromElsewhere wants an error where the module alone does not tell.
func TestSourcesFromElsewhere(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"replaced":     {"go.mod": "module x\nreplace y => ../y\n"},
		"a workspace":  {"go.mod": "module x\n", "go.work": "go 1.26\n"},
		"an overlay":   {"go.mod": "module x\n", "env": "GOFLAGS=-overlay=/o.json\n"},
		"nothing fits": {"go.mod": "module x\n", "a.go": "package a\n\n//go:embed gone\n"},
	} {
		dir := t.TempDir()
		t.Setenv("GOENV", filepath.Join(dir, "env"))
		for file, text := range files {
			write(t, filepath.Join(dir, file), text)
		}
		if hash, err := moduleHash(dir); err == nil {
			t.Errorf("%s: got %s, no error", name, hash)
		}
	}
}

// TestFolderIsWholeOnlyOfItsSources has the sources change while Mage runs.
func TestFolderIsWholeOnlyOfItsSources(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	t.Chdir(dir)
	t.Setenv(mg.CacheEnv, cache)
	t.Setenv(mg.HashFastEnv, "")
	for _, round := range []struct {
		save     string // go.mod, while Mage runs
		compiles bool
		fast     string // whether Mage is to take what is there
	}{{"module y\n", true, ""}, {"", false, ""}, {"", true, ""}, {"", true, "1"}} {
		if round.fast == "" && round.save != "" {
			write(t, "go.mod", "module x\n")
		}
		t.Setenv(mg.CacheEnv, cache)
		got := "not run"
		code := runFast([]string{"image"}, func() int {
			got = os.Getenv(mg.HashFastEnv)
			if err := os.MkdirAll(os.Getenv(mg.CacheEnv), 0o755); err != nil {
				t.Fatal(err)
			}
			if round.save != "" {
				write(t, "go.mod", round.save)
			}
			if round.compiles {
				write(t, filepath.Join(os.Getenv(mg.CacheEnv), "program"), "")
			}
			return 7
		})
		if code != 7 || got != round.fast {
			t.Errorf("%+v: code %d, %s=%q", round, code, mg.HashFastEnv, got)
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func hashOf(t *testing.T, dir string) string {
	t.Helper()
	hash, err := moduleHash(dir)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// TestFlagsThatLeadElsewhere wants Mage's own way where another folder or compiler is
// named.
func TestFlagsThatLeadElsewhere(t *testing.T) {
	for _, c := range []struct {
		args []string
		want bool
	}{
		{nil, false},
		{[]string{"-v", "image", "-d"}, false},
		{[]string{"-d", "../other", "image"}, true},
		{[]string{"-gocmd=go1.20", "image"}, true},
	} {
		if got := elsewhere(c.args); got != c.want {
			t.Errorf("%q: got %v", c.args, got)
		}
	}
}
