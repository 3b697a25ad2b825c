package main

import (
	"bytes"
	"errors"
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

// TestInitLeavesNothingAfterAnError has obstacles of all kinds where the project belongs.
func TestInitLeavesNothingAfterAnError(t *testing.T) {
	for _, tc := range []struct {
		name    string
		prepare func(dir string) error
		code    fault.Class
		text    string
	}{
		{"file in place of a folder", func(dir string) error { return os.WriteFile(filepath.Join(dir, "site"), nil, 0o644) },
			fault.Usage, "these exist: site\n  fix: run it in an empty folder"},
		{"dangling link in place of a folder", func(dir string) error { return os.Symlink("nowhere", filepath.Join(dir, "kernel")) },
			fault.Usage, "these exist: kernel\n"},
		{"dangling link in place of a file", func(dir string) error { return os.Symlink("nowhere", filepath.Join(dir, "magefile.go")) },
			fault.Usage, "these exist: magefile.go\n"},
		{"missing folder", os.Remove, fault.Environment, "write the project: stat "},
		{"folder that cannot be written, the last", func(dir string) error { return os.Mkdir(filepath.Join(dir, "site"), 0o555) },
			fault.Environment, "write the project: open "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if strings.Contains(tc.name, "written") && os.Getuid() == 0 {
				t.Skip("SKIPPED: root can write everywhere")
			}
			dir := filepath.Join(t.TempDir(), "project")
			if err := errors.Join(os.Mkdir(dir, 0o755), tc.prepare(dir)); err != nil {
				t.Fatal(err)
			}
			before, _ := filepath.Glob(filepath.Join(dir, "*"))
			var out, errs bytes.Buffer
			if code := run([]string{"init"}, dir, &out, &errs); code != int(tc.code) || !strings.Contains(errs.String(), tc.text) || out.Len() > 0 {
				t.Errorf("exit code %d, want %d\n%s%s", code, tc.code, &out, &errs)
			}
			if after, _ := filepath.Glob(filepath.Join(dir, "*")); !slices.Equal(after, before) {
				t.Errorf("the folder holds %v, before %v", after, before)
			}
		})
	}
}

// TestRemoveLeavesWhatWasThere removes a half written project.
func TestRemoveLeavesWhatWasThere(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	p := project{dir: dir}
	for _, name := range []string{"site/content/index.html", "site/site.toml"} {
		if err := p.write(file{filepath.FromSlash(name), nil}); err != nil {
			t.Fatal(err)
		}
	}
	p.remove()
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("the folder holds %v", entries)
	}
}

func TestHelp(t *testing.T) {
	for _, arg := range []string{"help", "-h", "--help"} {
		var out, errs bytes.Buffer
		if code := run([]string{arg}, t.TempDir(), &out, &errs); code != 0 || !strings.HasPrefix(out.String(), "usage: ") || errs.Len() > 0 {
			t.Errorf("%s: exit code %d, %s%s", arg, code, &out, &errs)
		}
	}
}

func TestUnknownCommand(t *testing.T) {
	for _, args := range [][]string{nil, {"int"}, {"init", "there"}, {"--version"}, {"-h", "init"}} {
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
