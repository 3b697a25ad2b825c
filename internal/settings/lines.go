package settings

import (
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// keyLines returns the line, from 1, of every key and table of a valid TOML file. A table
// of an array has its index in the key: kernel[0].
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
			lines[strings.TrimSuffix(prefix, ".")] = line
		case unstable.ArrayTable:
			prefix = fmt.Sprintf("%s[%d].", key, count[key])
			count[key]++
			lines[strings.TrimSuffix(prefix, ".")] = line
		case unstable.KeyValue:
			lines[prefix+key] = line
		}
	}
	return lines
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
