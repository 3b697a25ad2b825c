package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/toolkit"
)

func TestInitWritesAProject(t *testing.T) {
	dir := t.TempDir()
	var out, errs bytes.Buffer
	if code := run([]string{"init"}, dir, &out, &errs); code != 0 {
		t.Fatalf("exit code %d\n%s", code, &errs)
	}
	for _, want := range []string{"wrote magefile.go\n", "go get -tool github.com/romanatrashyonok/kiln/cmd/mage\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output lacks %q:\n%s", want, &out)
		}
	}
	magefile, err := os.ReadFile(filepath.Join(dir, "magefile.go"))
	if n := bytes.Count(magefile, []byte("\n")); err != nil || n > 10 {
		t.Errorf("the magefile has %d lines, %v", n, err)
	}
	p, err := toolkit.Open(toolkit.Options{Dir: dir, Env: []string{}, Stdout: &out, Stderr: &errs})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got := p.Site().Settings().Repository; got != "registry.example.com/me/site" {
		t.Errorf("repository %q", got)
	}
	if got := p.Kernels().Settings().Kernels; len(got) != 1 || got[0].Name != "micro" {
		t.Errorf("kernels %+v", got)
	}
}

func TestInitOverwritesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "site", "site.toml")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("port = 9090\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code := run([]string{"init"}, dir, &out, &errs)
	if code != int(fault.Usage) || !strings.Contains(errs.String(), filepath.Join("site", "site.toml")) {
		t.Errorf("exit code %d\n%s", code, &errs)
	}
	if text, err := os.ReadFile(path); string(text) != "port = 9090\n" {
		t.Errorf("site.toml holds %q, %v", text, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("the folder holds %v", entries)
	}
}

func TestUnknownCommand(t *testing.T) {
	for _, args := range [][]string{nil, {"int"}, {"init", "there"}, {"-h"}} {
		var out, errs bytes.Buffer
		if code := run(args, t.TempDir(), &out, &errs); code != int(fault.Usage) || !strings.HasPrefix(errs.String(), "usage: ") {
			t.Errorf("%q: exit code %d, %s", args, code, &errs)
		}
	}
}

// own are the files of the template that differ from those of this repository on purpose.
var own = regexp.MustCompile(`^(magefile\.go|site/site\.toml|site/content/.*)$`)

// titles are the lines of the Dockerfile that describe one site.
var titles = regexp.MustCompile(`(?m)^.*org\.opencontainers\.image\.(title|description|licenses)=.*\n`)

// TestTemplateIsWhatKilnUses requires that the files which are not a site's own are those that
// Kiln's own site and kernels are tested with.
func TestTemplateIsWhatKilnUses(t *testing.T) {
	files, err := templateFiles()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		name := filepath.ToSlash(f.name)
		names = append(names, name)
		if own.MatchString(name) {
			continue
		}
		shipped, err := os.ReadFile(filepath.Join("..", "..", f.name))
		if err != nil || !bytes.Equal(titles.ReplaceAll(f.text, nil), titles.ReplaceAll(shipped, nil)) {
			t.Errorf("template/%s differs from %s (%v): copy it", name, name, err)
		}
	}
	fragments, err := filepath.Glob("../../kernel/config/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range fragments {
		if name := "kernel/config/" + filepath.Base(path); !slices.Contains(names, name) {
			t.Errorf("the template lacks %s", name)
		}
	}
}
