// Package settings reads Kiln's TOML files strictly into plain structs, lays the
// environment over them, and remembers where each value came from.
//
// A room declares a struct whose fields carry `toml:"name"` tags: strings, whole
// numbers, booleans, lists of strings, tables (structs) and arrays of tables
// (slices of structs). Every fault is found before any is told: unknown keys,
// wrong types, and what the struct's own Check method objects to come in one
// error, by line.
package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Checker is a struct that judges its own values. Each objection is reported with
// the key it is about, as "port", "upstream.sums" or "kernel[1].version".
type Checker interface {
	Check(report func(key, format string, args ...any))
}

// Loaded is a file's content with the environment over it.
type Loaded[T any] struct {
	Value   T
	origins map[string]string // by key; a key that is not in it has its default
}

// Load reads the file at path over defaults, and the variables of environ
// (NAME=value) that begin with prefix over both. The variable of the key
// "upstream.sums" is PREFIX_UPSTREAM_SUMS; a list is separated by commas. A key of
// an array of tables has no name of the array in its variable, and is set in every
// table. A file that is not there is an empty one. Faults are one error of class
// fault.Usage.
func Load[T any](path, prefix string, defaults T, environ []string) (Loaded[T], error) {
	l := Loaded[T]{Value: defaults, origins: map[string]string{}}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return l, fault.Wrap(fault.Environment, err)
	}
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		return l, syntaxFault(path, err)
	}
	d := &decoder{path: path, lines: keyLines(text), origins: l.origins}
	root := reflect.ValueOf(&l.Value).Elem()
	d.table("", tree, root)
	d.environment(prefix, environ, root)
	if c, ok := any(l.Value).(Checker); ok {
		c.Check(d.object)
	}
	return l, d.err()
}

// syntaxFault tells where a file is no TOML.
func syntaxFault(path string, err error) error {
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		line, column := decode.Position()
		return fault.New(fault.Usage, "", "%s:%d:%d: %s", path, line, column, strings.TrimPrefix(decode.Error(), "toml: "))
	}
	return fault.New(fault.Usage, "", "%s: %v", path, err)
}

// Row is one effective value.
type Row struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Origin string `json:"origin"` // "site/site.toml:3", a variable's name, or "default"
}

// Rows gives every value, in the order of the struct.
func (l Loaded[T]) Rows() []Row {
	var rows []Row
	walk(reflect.ValueOf(l.Value), "", func(key string, v reflect.Value) {
		origin, ok := l.origins[key]
		if !ok {
			origin = "default"
		}
		rows = append(rows, Row{Key: key, Value: show(v), Origin: origin})
	})
	return rows
}

// walk visits every value of a struct that is no table, with its key.
func walk(v reflect.Value, prefix string, visit func(string, reflect.Value)) {
	for i := range v.NumField() {
		field, key := v.Field(i), prefix+v.Type().Field(i).Tag.Get("toml")
		switch {
		case field.Kind() == reflect.Struct:
			walk(field, key+".", visit)
		case isTables(field.Type()):
			for n := range field.Len() {
				walk(field.Index(n), fmt.Sprintf("%s[%d].", key, n), visit)
			}
		default:
			visit(key, field)
		}
	}
}

// isTables tells whether a type is that of an array of tables.
func isTables(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

// show writes a value as a person reads it.
func show(v reflect.Value) string {
	if list, ok := v.Interface().([]string); ok {
		return strings.Join(list, ", ")
	}
	return fmt.Sprint(v.Interface())
}
