package docscheck

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// module is the path of go.mod.
const module = "github.com/romanatrashyonok/kiln"

// code is the module's source, without tests, by import path.
type code struct {
	packages map[string]*pkg
}

// pkg is what the reference needs of one package.
type pkg struct {
	path      string
	files     []*ast.File
	types     map[string]declaration
	constants []constant
	methods   map[string][]string // names, by the type of the receiver
}

// declaration is a type with the file that declares it, whose imports resolve its fields.
type declaration struct {
	pkg  *pkg
	file *ast.File
	spec *ast.TypeSpec
}

// constant is a constant whose value is a literal.
type constant struct {
	name, kind, value string // kind is the name of its type, "" for none
	text              string // its comment
}

// readCode parses all packages below the folder root.
func readCode(root string) (*code, error) {
	c := &code{packages: map[string]*pkg{}}
	files := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "dist" || name != root && strings.HasPrefix(entry.Name(), ".")):
			if name == root {
				return nil
			}
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(files, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		c.add(path.Join(module, filepath.ToSlash(folder)), file)
		return nil
	})
	return c, err
}

// add records the declarations of a file.
func (c *code) add(importPath string, file *ast.File) {
	p := c.packages[importPath]
	if p == nil {
		p = &pkg{path: importPath, types: map[string]declaration{}, methods: map[string][]string{}}
		c.packages[importPath] = p
	}
	p.files = append(p.files, file)
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if receiver := receiverOf(d); receiver != "" {
				p.methods[receiver] = append(p.methods[receiver], d.Name.Name)
			}
		case *ast.GenDecl:
			p.addSpecs(file, d)
		}
	}
}

func (p *pkg) addSpecs(file *ast.File, d *ast.GenDecl) {
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			p.types[s.Name.Name] = declaration{p, file, s}
		case *ast.ValueSpec:
			if d.Tok != token.CONST || len(s.Values) != 1 {
				continue
			}
			if value, ok := literal(s.Values[0]); ok {
				kind := ""
				if id, ok := s.Type.(*ast.Ident); ok {
					kind = id.Name
				}
				p.constants = append(p.constants, constant{s.Names[0].Name, kind, value, comment(s.Comment, s.Doc)})
			}
		}
	}
}

// literal returns the value of a string or a number.
func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		return "", false
	}
	if lit.Kind != token.STRING {
		return lit.Value, true
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// receiverOf returns the name of a method's type, "" for a function.
func receiverOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	t := f.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if id, ok := t.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// comment returns the text of the first comment that exists, on one line, without a last
// pointer to other code.
func comment(groups ...*ast.CommentGroup) string {
	for _, g := range groups {
		if text := strings.Join(strings.Fields(g.Text()), " "); text != "" {
			text, _, _ = strings.Cut(text, "; see ")
			return text
		}
	}
	return ""
}

// sorted returns the packages in the order of their paths.
func (c *code) sorted() []*pkg {
	var list []*pkg
	for _, p := range c.packages {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *pkg) int { return cmp.Compare(a.path, b.path) })
	return list
}

// resolve finds the declaration of a type that a file names: Check or suite.Check. ok is
// false for types of other modules and for predeclared ones.
func (c *code) resolve(from declaration, e ast.Expr) (d declaration, ok bool) {
	switch t := e.(type) {
	case *ast.Ident:
		d, ok = from.pkg.types[t.Name]
	case *ast.SelectorExpr:
		if p := c.imported(from.file, t.X); p != nil {
			d, ok = p.types[t.Sel.Name]
		}
	}
	return d, ok
}

// imported returns the package of this module that a file calls by a name, or nil.
func (c *code) imported(file *ast.File, name ast.Expr) *pkg {
	id, ok := name.(*ast.Ident)
	if !ok {
		return nil
	}
	for _, i := range file.Imports {
		target, _ := strconv.Unquote(i.Path.Value)
		called := path.Base(target)
		if i.Name != nil {
			called = i.Name.Name
		}
		if called == id.Name && c.packages[target] != nil {
			return c.packages[target]
		}
	}
	return nil
}

// constantOf returns the value of a constant that a file names; ok is false if e names none.
func (c *code) constantOf(from declaration, e ast.Expr) (value string, ok bool) {
	p, name := from.pkg, ""
	switch t := e.(type) {
	case *ast.Ident:
		name = t.Name
	case *ast.SelectorExpr:
		p, name = c.imported(from.file, t.X), t.Sel.Name
	}
	if p == nil {
		return "", false
	}
	for _, k := range p.constants {
		if k.name == name {
			return k.value, true
		}
	}
	return "", false
}
