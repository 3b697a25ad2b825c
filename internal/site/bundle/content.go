package bundle

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/imagebuild/buildcontext"
)

// contentFolder is the name of the content folder in the build context, wherever it is.
const contentFolder = "content"

// wellKnown is the one folder with a dot that sites publish (RFC 8615).
const wellKnown = ".well-known"

// reader reads the content folder.
type reader struct {
	content string
	inSite  string // content relative to the folder of site.toml; "" where it is outside of it
	ignore  buildcontext.Ignore
	dots    []string                   // what is left out because it begins with a dot
	ignored []string                   // what the ignore file leaves out
	rules   map[*buildcontext.Rule]int // how much each rule leaves out
}

func newReader(dir, content string, ignore buildcontext.Ignore) *reader {
	r := &reader{content: content, ignore: ignore, rules: map[*buildcontext.Rule]int{}}
	if rel, err := filepath.Rel(dir, content); err == nil && filepath.IsLocal(rel) && rel != "." {
		r.inSite = filepath.ToSlash(rel)
	}
	return r
}

// read returns the files of the content folder, and a line for each that cannot be served.
func (r *reader) read() (files []file, faults []string, err error) {
	list, faults, err := buildcontext.Walk(r.content, r.leavesOut)
	for _, e := range list {
		if !e.Info.IsDir() {
			files = append(files, file{name: e.Name, size: e.Info.Size(), time: e.Info.ModTime(), open: e.Open})
		}
	}
	if rule := r.only(); rule != nil && len(files) == 0 {
		faults = append(faults, buildcontext.Printable(r.content)+": "+rule.String()+" leaves out all of it; add the line !"+contentFolder+" at the end of the ignore file")
	}
	return files, faults, err
}

// leavesOut reports whether an entry is not part of the site, and remembers it.
func (r *reader) leavesOut(e buildcontext.Entry) bool {
	base := path.Base(e.Name)
	folder := e.Info == nil || e.Info.IsDir() // a link may be to one
	rule := r.ignore.Match(r.namesOf(e)...)
	switch {
	case rule != nil && folder && r.ignore.KeepsSome():
		return false
	case isSwapFile(base):
		return true
	case rule != nil:
		r.ignored = append(r.ignored, named(e))
		r.rules[rule]++
		return true
	case strings.HasPrefix(base, ".") && base != wellKnown:
		r.dots = append(r.dots, named(e))
		return true
	}
	return false
}

// namesOf returns the names that the ignore file may know an entry by: that in the build
// context, and that in the folder of site.toml, each also with links resolved.
func (r *reader) namesOf(e buildcontext.Entry) (names []string) {
	for _, folder := range []string{contentFolder, r.inSite} {
		if folder == "" {
			continue
		}
		for _, name := range []string{e.Name, e.Real} {
			if name = path.Join(folder, name); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// only returns a rule that left something out, or nil.
func (r *reader) only() (first *buildcontext.Rule) {
	for rule := range r.rules {
		if first == nil || rule.String() < first.String() {
			first = rule
		}
	}
	return first
}

// named returns the name of an entry for a message; that of a folder ends in a slash.
func named(e buildcontext.Entry) string {
	if e.Info != nil && e.Info.IsDir() {
		return buildcontext.Printable(e.Name) + "/"
	}
	return buildcontext.Printable(e.Name)
}

// isSwapFile reports whether a file is one that vim keeps beside a file that it has open.
func isSwapFile(name string) bool {
	return strings.HasPrefix(name, ".") && (strings.HasSuffix(name, ".swp") || strings.HasSuffix(name, ".swx"))
}
