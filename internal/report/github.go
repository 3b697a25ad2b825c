package report

import (
	"fmt"
	"strings"
)

// Annotation is something to be shown at a line of a file.
type Annotation struct {
	Level  string // "error", "warning" or "notice"
	File   string // may be ""
	Line   int    // from 1; 0 for none
	Column int    // from 1; 0 for none
	Title  string
	Text   string
}

// UseGitHubActions has the console speak to GitHub Actions: notes become annotations, and long
// texts fold (its documentation, "Workflow commands").
func (c *Console) UseGitHubActions() { c.github = true }

// Annotate shows a note at its line, in GitHub Actions; elsewhere it does nothing.
func (c *Console) Annotate(n Annotation) {
	if !c.github {
		return
	}
	var properties []string
	for _, p := range []struct{ name, value string }{
		{"file", n.File}, {"line", number(n.Line)}, {"col", number(n.Column)}, {"title", n.Title},
	} {
		if p.value != "" {
			properties = append(properties, p.name+"="+escapeProperty(p.value))
		}
	}
	c.Logf("::%s %s::%s", n.Level, strings.Join(properties, ","), escapeData(n.Text))
}

// Fold prints a long text that is folded away, in GitHub Actions; elsewhere it does
// nothing.
func (c *Console) Fold(title, text string) {
	if c.github {
		c.Logf("::group::%s\n%s\n::endgroup::", escapeData(title), strings.TrimSuffix(text, "\n"))
	}
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func escapeProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(escapeData(s))
}
