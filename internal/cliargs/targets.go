// Package cliargs refuses a bad mage command line before any work starts. Mage looks
// at the names of targets one by one, while they run: `mage push typo` pushes
// first, and `mage image --help` builds the image.
package cliargs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// Target is something that mage can be asked for.
type Target struct {
	Name  string // "image", "kernel:arm64"; an alias as well
	Flags []Flag
}

// Flag is an optional argument, -name=value: a pointer parameter in the magefile.
type Flag struct {
	Name string
	Type string // "string", "int", "bool", "float64", "Duration"
}

// Targets reads the targets of a magefile from its source: exported functions,
// methods of namespaces, and aliases (magefile/mage parse/parse.go has the rules).
func Targets(source []byte) ([]Target, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "magefile.go", source, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("read the magefile: %w", err)
	}
	spaces := namespaces(file)
	var targets []Target
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.IsExported() {
			if name, ok := targetName(f, spaces); ok {
				targets = append(targets, Target{Name: name, Flags: flagsOf(f)})
			}
		}
	}
	return append(targets, aliases(file, targets)...), nil
}

// namespaces gives the types that are declared as mg.Namespace.
func namespaces(file *ast.File) (names []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		if t, ok := n.(*ast.TypeSpec); ok {
			if s, ok := t.Type.(*ast.SelectorExpr); ok && s.Sel.Name == "Namespace" {
				names = append(names, t.Name.Name)
			}
		}
		return true
	})
	return names
}

// targetName gives the name that mage calls a function by.
func targetName(f *ast.FuncDecl, spaces []string) (string, bool) {
	name := strings.ToLower(f.Name.Name)
	if f.Recv == nil {
		return name, true
	}
	receiver, ok := f.Recv.List[0].Type.(*ast.Ident)
	if !ok || !slices.Contains(spaces, receiver.Name) {
		return "", false
	}
	return strings.ToLower(receiver.Name) + ":" + name, true
}

// flagsOf gives the pointer parameters of a function.
func flagsOf(f *ast.FuncDecl) (flags []Flag) {
	for _, p := range f.Type.Params.List {
		pointer, ok := p.Type.(*ast.StarExpr)
		if !ok {
			continue
		}
		for _, name := range p.Names {
			flags = append(flags, Flag{Name: strings.ToLower(name.Name), Type: typeName(pointer.X)})
		}
	}
	return flags
}

func typeName(e ast.Expr) string {
	switch t := e.(type) {
	case *ast.Ident:
		return t.Name
	case *ast.SelectorExpr:
		return t.Sel.Name
	}
	return ""
}

// aliases gives what var Aliases = map[string]any{"kernel": Kernel.All} adds.
func aliases(file *ast.File, targets []Target) (added []Target) {
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Names[0].Name != "Aliases" || len(v.Values) != 1 {
			return true
		}
		for _, e := range v.Values[0].(*ast.CompositeLit).Elts {
			pair := e.(*ast.KeyValueExpr)
			alias, err := strconv.Unquote(pair.Key.(*ast.BasicLit).Value)
			if t := find(targets, aliased(pair.Value)); err == nil && t != nil {
				added = append(added, Target{Name: strings.ToLower(alias), Flags: t.Flags})
			}
		}
		return false
	})
	return added
}

// aliased gives the target that the value of an alias is: Image or Kernel.All.
func aliased(e ast.Expr) string {
	switch v := e.(type) {
	case *ast.Ident:
		return strings.ToLower(v.Name)
	case *ast.SelectorExpr:
		return strings.ToLower(typeName(v.X) + ":" + v.Sel.Name)
	}
	return ""
}

// find gives a target by its name in any case, or nil.
func find(targets []Target, name string) *Target {
	for i := range targets {
		if strings.EqualFold(targets[i].Name, name) {
			return &targets[i]
		}
	}
	return nil
}
