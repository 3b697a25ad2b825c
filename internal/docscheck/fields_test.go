package docscheck

import (
	"fmt"
	"go/ast"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// field is a key of a document or a file, with the keys of nested objects: checks[].name.
type field struct {
	key, kind, text string
	optional        bool // absent where it is empty
}

// fields returns the keys of a struct in their order. tag is "json" or "toml"; above are
// the declarations that the struct is nested in.
func (c *code) fields(d declaration, s *ast.StructType, tag, prefix string, above ...*ast.TypeSpec) []field {
	var list []field
	for _, f := range s.Fields.List {
		key, optional, embedded := keyOf(f, tag)
		switch {
		case embedded:
			list = append(list, c.nested(d, f.Type, tag, prefix, above)...)
		case key != "":
			key = prefix + key + brackets(f.Type)
			kind := c.kindOf(d, f.Type)
			if _, ok := f.Type.(*ast.MapType); ok && tag == "toml" {
				kind = "table of strings"
			}
			list = append(list, field{key, kind, comment(f.Comment, f.Doc), optional})
			list = append(list, c.nested(d, f.Type, tag, key+".", above)...)
		}
	}
	return list
}

// keyOf returns the key of a field, "" for a field that is not written.
func keyOf(f *ast.Field, tag string) (key string, optional, embedded bool) {
	value := ""
	if f.Tag != nil {
		text, _ := strconv.Unquote(f.Tag.Value)
		value = reflect.StructTag(text).Get(tag)
	}
	if value == "" {
		return "", false, len(f.Names) == 0
	}
	key, options, _ := strings.Cut(value, ",")
	return strings.Trim(key, "-"), strings.HasPrefix(options, "omit"), false
}

// brackets returns [] for a list.
func brackets(e ast.Expr) string {
	if _, ok := e.(*ast.ArrayType); ok {
		return "[]"
	}
	return ""
}

// element returns what a pointer, a list or an option of a type is of.
func element(e ast.Expr) ast.Expr {
	switch t := e.(type) {
	case *ast.StarExpr:
		return element(t.X)
	case *ast.ArrayType:
		return element(t.Elt)
	}
	return e
}

// nested returns the keys of the object that a field is; none if it is no object.
func (c *code) nested(d declaration, e ast.Expr, tag, prefix string, above []*ast.TypeSpec) []field {
	e = element(e)
	if s, ok := e.(*ast.StructType); ok {
		return c.fields(d, s, tag, prefix, above...)
	}
	inner, ok := c.resolve(d, e)
	if !ok || inner.isText() || slices.Contains(above, inner.spec) {
		return nil
	}
	if s, ok := inner.spec.Type.(*ast.StructType); ok {
		return c.fields(inner, s, tag, prefix, append(above, inner.spec)...)
	}
	return nil
}

// isText reports whether a type is written as a string by a method of its own.
func (d declaration) isText() bool {
	return slices.ContainsFunc(d.pkg.methods[d.spec.Name.Name], func(name string) bool {
		return name == "MarshalText" || name == "MarshalJSON"
	})
}

// kindOf returns the type of a value in the words of JSON. A string type with constants is
// shown by these.
func (c *code) kindOf(d declaration, e ast.Expr) string {
	e = element(e)
	if inner, ok := c.resolve(d, e); ok {
		if inner.isText() {
			return "string"
		}
		if values := inner.values(); len(values) > 0 {
			return strings.Join(values, ", ")
		}
		return c.kindOf(inner, inner.spec.Type)
	}
	switch t := e.(type) {
	case *ast.StructType:
		return "object"
	case *ast.MapType:
		return "object"
	case *ast.SelectorExpr:
		return map[string]string{"Time": "time"}[t.Sel.Name]
	case *ast.Ident:
		return map[string]string{"string": "string", "bool": "boolean", "float64": "number", "int": "integer", "int64": "integer"}[t.Name]
	}
	return ""
}

// values returns the constants of a string type, as they are written.
func (d declaration) values() (list []string) {
	if id, ok := d.spec.Type.(*ast.Ident); !ok || id.Name != "string" {
		return nil
	}
	for _, k := range d.pkg.constants {
		if k.kind == d.spec.Name.Name {
			list = append(list, mono(k.value))
		}
	}
	return list
}

// describe returns the text for a key of a document. It is an error if there is none: the
// field needs a comment.
func describe(document string, f field) (string, error) {
	key := f.key[strings.LastIndexByte(strings.TrimSuffix(f.key, "[]"), '.')+1:]
	text := words[document+" "+f.key]
	if text == "" {
		text = f.text
	}
	if text == "" {
		text = words["* "+key]
	}
	if text == "" {
		return "", fmt.Errorf("%s: key %q has no comment", document, f.key)
	}
	if f.optional {
		text += "; absent if " + map[bool]string{true: "false", false: "empty"}[f.kind == "boolean"]
	}
	return text, nil
}
