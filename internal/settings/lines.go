package settings

import (
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// keyLines returns the line, from 1, of every key, table and item of a list of a valid TOML
// file. A table of an array and an item have their index in the key: kernel[0].config[2].
func keyLines(text []byte) map[string]int {
	lines := map[string]int{}
	count := map[string]int{}
	prefix := ""
	p := &unstable.Parser{}
	p.Reset(text)
	for p.NextExpression() {
		e := p.Expression()
		key, line := dotted(p, e.Key())
		switch e.Kind {
		case unstable.Table:
			prefix = inLast(key, count) + "."
			addLine(lines, strings.TrimSuffix(prefix, "."), line)
		case unstable.ArrayTable:
			key = inLast(key, count)
			prefix = fmt.Sprintf("%s[%d].", key, count[key])
			count[key]++
			addLine(lines, strings.TrimSuffix(prefix, "."), line)
		case unstable.KeyValue:
			addLine(lines, prefix+key, line)
			itemLines(p, prefix+key, e.Value(), lines)
		}
	}
	return lines
}

// addLine adds the line of a key. The tables above it that have none yet begin there too.
func addLine(lines map[string]int, key string, line int) {
	lines[key] = line
	for table, ok := above(key); ok; table, ok = above(table) {
		if _, known := lines[table]; !known {
			lines[table] = line
		}
	}
}

// itemLines adds the lines of the items of a list. Tables in it have none.
func itemLines(p *unstable.Parser, key string, value *unstable.Node, lines map[string]int) {
	if value.Kind != unstable.Array {
		return
	}
	items := value.Children()
	for i := 0; items.Next(); i++ {
		if n := items.Node(); n.Raw.Length > 0 {
			lines[fmt.Sprintf("%s[%d]", key, i)] = p.Shape(n.Raw).Start.Line
		}
	}
}

// inLast returns the key of a table that may belong to the last table of an array.
func inLast(key string, count map[string]int) string {
	first, rest, deep := strings.Cut(key, ".")
	if n := count[first]; n > 0 && deep {
		return fmt.Sprintf("%s[%d].%s", first, n-1, rest)
	}
	return key
}

// dotted returns a key with its parts joined by dots, and its line.
func dotted(p *unstable.Parser, parts unstable.Iterator) (key string, line int) {
	var names []string
	for parts.Next() {
		n := parts.Node()
		names = append(names, string(n.Data))
		if line == 0 {
			line = p.Shape(n.Raw).Start.Line
		}
	}
	return strings.Join(names, "."), line
}
