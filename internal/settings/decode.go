package settings

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/moby/buildkit/util/suggest"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// decoder fills a struct and collects faults.
type decoder struct {
	path    string
	lines   map[string]int // of each key in the file
	origins map[string]string
	places  map[string][]string // of each name; see placesOf
	others  []Other
	faults  []placed
}

// placed is a fault of a key, and its line, 0 for none.
type placed struct {
	key    string
	line   int
	text   string
	unread bool // the value has a wrong kind
}

// table fills a struct from a table of the file whose keys begin with prefix.
func (d *decoder) table(prefix string, tree map[string]any, into reflect.Value) {
	fields := fieldsOf(into)
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		key, value := prefix+name, tree[name]
		field, known := fields[name]
		if !known {
			d.unknown(key, name, value, fields)
			continue
		}
		d.value(key, value, field)
	}
}

// value fills one field of any kind.
func (d *decoder) value(key string, value any, field reflect.Value) {
	switch {
	case field.Kind() == reflect.Struct:
		if tree, ok := value.(map[string]any); ok {
			d.table(key+".", tree, field)
			return
		}
	case isTables(field.Type()):
		if d.tables(key, value, field) {
			return
		}
	case set(field, value):
		d.origins[key] = place(d.path, lineOf(d.lines, key))
		return
	}
	if d.strings(key, value, field) {
		return
	}
	d.fault(key, "%s: expected %s, got %s%s", key, wantKind(key, field.Type()), gotForm(key, value), hintFor(key, field.Type(), value))
	d.faults[len(d.faults)-1].unread = true
}

// unknown adds the fault of a key that the table has not.
func (d *decoder) unknown(key, name string, value any, fields map[string]reflect.Value) {
	form := written(key, value)
	near, ok := suggest.Search(name, names(fields), false)
	if form == "" || !ok || writtenAs(near, fields[near].Type()) == "" {
		what := fmt.Sprintf("key %q", name)
		if form != "" {
			what = "table " + form
		}
		d.fault(key, "unknown %s%s", what, cmp.Or(d.misplaced(name), nearest(name, names(fields))))
		return
	}
	meant, t := strings.TrimSuffix(key, name)+near, fields[near].Type()
	d.fault(key, "unknown table %s%s", form, cmp.Or(hintFor(meant, t, value), "; expected "+writtenAs(meant, t)))
}

// strings fills a table of strings, and reports the values that are none. It reports whether
// field and value are tables.
func (d *decoder) strings(key string, value any, field reflect.Value) bool {
	tree, ok := value.(map[string]any)
	if !ok || !isMap(field.Type()) {
		return false
	}
	table := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		if text, ok := tree[name].(string); ok {
			table[name] = text
		} else {
			d.fault(key+"."+name, "%s: %q: expected a string, got %s", key, name, gotKind(tree[name]))
		}
	}
	field.Set(reflect.ValueOf(table))
	d.origins[key] = place(d.path, lineOf(d.lines, key))
	return true
}

// hintFor returns how a value is written that is meant by one of the wrong kind; "" where
// nothing is certain.
func hintFor(key string, t reflect.Type, value any) string {
	switch v := value.(type) {
	case map[string]any:
		if name := onlyName(v); name != "" && isTables(t) && hasName(t.Elem()) {
			return fmt.Sprintf("; write %s, and below it name = %q", writtenAs(key, t), name)
		}
	case string:
		if t.Kind() == reflect.Slice && !isTables(t) {
			return fmt.Sprintf("; write it as [%q]", v)
		}
		if _, err := strconv.Atoi(v); err == nil && t.Kind() == reflect.Int || (v == "true" || v == "false") && t.Kind() == reflect.Bool {
			return "; write it without quotes: " + v
		}
	case int64, float64:
		if t.Kind() == reflect.String {
			return "; write it in quotes"
		}
	}
	return ""
}

