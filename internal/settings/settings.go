// Package settings reads Kiln's TOML files strictly into plain structs, overrides their
// values from the environment, and records the origin of each value.
//
// A struct's fields have `toml:"name"` tags, and are strings, integers, booleans, lists of
// strings, tables (structs), tables of strings (maps) and arrays of tables (slices of structs). All faults of a file
// come in one error, sorted by line: unknown keys, wrong types, and what the struct's own
// Check method reports.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

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
	path    string
	lines   map[string]int    // of each key in the file
	origins map[string]string // by key; a key without an origin has its default
}

// Load returns defaults, overridden by the file at path and then by the variables of
// environ (NAME=value) that begin with prefix. A missing file counts as empty.
//
// The variable of the key "upstream.sums" is prefix and UPSTREAM_SUMS. Commas divide a list,
// except within quotes; see splitList, and splitMap for a table of strings. An empty variable
// counts as unset. The variable of a key in an array of tables does not name the array, and
// sets the key in every table; there is none where the array has the tag `env:"-"`.
//
// The message about an unknown key says so where it belongs to one of the other files.
//
// Faults of the file and the variables are one error of class fault.Usage. A file that this
// user may not read is one of class fault.Environment.
func Load[T any](path, prefix string, defaults T, environ []string, others ...Other) (Loaded[T], error) {
	l := Loaded[T]{Value: defaults, path: path, origins: map[string]string{}}
	text, err := read(path)
	if err != nil {
		return l, err
	}
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		return l, syntaxFault(path, err)
	}
	l.lines = keyLines(text)
	d := &decoder{path: path, lines: l.lines, origins: l.origins, places: placesOf(reflect.TypeFor[T]()), others: others}
	root := reflect.ValueOf(&l.Value).Elem()
	d.table("", tree, root)
	d.environment(prefix, environ, root)
	if c, ok := any(l.Value).(Checker); ok {
		c.Check(d.report)
	}
	return l, d.err()
}

// maxSize bounds a file in bytes. A larger one is no configuration.
const maxSize = 4 << 20

// read returns the text of a file without a byte order mark; nothing where it is missing.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unreadable(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	switch {
	case err != nil:
		return nil, unreadable(err)
	case len(text) > maxSize:
		return nil, fault.New(fault.Usage, "put the right file there", "read %s: it has more than %d MiB", path, maxSize>>20)
	case bytes.HasPrefix(text, []byte("\xFF\xFE")) || bytes.HasPrefix(text, []byte("\xFE\xFF")):
		return nil, fault.New(fault.Usage, "save it as UTF-8", "read %s: it is UTF-16", path)
	}
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			line := 1 + bytes.Count(text[:at], []byte("\n"))
			return nil, fault.New(fault.Usage, "save it as UTF-8", "%s:%d: the byte %#x is not UTF-8", path, line, text[at])
		}
		at += size
	}
	return text, nil
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

// isMap reports whether a type is a table of strings.
func isMap(t reflect.Type) bool { return t == reflect.TypeFor[map[string]string]() }

// isTables reports whether a type is an array of tables.
func isTables(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

// show returns a value as text.
func show(v reflect.Value) string {
	switch v := v.Interface().(type) {
	case []string:
		return strings.Join(v, ", ")
	case map[string]string:
		var list []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			list = append(list, name+"="+v[name])
		}
		return strings.Join(list, ", ")
	}
	return fmt.Sprint(v.Interface())
}
