// Package architecture tests where the code is and which way its imports run.
package architecture

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/romanatrashyonok/kiln/"
)

// layers are the parts of the code from the top down. A part may import those of lower
// layers, and no other part: so the site half and the kernel half do not know each other.
// Packages below a listed folder belong to its part, unless they are listed themselves.
var layers = [][]string{
	{"magefile.go"},
	{"targets", "targets/dev", "cmd/*"},
	{"internal/dev", "internal/docscheck", "internal/architecture"},
	{"toolkit"},
	{"internal/site", "internal/kernel"},
	{"internal/base"},
	{"internal/engine"},
	{"internal/registry", "internal/host", "internal/settings", "internal/cliargs", "internal/interrupt"},
	{"internal/gobuild"},
	{"internal/imagebuild", "internal/scratch"},
	{"internal/report"},
	{"internal/retry"},
	{"internal/fault"},
	{"docker", "cmd", "internal"}, // embed what goes into containers
}

// outside are the parts of public code. All other code is in internal/.
var outside = []string{"magefile.go", "targets", "targets/dev", "toolkit", "docker", "cmd", "cmd/*"}

// onlyImporter names the parts that may import a package and those below it.
var onlyImporter = map[string][]string{
	"github.com/docker/docker":    {"internal/engine"},
	"github.com/magefile/mage":    {"targets", "targets/dev", "cmd/*"},
	module + "targets":            {"magefile.go"},
	module + "internal/cliargs":   {"targets"},
	module + "internal/interrupt": {"toolkit"},
	module + "internal/kernel":    {"toolkit", "cmd/*"}, // kiln-runner is a program of its own
	module + "internal/site":      {"toolkit"},
}

func TestImportsRunDownwards(t *testing.T) {
	for file, imports := range sources(t) {
		part := partOf(file)
		for _, path := range imports {
			imported, inModule := strings.CutPrefix(path, module)
			if other := partOf(imported + "/x.go"); inModule && other != part && layerOf(other) <= layerOf(part) {
				t.Errorf("%s imports %s, of a layer that is not below", file, path)
			}
			for restricted, importers := range onlyImporter {
				below := path == restricted || strings.HasPrefix(path, restricted+"/")
				if below && !strings.HasPrefix(module+part+"/", restricted+"/") && !slices.Contains(importers, part) {
					t.Errorf("%s imports %s: only %v may", file, path, importers)
				}
			}
		}
	}
}

func TestCodeIsWhereItBelongs(t *testing.T) {
	for file := range sources(t) {
		part := partOf(file)
		switch {
		case layerOf(part) < 0:
			t.Errorf("%s: its part %s is in no layer; add it to layers", file, part)
		case !strings.HasPrefix(file, "internal/") && !slices.Contains(outside, part):
			t.Errorf("%s: only %v are outside internal/", file, outside)
		}
	}
}

// TestUserFoldersHoldNoGo keeps site/ and kernel/ to what users edit: data.
func TestUserFoldersHoldNoGo(t *testing.T) {
	for file := range sources(t) {
		if folder, _, _ := strings.Cut(file, "/"); folder == "site" || folder == "kernel" {
			t.Errorf("%s: site/ and kernel/ hold no Go", file)
		}
	}
}

// partOf returns the part that a file belongs to.
func partOf(file string) string {
	dir := strings.TrimSuffix(file, "/"+filepath.Base(file))
	if dir == file { // at the root
		return file
	}
	if strings.HasPrefix(dir, "cmd/") {
		return "cmd/*"
	}
	for part := dir; strings.Contains(part, "/"); part = part[:strings.LastIndex(part, "/")] {
		if layerOf(part) >= 0 {
			return part
		}
	}
	if top, _, below := strings.Cut(dir, "/"); top != "internal" || !below {
		return top
	}
	return strings.Join(strings.Split(dir, "/")[:2], "/")
}

// layerOf returns the index of a part's layer, -1 if it is in none.
func layerOf(part string) int {
	return slices.IndexFunc(layers, func(parts []string) bool { return slices.Contains(parts, part) })
}

// sources returns the imports of every Go file that is not a test, nor testdata.
func sources(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		found[name] = []string{}
		for _, i := range parsed.Imports {
			value, _ := strconv.Unquote(i.Path.Value)
			found[name] = append(found[name], value)
		}
		return err
	})
	if err != nil || len(found) < 20 {
		t.Fatalf("found %d files, %v", len(found), err)
	}
	return found
}
