package settings

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// isTextMap reports whether a type is a table of strings with keys of the user's choice.
func isTextMap(t reflect.Type) bool { return t == reflect.TypeFor[map[string]string]() }

// setTextMap stores a table of strings in a field. It reports whether both are such tables.
func setTextMap(field reflect.Value, tree map[string]any) bool {
	if !isTextMap(field.Type()) {
		return false
	}
	values := map[string]string{}
	for name, value := range tree {
		text, ok := value.(string)
		if !ok {
			return false
		}
		values[name] = text
	}
	field.Set(reflect.ValueOf(values))
	return true
}

// parseTextMap reads the text of a variable, "name=value,name=value", into a field.
func parseTextMap(field reflect.Value, text string) bool {
	values := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			return false
		}
		values[name] = value
	}
	field.Set(reflect.ValueOf(values))
	return true
}

// showTextMap returns a table of strings as text, sorted by name.
func showTextMap(values map[string]string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		list = append(list, fmt.Sprintf("%s=%s", name, values[name]))
	}
	return strings.Join(list, ", ")
}
