package toolkit

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

const module = "github.com/romanatrashyonok/kiln/"

// mayImport says which rooms of the house each room knows. Imports run one way:
// magefile, workshop, site and kernel, base, docker, and below them what prints
// and what sorts errors.
var mayImport = map[string][]string{
	".":        {"fault", "guard", "kernel", "workshop"},
	"cmd":      {},
	"workshop": {"base", "docker", "fault", "host", "kernel", "report", "settings", "site"},
	"site":     {"base", "docker", "fault", "report"},
	"kernel":   {"base", "docker", "fault", "patience", "report"},
	"host":     {"fault", "report"},
	"base":     {"docker", "fault", "report"},
	"docker":   {"fault", "patience", "report"},
	"settings": {"fault"},
	"guard":    {"fault"},
	"report":   {"fault"},
	"patience": {},
	"fault":    {},
}

func TestImportsRunOneWay(t *testing.T) {
	for file, imports := range sources(t) {
		room := roomOf(file)
		allowed, known := mayImport[room]
		if !known {
			t.Errorf("%s: the room %s is not in the table", file, room)
		}
		for _, path := range imports {
			other, inside := strings.CutPrefix(path, module)
			switch other = roomOf(other + "/"); {
			case path == "github.com/magefile/mage/mg" && file != "magefile.go" && room != "cmd":
				t.Errorf("%s imports mg: only the magefile may, and cmd/mage, which is Mage", file)
			case strings.HasPrefix(path, "github.com/docker/docker") && room != "docker":
				t.Errorf("%s imports %s: only docker/ speaks to the engine", file, path)
			case inside && other != room && !slices.Contains(allowed, other):
				t.Errorf("%s imports %s", file, path)
			}
		}
	}
}

// roomOf gives the first folder of a path, "." for the root.
func roomOf(path string) string {
	room, _, deep := strings.Cut(filepath.ToSlash(path), "/")
	if !deep {
		return "."
	}
	return room
}

// sources gives the imports of every Go file that is no test.
func sources(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		name, err := filepath.Rel("..", path)
		found[name] = nil
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
