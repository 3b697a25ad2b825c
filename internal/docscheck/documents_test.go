package docscheck

import (
	"errors"
	"fmt"
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// schema matches the constant that names the form of a document.
var schema = regexp.MustCompile(`^kiln/([a-z-]+)/v\d+$`)

// document is a struct that is written with a schema.
type document struct {
	schema string
	decl   declaration // where the struct, or the literal of it, is
	form   *ast.StructType
}

// renderDocuments renders a section for each document, in the order of captions.
func renderDocuments(c *code) (string, error) {
	found := c.documents()
	var b strings.Builder
	var faults []error
	for _, caption := range captions {
		d, ok := found[caption.name]
		if !ok {
			faults = append(faults, fmt.Errorf("no code writes the document %q", caption.name))
			continue
		}
		delete(found, caption.name)
		text, err := c.renderDocument(caption.name, d)
		faults = append(faults, err)
		fmt.Fprintf(&b, "### %s\n\n`%s`. %s\n\n%s\n", caption.where, d.schema, caption.text, text)
	}
	for name := range maps.Keys(found) {
		faults = append(faults, fmt.Errorf("document %q has no caption in words_test.go", name))
	}
	return b.String(), errors.Join(faults...)
}

func (c *code) renderDocument(name string, d document) (string, error) {
	var rows [][]string
	var faults []error
	for _, f := range c.fields(d.decl, d.form, "json", "") {
		if f.key == "schema" {
			continue
		}
		text, err := describe(name, f)
		rows, faults = append(rows, []string{mono(f.key), f.kind, text}), append(faults, err)
	}
	return table([]string{"field", "type", "meaning"}, rows), errors.Join(faults...)
}

// documents finds every struct literal whose schema is one of Kiln's, by the schema's name.
func (c *code) documents() map[string]document {
	found := map[string]document{}
	for _, p := range c.sorted() {
		for _, file := range p.files {
			at := declaration{pkg: p, file: file}
			ast.Inspect(file, func(n ast.Node) bool {
				if lit, ok := n.(*ast.CompositeLit); ok {
					if d, ok := c.documentOf(at, lit); ok {
						found[schema.FindStringSubmatch(d.schema)[1]] = d
					}
				}
				return true
			})
		}
	}
	return found
}

// documentOf reports whether a literal is a document: Push{Schema: PushSchema}, or a
// struct without a name whose first value is a schema.
func (c *code) documentOf(at declaration, lit *ast.CompositeLit) (document, bool) {
	form, decl := structOf(c, at, lit.Type)
	if form == nil {
		return document{}, false
	}
	i := slices.IndexFunc(form.Fields.List, func(f *ast.Field) bool { key, _, _ := keyOf(f, "json"); return key == "schema" })
	if i < 0 {
		return document{}, false
	}
	for _, e := range lit.Elts {
		if pair, ok := e.(*ast.KeyValueExpr); ok {
			e = pair.Value
		}
		if value, ok := c.constantOf(at, e); ok && schema.MatchString(value) {
			return document{value, decl, form}, true
		}
	}
	return document{}, false
}

// structOf returns the struct that a type expression means, and where it is declared.
func structOf(c *code, at declaration, e ast.Expr) (*ast.StructType, declaration) {
	if s, ok := e.(*ast.StructType); ok {
		return s, at
	}
	d, ok := c.resolve(at, e)
	if !ok {
		return nil, at
	}
	s, _ := d.spec.Type.(*ast.StructType)
	return s, d
}
