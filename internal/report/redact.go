package report

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// redacted is printed in place of a secret.
const redacted = "***"

// AddSecret redacts a secret from everything that is printed from now on: as it is, quoted as
// in Go and JSON, and escaped as in a URL.
func (c *Console) AddSecret(secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range []string{secret, strings.TrimSpace(secret)} {
		for _, form := range []string{s, unquoted(strconv.Quote(s)), unquoted(jsonString(s)), url.QueryEscape(s), url.PathEscape(s)} {
			if form != "" {
				c.secrets = append(c.secrets, form)
			}
		}
	}
}

// Redact returns text with every known secret replaced by ***.
func (c *Console) Redact(text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.redact(text)
}

func (c *Console) redact(text string) string {
	for _, s := range c.secrets {
		text = strings.ReplaceAll(text, s, redacted)
	}
	return text
}

// literal matches a string of a JSON text, and the colon after the name of a field.
var literal = regexp.MustCompile(`"(?:[^"\\]|\\.)*":?`)

// redactJSON redacts the strings of a JSON text other than names of fields: what it returns is
// JSON of the same fields, whatever a secret consists of.
func (c *Console) redactJSON(text string) string {
	return literal.ReplaceAllStringFunc(text, func(quoted string) string {
		var value string
		if strings.HasSuffix(quoted, ":") || json.Unmarshal([]byte(quoted), &value) != nil {
			return quoted
		}
		if clean := c.redact(value); clean != value {
			return jsonString(clean)
		}
		return quoted
	})
}

// jsonString returns a string as JSON.
func jsonString(s string) string {
	text, _ := encode(s, "") // a string always has a JSON form
	return strings.TrimSuffix(string(text), "\n")
}

// unquoted returns what is between the quotes.
func unquoted(s string) string { return s[1 : len(s)-1] }
