package report

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// redacted is printed in place of a secret.
const redacted = "***"

// Secrets are kept out of messages where they are made: no error and no line of log of Kiln's
// own has one. Redaction is for texts of others, as of an engine or a registry, and for logs
// alone: a result is printed as it is.

// AddSecret redacts a secret from every log line that is printed from now on: as it is, and
// quoted as in Go. A secret that a text may contain by chance, as a short one or a word, is not
// looked for: that would alter what is printed and show what the secret is.
func (c *Console) AddSecret(secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	secret = strings.TrimSpace(secret)
	if !distinctive(secret) {
		return
	}
	c.secrets = append(c.secrets, secret)
	if quoted := strconv.Quote(secret); quoted != `"`+secret+`"` {
		c.secrets = append(c.secrets, quoted[1:len(quoted)-1])
	}
}

// distinctive reports whether no text contains a secret by chance: it has at least eight
// characters, of two kinds if they are fewer than sixteen.
func distinctive(secret string) bool {
	kinds := map[string]bool{}
	for _, r := range secret {
		switch {
		case unicode.IsLower(r):
			kinds["lower"] = true
		case unicode.IsUpper(r):
			kinds["upper"] = true
		case unicode.IsDigit(r):
			kinds["digit"] = true
		default:
			kinds["other"] = true
		}
	}
	return len(secret) >= 16 || len(secret) >= 8 && len(kinds) > 1
}

// Redact returns a text of log without the passwords of URLs and the known secrets.
func (c *Console) Redact(text string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.redact(text)
}

func (c *Console) redact(text string) string {
	text = webAccount.ReplaceAllString(text, "$1"+redacted+"@")
	text = password.ReplaceAllString(text, "$1"+redacted+"@")
	for _, s := range c.secrets {
		text = strings.ReplaceAll(text, s, redacted)
	}
	return text
}

var (
	webAccount = regexp.MustCompile(`(?i)(https?://)[^\s/"'<>]+@`)                          // a user name may be a token
	password   = regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://[^\s/@:"'<>]*:)[^\s/"'<>]*@`) // ssh://me@host has none
)
