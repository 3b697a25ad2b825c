package settings

import (
	"errors"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// listForm says how a variable has a list.
const listForm = `items with commas between them; a comma within "quotes" divides nothing, and ["a", "b"] works as well`

// errOpenQuote is the error for a quote without its end.
var errOpenQuote = errors.New(`a quote " has no end`)

// splitList returns the items of a list in a variable. Commas and ends of lines divide them,
// except within double quotes. An item that begins with a quote is meant without its quotes,
// with "" for one of its own (RFC 4180); quotes within an item, as in CONFIG_X="a,b", belong to
// it. Items that are empty are left out, and blanks around items are no part of them. A text
// in brackets is a list as TOML and JSON have it.
func splitList(text string) ([]string, error) {
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		var doc struct{ List []string }
		err := toml.Unmarshal([]byte("List = "+text), &doc)
		return doc.List, err
	}
	var items []string
	for text != "" {
		item, quoted, rest, err := nextItem(text)
		if err != nil {
			return nil, err
		}
		if item != "" || quoted {
			items = append(items, item)
		}
		text = rest
	}
	return items, nil
}

// nextItem returns the first item of a list, whether it begins with a quote, and the rest.
func nextItem(text string) (item string, quoted bool, rest string, err error) {
	text = strings.TrimLeft(text, " \t\r")
	if strings.HasPrefix(text, `"`) {
		return quotedItem(text)
	}
	open := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && open:
			i++ // what it escapes ends no quote
		case c == '"':
			open = !open
		case (c == ',' || c == '\n') && !open:
			return strings.TrimSpace(text[:i]), false, text[i+1:], nil
		}
	}
	if open {
		return "", false, "", errOpenQuote
	}
	return strings.TrimSpace(text), false, "", nil
}

// quotedItem is nextItem for a text that begins with a quote.
func quotedItem(text string) (item string, quoted bool, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		if text[i] != '"' {
			b.WriteByte(text[i])
			continue
		}
		if strings.HasPrefix(text[i+1:], `"`) {
			b.WriteByte('"')
			i++
			continue
		}
		rest := strings.TrimLeft(text[i+1:], " \t\r")
		if rest != "" && rest[0] != ',' && rest[0] != '\n' {
			return "", false, "", errors.New(`there is something between the end of a quote and the comma`)
		}
		return b.String(), true, strings.TrimPrefix(strings.TrimPrefix(rest, ","), "\n"), nil
	}
	return "", false, "", errOpenQuote
}

// mapForm says how a variable has a table of strings.
const mapForm = `name=value with commas between them; a comma within "quotes" divides nothing, and { name = "value" } works as well`

// splitMap returns the table of strings in a variable: a list of name=value, or an inline
// table as TOML has it.
func splitMap(text string) (map[string]string, error) {
	if strings.HasPrefix(text, "{") && strings.HasSuffix(text, "}") {
		var doc struct{ Table map[string]string }
		err := toml.Unmarshal([]byte("Table = "+text), &doc)
		return doc.Table, err
	}
	items, err := splitList(text)
	table := map[string]string{}
	for _, item := range items {
		name, value, ok := strings.Cut(item, "=")
		if !ok {
			return nil, errors.New("an item has no =")
		}
		if _, twice := table[strings.TrimSpace(name)]; twice {
			return nil, errors.New("a name occurs twice")
		}
		table[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return table, err
}
