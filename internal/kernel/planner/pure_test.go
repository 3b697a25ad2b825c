package planner

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestPlanAndSpecArePure checks that a plan depends on nothing but its inputs: no engine,
// no network, no clock, no environment, and no file except those that kernels.toml names,
// which package spec reads.
func TestPlanAndSpecArePure(t *testing.T) {
	calls := []string{"time.Now", "time.Since", "os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv"}
	for dir, imports := range map[string][]string{
		".":       {"os", "os/exec", "io/fs", "net/http", "context", "github.com/romanatrashyonok/kiln/internal/engine"},
		"../plan": {"os", "os/exec", "io/fs", "net/http", "context", "github.com/romanatrashyonok/kiln/internal/engine"},
		"../spec": {"os/exec", "net/http", "context", "github.com/romanatrashyonok/kiln/internal/engine"},
	} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", dir, files, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, use := range uses(t, file) {
				if slices.Contains(imports, use) || slices.Contains(calls, use) {
					t.Errorf("%s uses %s", file, use)
				}
			}
		}
	}
}

// uses returns what a file imports, and what it names of packages: "os.Getenv".
func uses(t *testing.T, file string) (list []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			path, err := strconv.Unquote(n.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, path)
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				list = append(list, x.Name+"."+n.Sel.Name)
			}
		}
		return true
	})
	return list
}