// tables fills an array of tables. It reports whether the value is one.
func (d *decoder) tables(key string, value any, field reflect.Value) bool {
	list, ok := value.([]any)
	if !ok {
		return false
	}
	field.Set(reflect.MakeSlice(field.Type(), len(list), len(list)))
	for i, each := range list {
		tree, ok := each.(map[string]any)
		if !ok {
			return false
		}
		d.table(fmt.Sprintf("%s[%d].", key, i), tree, field.Index(i))
	}
	return true
}

// set stores a value in a field. It reports whether the kinds match.
func set(field reflect.Value, value any) bool {
	switch v := value.(type) {
	case string:
		if field.Kind() == reflect.String {
			field.SetString(v)
			return true
		}
	case int64:
		if field.Kind() == reflect.Int && !field.OverflowInt(v) {
			field.SetInt(v)
			return true
		}
	case bool:
		if field.Kind() == reflect.Bool {
			field.SetBool(v)
			return true
		}
	case []any:
		return setList(field, v)
	}
	return false
}

// setList stores a list of strings in a field. It reports whether both are such lists.
func setList(field reflect.Value, values []any) bool {
	if field.Type() != reflect.TypeFor[[]string]() {
		return false
	}
	list := make([]string, len(values))
	for i, v := range values {
		text, ok := v.(string)
		if !ok {
			return false
		}
		list[i] = text
	}
	field.Set(reflect.ValueOf(list))
	return true
}

// report adds a fault that a Checker reports, unless the value was not read: the Checker saw
// its default.
func (d *decoder) report(key, format string, args ...any) {
	if slices.ContainsFunc(d.faults, func(f placed) bool { return f.key == d.whole(key) && f.unread }) {
		return
	}
	d.fault(key, "%s: %s", d.whole(key), fmt.Sprintf(format, args...))
}

// fault adds a fault of a key, at the origin of its value.
func (d *decoder) fault(key, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if origin, ok := d.origins[d.whole(key)]; ok && !strings.HasPrefix(origin, d.path+":") {
		d.faults = append(d.faults, placed{key: key, text: origin + ": " + text})
		return
	}
	line := lineOf(d.lines, key)
	d.faults = append(d.faults, placed{key: key, line: line, text: place(d.path, line) + ": " + text})
}

// whole returns the key of the value that a key is a part of, as the item of a list.
func (d *decoder) whole(key string) string { return wholeOf(d.origins, key) }

// err returns all faults as one error, sorted by line.
func (d *decoder) err() error {
	if len(d.faults) == 0 {
		return nil
	}
	sort.SliceStable(d.faults, func(i, j int) bool { return d.faults[i].line < d.faults[j].line })
	lines := make([]string, len(d.faults))
	for i, f := range d.faults {
		lines[i] = f.text
	}
	return fault.New(fault.Usage, "", "%s", strings.Join(slices.Compact(lines), "\n"))
}

// fieldsOf returns a struct's fields by their names in the file.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		fields[v.Type().Field(i).Tag.Get("toml")] = v.Field(i)
	}
	return fields
}

// names returns the sorted names of fields.
func names(fields map[string]reflect.Value) []string {
	var list []string
	for name := range fields {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// nearest returns the end of a message about an unknown name: the name that may be meant,
// or all known ones.
func nearest(got string, known []string) string {
	if near, ok := suggest.Search(got, known, false); ok {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return "; known are " + strings.Join(known, ", ")
}

// kindOf returns the name of the kind of value that a field takes.
func kindOf(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Struct:
		return "a table"
	case isTables(t):
		return "an array of tables"
	case isMap(t):
		return "a table of strings"
	case t.Kind() == reflect.Slice:
		return "a list of strings"
	case t.Kind() == reflect.Int:
		return "a whole number"
	case t.Kind() == reflect.Bool:
		return "true or false"
	}
	return "a string"
}

// gotKind returns the name of the kind of a value in the file.
func gotKind(value any) string {
	switch v := value.(type) {
	case string:
		return "a string"
	case int64:
		return "a whole number"
	case float64:
		return "a number with a fraction"
	case bool:
		return fmt.Sprint(v)
	case []any:
		for _, each := range v {
			if _, ok := each.(string); !ok {
				return "a list with " + gotKind(each)
			}
		}
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a date or time"
}
