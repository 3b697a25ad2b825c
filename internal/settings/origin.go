package settings

import (
	"fmt"
	"strings"
)

// Origin returns where a value is set: "kernel/kernels.toml:3", or the name of a variable. The
// key of an item of a list ends in its index, as "kernel[0].config[2]", and that of a value in a
// table of strings in its name. Where the file has no such key, it is the line of the table.
func (l Loaded[T]) Origin(key string) string {
	if origin, ok := l.origins[wholeOf(l.origins, key)]; ok && !strings.HasPrefix(origin, l.path+":") {
		return origin
	}
	return place(l.path, lineOf(l.lines, key))
}

// wholeOf returns the longest beginning of a key that has an origin; the key itself if no part
// of it has one.
func wholeOf(origins map[string]string, key string) string {
	for part, ok := key, true; ok; part, ok = above(part) {
		if _, known := origins[part]; known {
			return part
		}
	}
	return key
}

// lineOf returns the line of a key, or of the table without it; 0 if the file has neither.
func lineOf(lines map[string]int, key string) int {
	for part, ok := key, true; ok; part, ok = above(part) { // an inline table has no line of its own
		if line, known := lines[part]; known {
			return line
		}
	}
	return 0
}

// above returns the key without its last part; ok is false if it has one part.
func above(key string) (table string, ok bool) {
	cut := strings.LastIndexAny(key, ".[")
	if cut < 0 {
		return "", false
	}
	return key[:cut], true
}

// place returns a file with a line, unless that is 0.
func place(path string, line int) string {
	if line == 0 {
		return path
	}
	return fmt.Sprintf("%s:%d", path, line)
}
