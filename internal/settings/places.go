package settings

import (
	"fmt"
	"reflect"
	"slices"
)

// Other is a different file of the project, whose keys may be written into this one by
// mistake.
type Other struct {
	path   string
	places map[string][]string
}

// OtherFile returns the file at path, which is read into a T.
func OtherFile[T any](path string) Other {
	return Other{path: path, places: placesOf(reflect.TypeFor[T]())}
}

// placesOf returns for the name of each key the tables of a struct that have it: "[upstream]",
// "[[kernel]]", or "" for the struct itself.
func placesOf(t reflect.Type) map[string][]string {
	places := map[string][]string{}
	collectPlaces(t, "", "", places)
	return places
}

func collectPlaces(t reflect.Type, prefix, table string, places map[string][]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("toml")
		if !slices.Contains(places[name], table) {
			places[name] = append(places[name], table)
		}
		switch {
		case f.Type.Kind() == reflect.Struct:
			collectPlaces(f.Type, prefix+name+".", "["+prefix+name+"]", places)
		case isTables(f.Type):
			collectPlaces(f.Type.Elem(), prefix+name+".", "[["+prefix+name+"]]", places)
		}
	}
}

// misplaced returns the end of a message about an unknown key that is known in a different
// table or file; "" where it is not.
func (d *decoder) misplaced(name string) string {
	if tables := d.places[name]; len(tables) > 0 {
		if tables[0] == "" {
			return "; it belongs to the top of the file, before the first table"
		}
		return "; it belongs to " + tables[0]
	}
	for _, other := range d.others {
		if tables := other.places[name]; len(tables) > 0 {
			where := other.path
			if tables[0] != "" {
				where = tables[0] + " of " + where
			}
			return fmt.Sprintf("; it belongs to %s", where)
		}
	}
	return ""
}
