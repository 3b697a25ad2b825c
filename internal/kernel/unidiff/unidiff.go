// Package unidiff reads patches as far as that is possible without the tree that they are
// for: which files they change, and whether they are whole. It knows unified and context
// diffs, with git's extended headers, in whatever text surrounds them (mails, mailboxes).
package unidiff

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Diff is what a patch changes.
type Diff struct {
	Files  []File
	Binary bool // it has binary content, in git's form: patch(1) cannot apply it
}

// File is a file that a patch changes, by its names as the patch spells them, with the
// leading folders (a/kernel/pid.c).
type File struct {
	Old  string // "" for a file that is created
	New  string // "" for a file that is removed
	Line int    // where it says so, from 1
}

// ErrNoChange is the error of a text that changes nothing.
var ErrNoChange = errors.New("it changes nothing: expected a unified diff, as git diff and diff -u write it, found no hunk (@@ -1,2 +3,4 @@)")

// Parse reads a patch. The error has the line that it is about, except for ErrNoChange.
func Parse(text string) (Diff, error) {
	p := parser{lines: strings.Split(text, "\n")}
	for p.next() {
		if err := p.line(); err != nil {
			return p.diff, fmt.Errorf("line %d: %w", p.at, err)
		}
	}
	if p.changes == 0 {
		return p.diff, ErrNoChange
	}
	return p.diff, p.diff.checkNames()
}

// checkNames refuses a patch that changes a file outside of the tree.
func (d Diff) checkNames() error {
	for _, f := range d.Files {
		name := f.New
		if name == "" {
			name = f.Old
		}
		if slices.Contains(strings.Split(name, "/"), "..") {
			return fmt.Errorf("line %d: it changes %s, outside of the source", f.Line, name)
		}
	}
	return nil
}

// Strip removes n leading folders of a name, as patch(1) does with -pN. It returns "" for a
// name that has fewer.
func Strip(name string, n int) string {
	if name == "" {
		return ""
	}
	parts := strings.Split(path.Clean("/" + strings.TrimPrefix(name, "./"))[1:], "/")
	if strings.HasPrefix(name, "./") || strings.HasPrefix(name, "/") { // counts as a folder
		n--
	}
	if n = max(n, 0); n >= len(parts) {
		return ""
	}
	return strings.Join(parts[n:], "/")
}
