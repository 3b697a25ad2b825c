package internal_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/cmd"
	"github.com/romanatrashyonok/kiln/internal"
	"github.com/romanatrashyonok/kiln/internal/gobuild"
)

// module is the path of Kiln's module, with a slash.
const module = "github.com/romanatrashyonok/kiln/"

// goPackage is what go list says about a package.
type goPackage struct {
	ImportPath string
	Standard   bool
	GoFiles    []string
	EmbedFiles []string
}

// dependencies returns the packages that a program on Linux is made of, except the standard library.
func dependencies(t *testing.T, program string) (list []goPackage) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Standard,GoFiles,EmbedFiles", module+program)
	command.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	for all := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := all.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		if !p.Standard {
			list = append(list, p)
		}
	}
}

// TestRunnerIsComplete compares the embedded files of cmd/runner with those that it is made of.
func TestRunnerIsComplete(t *testing.T) {
	needed := map[string]bool{}
	for _, p := range dependencies(t, "cmd/runner") {
		dir, own := strings.CutPrefix(p.ImportPath, module)
		if !own {
			t.Errorf("it imports %s: only the standard library and Kiln's own packages may be imported", p.ImportPath)
			continue
		}
		for _, name := range slices.Concat(p.GoFiles, p.EmbedFiles) {
			needed[path.Join(dir, name)] = true
		}
	}
	embedded := map[string]bool{}
	for below, tree := range map[string]fs.FS{"cmd/runner": cmd.Runner(), "internal": internal.Runner()} {
		fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error { // embedded: cannot fail
			if !entry.IsDir() && !strings.HasSuffix(name, "_test.go") {
				embedded[path.Join(below, name)] = true
			}
			return nil
		})
	}
	for name := range needed {
		if !embedded[name] {
			t.Errorf("%s is not embedded: add it to internal/embed.go", name)
		}
	}
	for name := range embedded {
		if !needed[name] {
			t.Errorf("%s is embedded, but no part of the program", name)
		}
	}
}

// TestRunnerCompiles compiles cmd/runner from what is embedded, and calls it without arguments.
func TestRunnerCompiles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the program runs on Linux")
	}
	compiler := gobuild.Compiler{Cache: t.TempDir(), Environ: os.Environ()}
	p := gobuild.Program{Name: "runner", Source: cmd.Runner(), Packages: internal.Runner(), Arch: runtime.GOARCH}
	program, err := compiler.Compile(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(context.Background(), program).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), "expected run [-hold] JOBFILE") {
		t.Errorf("%v: %s", err, out)
	}
}
