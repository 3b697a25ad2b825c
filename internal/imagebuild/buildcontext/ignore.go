// Package buildcontext reads the files that an image is built from, as they are on this
// machine: without those that .dockerignore leaves out, and with links followed where they
// stay inside.
//
//	folder + .dockerignore -> Walk -> []Entry
//	folder + .dockerignore + files laid over it -> Context, which COPY copies from
package buildcontext

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// ignoreFiles are the names of the ignore file beside a Dockerfile; the first that exists
// counts.
var ignoreFiles = []string{"Dockerfile.dockerignore", ".dockerignore"}

// Ignore is what an ignore file says. The zero value leaves nothing out.
type Ignore struct {
	file  string
	rules []*Rule
	keeps bool // whether a rule begins with an exclamation mark
}

// Rule is a line of an ignore file.
type Rule struct {
	file    string
	line    int
	text    string // without blanks around it
	pattern string // as moby cleans it
	keeps   bool   // it begins with an exclamation mark
	matcher *patternmatcher.PatternMatcher
}

// String returns where the rule is and what it says, as ".dockerignore:3 (*.conf)".
func (r *Rule) String() string {
	return fmt.Sprintf("%s:%d (%s)", filepath.Base(r.file), r.line, r.text)
}

// everything are the patterns of an ignore file that lists what to keep, and nothing else.
var everything = []string{"*", "**", "/*", "/**"}

// IsCatchAll reports whether a rule leaves out everything, and so names no file in particular.
func (r *Rule) IsCatchAll() bool { return slices.Contains(everything, r.text) }

// ReadIgnore reads the ignore file of a folder. That there is none is no error. Invalid
// patterns are reported in one usage error.
func ReadIgnore(dir string) (Ignore, error) {
	for _, name := range ignoreFiles {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		switch {
		case err == nil:
			return parseIgnore(path, text)
		case !errors.Is(err, fs.ErrNotExist):
			return Ignore{}, fault.Wrap(fault.Usage, err)
		}
	}
	return Ignore{}, nil
}

// parseIgnore parses an ignore file (Dockerfile reference, ".dockerignore file").
func parseIgnore(path string, text []byte) (i Ignore, err error) {
	i.file = path
	var faults []string
	for n, line := range bytes.Split(text, []byte("\n")) {
		patterns, err := ignorefile.ReadAll(bytes.NewReader(line))
		for _, pattern := range patterns {
			var rule *Rule
			if rule, err = newRule(path, n+1, strings.TrimSpace(string(line)), pattern); err == nil {
				i.rules, i.keeps = append(i.rules, rule), i.keeps || rule.keeps
			}
		}
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s:%d: expected a pattern, as drafts or **/*.draft.html; got %.80q: %v", path, n+1, line, err))
		}
	}
	if len(faults) > 0 {
		return i, fault.New(fault.Usage, "", "%s", strings.Join(faults, "\n"))
	}
	return i, nil
}

func newRule(file string, line int, text, pattern string) (*Rule, error) {
	if _, err := patternmatcher.New([]string{pattern}); err != nil {
		return nil, err
	}
	bare, keeps := strings.CutPrefix(pattern, "!")
	matcher, err := patternmatcher.New([]string{bare})
	if err != nil {
		return nil, err
	}
	if _, err := matcher.MatchesOrParentMatches("x"); err != nil { // compiles the pattern
		return nil, err
	}
	return &Rule{file, line, text, pattern, keeps, matcher}, nil
}

// Match returns the rule that leaves out a file, or nil. A file may have several names
// relative to the folder of the ignore file, as one that is reached by a link; as everywhere
// in an ignore file, the last rule that fits one of them decides.
func (i Ignore) Match(names ...string) *Rule {
	for n := len(i.rules) - 1; n >= 0; n-- {
		rule := i.rules[n]
		for _, name := range names {
			if fits, err := rule.matcher.MatchesOrParentMatches(filepath.FromSlash(name)); err == nil && fits {
				if rule.keeps {
					return nil
				}
				return rule
			}
		}
	}
	return nil
}

// File returns the path of the ignore file.
func (i Ignore) File() string { return i.file }

// KeepsSome reports whether a rule keeps files of a folder that another rule leaves out.
func (i Ignore) KeepsSome() bool { return i.keeps }
