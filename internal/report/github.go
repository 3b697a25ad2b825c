package report

import (
	"fmt"
	"strings"
)

// Annotation is a message about a line of a file.
type Annotation struct {
	Level  string // "error", "warning" or "notice"
	File   string // may be ""
	Line   int    // from 1; 0 for none
	Column int    // from 1; 0 for none
	Title  string
	Text   string
}

// UseGitHubActions makes the console print annotations and folded groups in the form of
// GitHub Actions (its documentation, "Workflow commands").
func (c *Console) UseGitHubActions() { c.github = true }

// Annotate prints an annotation for GitHub Actions; elsewhere it does nothing.
func (c *Console) Annotate(a Annotation) {
	if !c.github {
		return
	}
	var properties []string
	for _, p := range []struct{ name, value string }{
		{"file", a.File}, {"line", number(a.Line)}, {"col", number(a.Column)}, {"title", a.Title},
	} {
		if p.value != "" {
			properties = append(properties, p.name+"="+escapeProperty(p.value))
		}
	}
	c.Logf("::%s %s::%s", a.Level, strings.Join(properties, ","), escapeData(a.Text))
}

// Fold prints a long text as a folded group of GitHub Actions; elsewhere it does nothing.
func (c *Console) Fold(title, text string) {
	if c.github {
		c.Logf("::group::%s\n%s\n::endgroup::", escapeData(title), strings.TrimSuffix(text, "\n"))
	}
}

// number returns a number as text, "" for 0.
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
