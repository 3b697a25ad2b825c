// Package settings reads Kiln's TOML files strictly into plain structs, overrides their
// values from the environment, and records the origin of each value.
//
// A struct's fields have `toml:"name"` tags, and are strings, integers, booleans, lists of
// strings, tables of strings, tables (structs) and arrays of tables (slices of structs). All faults of a file
// come in one error, sorted by line: unknown keys, wrong types, and what the struct's own
// Check method reports.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"syscall"

	"github.com/pelletier/go-toml/v2"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Checker is a struct that validates its own values. Each fault is reported with its key:
// "port", "upstream.sums", "kernel[1].version".
type Checker interface {
	Check(report func(key, format string, args ...any))
}

// Loaded is the content of a file, overridden from the environment.
type Loaded[T any] struct {
	Value   T
	origins map[string]string // by key; a key without an origin has its default
}

// Load returns defaults, overridden by the file at path and then by the variables of
// environ (NAME=value) that begin with prefix. A missing file counts as empty.
//
// The variable of the key "upstream.sums" is prefix and UPSTREAM_SUMS. A list is separated
// by commas; an empty variable counts as unset. The variable of a key in an array of tables
// does not name the array, and sets the key in every table.
//
// Faults of the file and the variables are one error of class fault.Usage. A file that this
// user may not read is one of class fault.Environment.
func Load[T any](path, prefix string, defaults T, environ []string) (Loaded[T], error) {
	l := Loaded[T]{Value: defaults, origins: map[string]string{}}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return l, unreadable(err)
	}
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		return l, syntaxFault(path, err)
	}
	d := &decoder{path: path, lines: keyLines(text), origins: l.origins}
	root := reflect.ValueOf(&l.Value).Elem()
	d.table("", tree, root)
	d.environment(prefix, environ, root)
	if c, ok := any(l.Value).(Checker); ok {
		c.Check(d.report)
	}
	return l, d.err()
}

// byteOrderMark is what editors on Windows write in front of UTF-8. It is no part of the text.
const byteOrderMark = "\uFEFF"

// unreadable returns the error about a file that exists and cannot be read.
func unreadable(err error) error {
	if errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTDIR) {
		return fault.New(fault.Usage, "put a file there, or remove it: a missing one counts as empty", "%w", err)
	}
	return fault.New(fault.Environment, "make it readable for this user", "%w", err)
}

// syntaxFault returns the error about a file that is not TOML, with line and column.
func syntaxFault(path string, err error) error {
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		line, column := decode.Position()
		return fault.New(fault.Usage, "", "%s:%d:%d: %s", path, line, column, strings.TrimPrefix(decode.Error(), "toml: "))
	}
	return fault.New(fault.Usage, "", "%s: %v", path, err)
}

// Row is an effective value.
type Row struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Origin string `json:"origin"` // "site/site.toml:3", a variable's name, or "default"
}

// Rows returns every value, in the order of the struct's fields.
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

// walk visits every value of a struct with its key, also in tables.
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

// isTables reports whether a type is an array of tables.
func isTables(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

// show returns a value as text.
func show(v reflect.Value) string {
	if list, ok := v.Interface().([]string); ok {
		return strings.Join(list, ", ")
	}
	if values, ok := v.Interface().(map[string]string); ok {
		return showTextMap(values)
	}
	return fmt.Sprint(v.Interface())
}
