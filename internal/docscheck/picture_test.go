package docscheck

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPictureShowsTheRun compares the picture of a run with its text: docs/img/run.svg shows
// the lines of docs/img/run.txt, which are those of a real run, some left out.
func TestPictureShowsTheRun(t *testing.T) {
	folder := filepath.Join(root, "docs", "img")
	text, err := os.ReadFile(filepath.Join(folder, "run.txt"))
	if err != nil {
		t.Fatal(err)
	}
	want := terminal(strings.Split(strings.TrimSpace(string(text)), "\n"))
	path := filepath.Join(folder, "run.svg")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("docs/img/run.svg does not show run.txt (%v)\nfix: go generate ./internal/docscheck", err)
	}
}

// The picture's measures, in pixels.
const (
	lineHeight = 20
	charWidth  = 7.3 // of a 12 pixel monospaced font
	margin     = 16
	titleBar   = 28
)

// terminal renders lines as a terminal shows them. Commands and results are bright.
func terminal(lines []string) string {
	longest := 0
	for _, line := range lines {
		longest = max(longest, len(line))
	}
	width, height := int(float64(longest)*charWidth)+2*margin, titleBar+margin+len(lines)*lineHeight
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img">`+"\n", width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n", html.EscapeString(lines[0]))
	b.WriteString(`<rect width="100%" height="100%" rx="8" fill="#14181f"/>` + "\n")
	for i, colour := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="16" r="5" fill="%s"/>`+"\n", margin+5+i*16, colour)
	}
	b.WriteString(`<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="12" xml:space="preserve">` + "\n")
	for i, line := range lines {
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="%s" textLength="%.0f">%s</text>`+"\n",
			margin, titleBar+margin+i*lineHeight, colour(line), float64(len(line))*charWidth, html.EscapeString(line))
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// colour returns the colour of a line: that of a command, of a result, or of progress.
func colour(line string) string {
	switch {
	case strings.HasPrefix(line, "$ "):
		return "#ffffff"
	case strings.Contains(line, "passed,"), strings.Contains(line, ": booted"), strings.Contains(line, ": built in"), strings.HasPrefix(line, "dist/"):
		return "#7ee787"
	}
	return "#9aa4b2"
}
