package settings

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
)

// indexes matches the indexes of arrays of tables in a key: the file does not write them.
var indexes = regexp.MustCompile(`\[\d+\]`)

// writtenAs returns how the file begins a table or array of tables of this type: "[upstream]",
// "[[kernel]]"; "" for any other type.
func writtenAs(key string, t reflect.Type) string {
	key = indexes.ReplaceAllString(key, "")
	switch {
	case isTables(t):
		return "[[" + key + "]]"
	case t.Kind() == reflect.Struct || isMap(t):
		return "[" + key + "]"
	}
	return ""
}

// written returns how the file has begun a value: "[[kernels]]", "[kernel]" or "[kernel.micro]";
// "" for one that is no table.
func written(key string, value any) string {
	key = indexes.ReplaceAllString(key, "")
	switch v := value.(type) {
	case map[string]any:
		if name := onlyName(v); name != "" {
			key += "." + name
		}
		return "[" + key + "]"
	case []any:
		if len(v) > 0 && !slices.ContainsFunc(v, func(each any) bool { _, ok := each.(map[string]any); return !ok }) {
			return "[[" + key + "]]"
		}
	}
	return ""
}

// onlyName returns the first name in a table of tables, such as micro in [kernel.micro]; "" for
// any other table.
func onlyName(table map[string]any) string {
	names := slices.Sorted(maps.Keys(table))
	for _, name := range names {
		if _, ok := table[name].(map[string]any); !ok {
			return ""
		}
	}
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// hasName reports whether a struct has a key "name".
func hasName(t reflect.Type) bool {
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("toml") == "name" {
			return true
		}
	}
	return false
}

// wantKind returns kindOf, with the way in which a table or array of tables is written.
func wantKind(key string, t reflect.Type) string {
	if form := writtenAs(key, t); form != "" {
		return fmt.Sprintf("%s, written %s", kindOf(t), form)
	}
	return kindOf(t)
}

// gotForm returns gotKind, with the way in which a table or array of tables is written.
func gotForm(key string, value any) string {
	form := written(key, value)
	switch value.(type) {
	case []any:
		if form != "" {
			return "an array of tables, written " + form
		}
	case map[string]any:
		return "a table, written " + form
	}
	return gotKind(value)
}
