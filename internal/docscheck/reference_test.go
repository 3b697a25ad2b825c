package docscheck

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the generated parts of docs/reference.md")

// root is the folder of go.mod, and reference the page with the generated parts.
var (
	root      = filepath.Join("..", "..")
	reference = filepath.Join(root, "docs", "reference.md")
)

// generated matches a generated part: its name and what it contains.
var generated = regexp.MustCompile(`(?s)<!-- generated: (\S+) -->\n(.*?)<!-- end -->`)

// renderers return the generated parts by name.
var renderers = map[string]func(*code) (string, error){
	"targets":      renderTargets,
	"site.toml":    renderSiteKeys,
	"kernels.toml": renderKernelKeys,
	"variables":    renderVariables,
	"exit-codes":   renderExitCodes,
	"causes":       renderCauses,
	"documents":    renderDocuments,
}

func TestReferenceMatchesTheCode(t *testing.T) {
	page, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	c, err := readCode(root)
	if err != nil {
		t.Fatal(err)
	}
	want, err := renderParts(c, string(page))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(reference, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if line, ours, theirs := firstDifference(want, string(page)); line > 0 {
		t.Errorf("docs/reference.md:%d differs from the code:\n  page %q\n  code %q\nfix: go generate ./internal/docscheck", line, theirs, ours)
	}
}

// TestWordsAreUsed finds descriptions of keys that no longer exist.
func TestWordsAreUsed(t *testing.T) {
	c, err := readCode(root)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for name, d := range c.documents() {
		for _, f := range c.fields(d.decl, d.form, "json", "") {
			known[name+" "+f.key] = true
		}
	}
	for _, f := range files {
		decl, form, err := c.structOfValue(f.defaults)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range c.fields(decl, form, "toml", "") {
			known[f.name+" "+k.key] = true
		}
	}
	for word := range words {
		group, _, _ := strings.Cut(word, " ")
		if !known[word] && group != "*" && group != "cause" && group != "variable" {
			t.Errorf("words_test.go describes %q, which does not exist", word)
		}
	}
}

// renderParts returns the page with its generated parts rendered. It is an error if a part
// is unknown, or if a renderer's part is missing from the page.
func renderParts(c *code, page string) (string, error) {
	missing := map[string]bool{}
	for name := range renderers {
		missing[name] = true
	}
	var failed error
	page = generated.ReplaceAllStringFunc(page, func(part string) string {
		name := generated.FindStringSubmatch(part)[1]
		delete(missing, name)
		render, ok := renderers[name]
		if !ok {
			failed = fmt.Errorf("docs/reference.md: unknown generated part %q", name)
			return part
		}
		text, err := render(c)
		if err != nil {
			failed = fmt.Errorf("render %s: %w", name, err)
		}
		return fmt.Sprintf("<!-- generated: %s -->\n%s<!-- end -->", name, text)
	})
	for name := range missing {
		failed = fmt.Errorf("docs/reference.md: generated part %q is missing", name)
	}
	return page, failed
}

// firstDifference returns the first line, from 1, in which two texts differ; 0 if none.
func firstDifference(a, b string) (line int, inA, inB string) {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range max(len(as), len(bs)) {
		inA, inB = at(as, i), at(bs, i)
		if inA != inB {
			return i + 1, inA, inB
		}
	}
	return 0, "", ""
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(end of file)"
}

// table renders a Markdown table. A | in a cell is escaped.
func table(head []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) {
		for _, c := range cells {
			fmt.Fprintf(&b, "| %s ", strings.ReplaceAll(c, "|", `\|`))
		}
		b.WriteString("|\n")
	}
	line(head)
	b.WriteString(strings.Repeat("| --- ", len(head)) + "|\n")
	for _, row := range rows {
		line(row)
	}
	return b.String()
}

// mono sets a text in code style; an empty one stays empty.
func mono(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}
