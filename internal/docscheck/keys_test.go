package docscheck

import (
	"errors"
	"fmt"
	"go/ast"
	"reflect"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/toolkit"
)

func renderSiteKeys(c *code) (string, error) { return c.renderKeys(files[0]) }

func renderKernelKeys(c *code) (string, error) { return c.renderKeys(files[1]) }

// renderKeys renders the keys of a settings file: one table for the keys outside of any
// table of the file, and one for each table.
func (c *code) renderKeys(f file) (string, error) {
	decl, form, err := c.structOfValue(f.defaults)
	if err != nil {
		return "", err
	}
	tables, order, err := rowsByTable(f, c.fields(decl, form, "toml", ""))
	var b strings.Builder
	for _, name := range order {
		if name != "" {
			fmt.Fprintf(&b, "**`%s`**\n\n", name)
		}
		b.WriteString(table([]string{"key", "type", "default", "variable", "meaning"}, tables[name]) + "\n")
	}
	return b.String(), err
}

// rowsByTable sorts the keys by the table of the file that they are in: "", [build],
// [[kernel]]. order is that of the struct.
func rowsByTable(f file, keys []field) (tables map[string][][]string, order []string, err error) {
	tables = map[string][][]string{}
	values := defaultsOf(reflect.ValueOf(f.defaults), "")
	var faults []error
	for _, k := range keys {
		if k.kind == "object" {
			continue
		}
		name, key := splitKey(k.key)
		if !slices.Contains(order, name) {
			order = append(order, name)
		}
		list := ""
		if strings.HasSuffix(key, "[]") {
			key, list = strings.TrimSuffix(key, "[]"), "list of "
		}
		text, err := describe(f.name, k)
		faults = append(faults, err)
		plural := map[bool]string{true: "s"}[list != ""]
		tables[name] = append(tables[name], []string{mono(key), list + k.kind + plural, mono(values[k.key]), mono(f.known(f.variable(k.key))), text})
	}
	return tables, order, errors.Join(faults...)
}

// splitKey parts kernel[].version into [[kernel]] and version, and upstream.trust.sums
// into [upstream] and trust.sums.
func splitKey(key string) (table, rest string) {
	first, rest, deep := strings.Cut(key, ".")
	switch {
	case !deep:
		return "", key
	case strings.HasSuffix(first, "[]"):
		return "[[" + strings.TrimSuffix(first, "[]") + "]]", rest
	}
	return "[" + first + "]", rest
}

// variable returns the environment variable of a key, as package settings derives it.
func (f file) variable(key string) string {
	if _, inTable, ok := strings.Cut(key, "[]."); ok {
		key = inTable
	}
	return f.prefix + strings.ToUpper(strings.ReplaceAll(strings.TrimSuffix(key, "[]"), ".", "_"))
}

// known returns the name of a variable; "" where only the file sets the key.
func (f file) known(variable string) string {
	if slices.Contains(toolkit.Variables(), variable) {
		return variable
	}
	return ""
}

// defaultsOf returns the default of each key, as it is written in TOML.
func defaultsOf(v reflect.Value, prefix string) map[string]string {
	values := map[string]string{}
	for i := range v.NumField() {
		key, f := prefix+v.Type().Field(i).Tag.Get("toml"), v.Field(i)
		switch {
		case f.Kind() == reflect.Struct:
			collect(values, defaultsOf(f, key+"."))
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
			for n := range f.Len() {
				collect(values, defaultsOf(f.Index(n), key+"[]."))
			}
		case f.Kind() == reflect.Slice:
			values[key+"[]"] = tomlList(f)
		default:
			values[key] = tomlValue(f)
		}
	}
	return values
}

func collect(all, more map[string]string) {
	for k, v := range more {
		all[k] = v
	}
}

func tomlList(v reflect.Value) string {
	var list []string
	for i := range v.Len() {
		list = append(list, tomlValue(v.Index(i)))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

func tomlValue(v reflect.Value) string {
	if v.Kind() == reflect.Map && v.Len() == 0 {
		return "{}"
	}
	if v.Kind() == reflect.String {
		return fmt.Sprintf("%q", v.String())
	}
	return fmt.Sprint(v.Interface())
}

// structOfValue finds the declaration of a value's type.
func (c *code) structOfValue(value any) (declaration, *ast.StructType, error) {
	t := reflect.TypeOf(value)
	p := c.packages[t.PkgPath()]
	if p == nil {
		return declaration{}, nil, fmt.Errorf("package %s is not parsed", t.PkgPath())
	}
	d := p.types[t.Name()]
	form, ok := d.spec.Type.(*ast.StructType)
	if !ok {
		return d, nil, fmt.Errorf("%s is no struct", t)
	}
	return d, form, nil
}
