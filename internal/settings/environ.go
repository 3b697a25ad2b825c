package settings

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// common is the prefix of all of Kiln's variables.
const common = "KILN_"

// FileOnly returns the names that variables of values would have which only the file sets,
// with the key that each is for: those of a field with the tag `env:"-"`.
func FileOnly[T any](prefix string) map[string]string {
	names := map[string]string{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if !fileOnly(f) {
			continue
		}
		key := f.Tag.Get("toml")
		names[prefix+variable(f)] = key
		for _, inner := range reflect.VisibleFields(f.Type.Elem()) {
			names[prefix+variable(inner)] = key
		}
	}
	return names
}

// fileOnly reports whether only the file sets an array of tables.
func fileOnly(f reflect.StructField) bool { return isTables(f.Type) && f.Tag.Get("env") == "-" }

// Names returns the names of all variables that set a value of T. See Load.
func Names[T any](prefix string) []string {
	var list []string
	collectNames(reflect.TypeFor[T](), prefix, &list)
	return list
}

// collectNames appends the variables of a struct to list.
func collectNames(t reflect.Type, prefix string, list *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		switch name := prefix + variable(f); {
		case f.Type.Kind() == reflect.Struct:
			collectNames(f.Type, name+"_", list)
		case fileOnly(f):
		case isTables(f.Type):
			collectNames(f.Type.Elem(), prefix, list)
		default:
			*list = append(*list, name)
		}
	}
}

// variable returns the name of a field in a variable.
func variable(f reflect.StructField) string { return strings.ToUpper(f.Tag.Get("toml")) }

// environment overrides the values of a struct from variables.
func (d *decoder) environment(prefix string, environ []string, root reflect.Value) {
	values := map[string]string{}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(name, prefix) {
			values[name] = strings.TrimSpace(value)
		}
	}
	var known []string
	collectNames(root.Type(), prefix, &known)
	walk(root, "", func(key string, field reflect.Value) {
		name := prefix + variableOf(key)
		value := values[name]
		if value == "" || !slices.Contains(known, name) {
			return
		}
		d.origins[key] = name
		if err := setText(field, value); err != nil {
			d.fault(key, "expected %s, got %q: %v", kindOf(field.Type()), value, err)
		}
	})
}

// variableOf returns UPSTREAM_SUMS for "upstream.sums", and VERSION for
// "kernel[0].version".
func variableOf(key string) string {
	if _, inTable, ok := strings.Cut(key, "]."); ok {
		key = inTable
	}
	return strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// setText parses a variable's text into a field.
func setText(field reflect.Value, text string) error {
	switch field.Kind() {
	case reflect.String:
		field.SetString(text)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("as in 8080")
		}
		field.SetInt(int64(n))
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("as in true")
		}
		field.SetBool(b)
	case reflect.Map:
		table, err := splitMap(text)
		if err != nil {
			return fmt.Errorf("%v; write it as %s", err, mapForm)
		}
		field.Set(reflect.ValueOf(table))
	default:
		list, err := splitList(text)
		if err != nil {
			return fmt.Errorf("%v; write it as %s", err, listForm)
		}
		field.Set(reflect.ValueOf(list))
	}
	return nil
}

// CheckEnviron returns an error of class fault.Usage about the variables of environ that
// begin with KILN_ and are not among the known ones; fileOnly has those of keys that only a
// file sets. It names no values: one of them may be a password.
func CheckEnviron(environ, known []string, fileOnly map[string]string) error {
	var faults []string
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		key, inFile := fileOnly[name]
		switch {
		case !strings.HasPrefix(name, common) || slices.Contains(known, name):
		case inFile:
			faults = append(faults, fmt.Sprintf("unknown variable %s; only the file sets [[%s]]", name, key))
		default:
			faults = append(faults, "unknown variable "+name+nearest(name, known))
		}
	}
	if len(faults) == 0 {
		return nil
	}
	slices.Sort(faults)
	return fault.New(fault.Usage, "", "%s", strings.Join(faults, "\n"))
}
