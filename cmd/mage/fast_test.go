package main

import (
	"os"
	"path/filepath"
	"testing"
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
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
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
	t.Setenv("GOFLAGS", "-race")
	if hashOf(t, dir) == last {
		t.Error("GOFLAGS does not count")
	}
	put("go.mod", "module x\nreplace y => ../y\n")
	if hash, err := moduleHash(dir); err == nil {
		t.Errorf("sources of another folder: got %s, no error", hash)
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
