package docscheck

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// readmeLines is the most that README.md may have: it is read in a minute.
const readmeLines = 150

// page is a Markdown file, by its path from the root of the module.
type page struct{ path, text string }

// readPages returns README.md and the pages of docs/.
func readPages(t *testing.T) []page {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("find the pages of docs/: %d pages, %v", len(paths), err)
	}
	var pages []page
	for _, path := range append(paths, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, page{filepath.ToSlash(name), string(text)})
	}
	return pages
}

func TestReadmeIsShort(t *testing.T) {
	for _, p := range readPages(t) {
		if n := strings.Count(p.text, "\n"); p.path == "README.md" && n > readmeLines {
			t.Errorf("README.md has %d lines, at most %d are allowed: move what few people need to docs/", n, readmeLines)
		}
	}
}

// TestReadmeHasTheTwoCommands requires the commands that a fresh machine starts with.
func TestReadmeHasTheTwoCommands(t *testing.T) {
	for _, p := range readPages(t) {
		for _, command := range []string{"go tool mage setup all", "go tool mage setup test"} {
			if p.path == "README.md" && !strings.Contains(p.text, command) {
				t.Errorf("README.md does not have the command %q", command)
			}
		}
	}
}

// link matches the target of a Markdown link or picture, and of an HTML picture.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"`)

func TestLinksResolve(t *testing.T) {
	for _, p := range readPages(t) {
		for _, m := range link.FindAllStringSubmatch(withoutCode(p.text), -1) {
			if fault := p.follow(m[1] + m[2]); fault != "" {
				t.Errorf("%s: link %s%s: %s", p.path, m[1], m[2], fault)
			}
		}
	}
}

// follow returns why a link does not resolve, "" if it resolves. Links to other sites are not
// followed.
func (p page) follow(target string) string {
	if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return ""
	}
	path, anchor, hasAnchor := strings.Cut(target, "#")
	file := filepath.Join(root, filepath.FromSlash(p.path))
	if path != "" {
		file = filepath.Join(filepath.Dir(file), filepath.FromSlash(path))
	}
	if _, err := os.Stat(file); err != nil {
		return "no such file"
	}
	if !hasAnchor {
		return ""
	}
	text, err := os.ReadFile(file)
	if err != nil || !slices.Contains(anchors(string(text)), anchor) {
		return "no such heading"
	}
	return ""
}

var (
	heading   = regexp.MustCompile(`(?m)^#{1,6} +(.+)$`)
	unspoken  = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
	codeBlock = regexp.MustCompile("(?ms)^ *```.*?^ *```|^    .*?$")
	codeSpan  = regexp.MustCompile("`[^`\n]+`")
)

// anchors returns the anchors of a page's headings, as GitHub derives them.
func anchors(text string) (list []string) {
	for _, m := range heading.FindAllStringSubmatch(withoutBlocks(text), -1) {
		name := strings.ToLower(strings.TrimSpace(m[1]))
		name = strings.ReplaceAll(unspoken.ReplaceAllString(name, ""), " ", "-")
		list = append(list, name)
	}
	return list
}

func withoutBlocks(text string) string { return codeBlock.ReplaceAllString(text, "") }

func withoutCode(text string) string { return codeSpan.ReplaceAllString(withoutBlocks(text), "") }

// unplain matches words that have a plainer or more exact one: "again" or "newly" for anew,
// "fix" for mend, "environment" for surroundings.
var unplain = regexp.MustCompile(`(?i)\b(anew|mend(s|ed|ing)?|surroundings|for want of|wares?|goods|moulds?|clay|pott(er|ery))\b`)

func TestWordsArePlain(t *testing.T) {
	for _, p := range readPages(t) {
		text := generated.ReplaceAllString(p.text, "") // that is the code's, and checked there
		for _, word := range unplain.FindAllString(text, -1) {
			t.Errorf("%s has the word %q", p.path, word)
		}
	}
}
