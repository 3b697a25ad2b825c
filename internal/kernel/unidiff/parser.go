package unidiff

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// parser reads a patch line by line.
type parser struct {
	lines   []string
	at      int // number of the present line, from 1
	diff    Diff
	changes int  // hunks, renames, modes, binary contents
	named   bool // the present file is in diff.Files, by its --- and +++ lines or by git's header
	git     File // names in git's extended headers
}

// next goes to the next line, and reports whether there is one.
func (p *parser) next() bool {
	p.at++
	return p.at <= len(p.lines)
}

// text returns the present line; ahead the one after it.
func (p *parser) text() string  { return strings.TrimSuffix(p.lines[p.at-1], "\r") }
func (p *parser) ahead() string { return p.peek(0) }

// peek returns a line after the next, without reading it.
func (p *parser) peek(n int) string {
	if p.at+n >= len(p.lines) {
		return ""
	}
	return strings.TrimSuffix(p.lines[p.at+n], "\r")
}

// line reads a line that is not in a hunk.
func (p *parser) line() error {
	text := p.text()
	if rest, ok := strings.CutPrefix(text, "@@ -"); ok {
		return p.hunk(rest)
	}
	switch {
	case strings.HasPrefix(text, "diff --git "):
		p.named, p.git = false, gitNames(strings.TrimPrefix(text, "diff --git "))
		p.git.Line = p.at
	case strings.HasPrefix(text, "--- ") && strings.HasPrefix(p.ahead(), "+++ "):
		p.names(text[4:], p.ahead()[4:])
	case strings.HasPrefix(text, "*** ") && strings.HasPrefix(p.ahead(), "--- ") && strings.HasPrefix(p.peek(1), "***************"):
		p.names(text[4:], p.ahead()[4:])
	case text == "***************" || strings.HasPrefix(text, "*************** "):
		p.changes++
	case strings.HasPrefix(text, "@@@ -"):
		return errors.New("a combined diff, as git shows for a merge, cannot be applied; make one against a single parent: git diff PARENT MERGE")
	case strings.HasPrefix(text, "Binary files ") && strings.HasSuffix(text, " differ"):
		return fmt.Errorf("%q: the patch lacks the content; make it with git diff --binary, or git format-patch", text)
	case p.git.Line > 0 && strings.HasSuffix(text, " "+submodule) && (strings.HasPrefix(text, "index ") || strings.Contains(text, " file mode ")):
		return errors.New("it changes a submodule of git, which no source has; make the patch without it")
	case text == "GIT binary patch":
		p.diff.Binary = true
		p.changed()
	default:
		p.extended(text)
	}
	return nil
}

// submodule is the mode that git gives a submodule.
const submodule = "160000"

// extended reads one of git's extended headers, which change a file without a hunk.
func (p *parser) extended(text string) {
	if p.git.Line == 0 {
		return
	}
	for _, header := range []string{"rename from ", "copy from ", "rename to ", "copy to ", "old mode ", "new mode ", "new file mode ", "deleted file mode "} {
		value, ok := strings.CutPrefix(text, header)
		if !ok {
			continue
		}
		switch header {
		case "rename from ", "copy from ":
			p.git.Old = "a/" + unquote(value)
		case "rename to ", "copy to ":
			p.git.New = "b/" + unquote(value)
		case "new file mode ":
			p.git.Old = ""
		case "deleted file mode ":
			p.git.New = ""
		}
		if !strings.HasSuffix(header, " from ") && header != "old mode " {
			p.changed()
		}
	}
}

// changed records that git's headers change the present file.
func (p *parser) changed() {
	p.changes++
	if !p.named && (p.git.Old != "" || p.git.New != "") {
		p.diff.Files, p.named = append(p.diff.Files, p.git), true
	}
}

// names reads the names of the lines --- and +++.
func (p *parser) names(before, after string) {
	f := File{Old: name(before), New: name(after), Line: p.at}
	p.at++
	if p.named && len(p.diff.Files) > 0 && p.git.Line > 0 { // git's header has it already
		p.diff.Files[len(p.diff.Files)-1] = f
	} else {
		p.diff.Files = append(p.diff.Files, f)
	}
	p.named, p.git = true, File{}
}

// hunk reads a hunk of a unified diff to its end; rest follows "@@ -".
func (p *parser) hunk(rest string) error {
	ranges, _, ok := strings.Cut(rest, " @@")
	before, after, plus := strings.Cut(ranges, " +")
	removed, err1 := length(before)
	added, err2 := length(after)
	if !ok || !plus || err1 != nil || err2 != nil {
		return fmt.Errorf("expected a hunk's header as @@ -1,2 +3,4 @@, got %q", "@@ -"+rest)
	}
	if !p.named {
		return errors.New("a hunk without the name of its file: expected the lines --- and +++ before it")
	}
	p.changes++
	for head := p.at; removed > 0 || added > 0; {
		if !p.next() || p.at == len(p.lines) && p.lines[p.at-1] == "" {
			if removed == added && removed <= maxChopped {
				return nil
			}
			return fmt.Errorf("the patch is cut off: the hunk of line %d lacks %d lines", head, max(removed, added))
		}
		switch text := p.text(); {
		case text == "" || text[0] == ' ' || text[0] == '\t': // an empty line of context may have lost its blank
			removed, added = removed-1, added-1
		case text[0] == '-':
			removed--
		case text[0] == '+':
			added--
		case text[0] == '\\': // "\ No newline at end of file"
		default:
			return fmt.Errorf("malformed hunk: expected a line that begins with a blank, + or -, got %q", text)
		}
	}
	if removed < 0 || added < 0 {
		return errors.New("malformed hunk: it has other lines than its header counts")
	}
	return nil
}

// maxChopped is how many empty lines of context may be missing at the end of a patch:
// patch(1) adds them.
const maxChopped = 3

// length returns the number of lines of a hunk's range: 4 for "3,4", 1 for "3".
func length(text string) (int, error) {
	start, count, found := strings.Cut(text, ",")
	if _, err := strconv.ParseUint(start, 10, 31); err != nil || !found {
		return 1, err
	}
	n, err := strconv.ParseUint(count, 10, 31)
	return int(n), err
}

// name returns the file of a line --- or +++, without the time that may follow it, and ""
// for /dev/null.
func name(text string) string {
	if !strings.HasPrefix(text, `"`) {
		text, _, _ = strings.Cut(text, "\t")
		text = strings.TrimRight(text, " ")
	}
	if text = unquote(text); text == "/dev/null" {
		return ""
	}
	return text
}

// gitNames returns the names of a line diff --git. They cannot be told apart where one has a
// blank and both differ; then other headers have them.
func gitNames(text string) File {
	if before, after, ok := strings.Cut(text, ` "`); ok && strings.HasPrefix(text, `"`) {
		return File{Old: unquote(before), New: unquote(`"` + after)}
	}
	for i := range text {
		if text[i] == ' ' && strings.HasPrefix(text, "a/") && strings.HasPrefix(text[i+1:], "b/") && text[2:i] == text[i+3:] {
			return File{Old: text[:i], New: text[i+1:]}
		}
	}
	before, after, _ := strings.Cut(text, " ")
	return File{Old: before, New: after}
}

// unquote returns a name that git may have quoted as C does.
func unquote(text string) string {
	if plain, err := strconv.Unquote(text); err == nil && strings.HasPrefix(text, `"`) {
		return plain
	}
	return text
}
