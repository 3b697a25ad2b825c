// Package conf reads the files of a configuration of Nginx into directives, token by token as
// Nginx does. It knows no directive but include: which directives there are is for Nginx and
// its modules to say.
package conf

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// maxDepth bounds how deep files include files: one that includes itself never ends.
const maxDepth = 32

// maxReads bounds how many files are read, for files that include each other more than once.
const maxReads = 2000

// byteOrderMark is what some editors begin a file of UTF-8 with.
const byteOrderMark = "\ufeff"

// Directive is a directive with its parameters, as Nginx gets them: without quotes and escapes.
type Directive struct {
	Name     string
	Args     []string
	Block    []*Directive // of a directive with { }
	HasBlock bool
	File     string // path in the image
	Line     int
	Missing  bool // an include of files that are not known, or not all of them
}

// Error is an error in a file.
type Error struct {
	File string // path in the image
	Line int
	Text string
}

// Complete is a file system that has every file of the image. In any other one, a file that
// is not there may be one of the base image.
type Complete interface{ Complete() bool }

// reader reads a file and those that it includes.
type reader struct {
	fsys     fs.FS
	dir      string // of the main file; names of included files are relative to it
	complete bool
	errors   []Error
	files    []string
	reads    int
}

// Read reads the file main, a path without a leading slash in a file system that is rooted
// at the image's /, with all files that it includes. It returns the directives that it could
// read, the paths of the files, and all errors.
func Read(fsys fs.FS, main string) ([]*Directive, []string, []Error) {
	r := &reader{fsys: fsys, dir: "/" + path.Dir(main)}
	if c, ok := fsys.(Complete); ok {
		r.complete = c.Complete()
	}
	list := r.file("/"+path.Clean(main), nil, 0)
	return list, r.files, r.errors
}

// file reads a file that the directive from includes; nil for the main file.
func (r *reader) file(name string, from *Directive, depth int) []*Directive {
	text, err := fs.ReadFile(r.fsys, strings.TrimPrefix(name, "/"))
	if err != nil {
		if from == nil {
			r.errors = append(r.errors, Error{name, 0, fmt.Sprintf("read the file: %v", err)})
			return nil
		}
		return r.missing(from)
	}
	if !slices.Contains(r.files, name) {
		r.files = append(r.files, name)
	}
	if why := unreadable(string(text)); why != "" {
		r.fail(name, 1, "%s", why)
		return nil
	}
	l := &lexer{text: string(text), line: 1}
	list, _ := r.block(l, name, 0, depth)
	return list
}

// unreadable returns why Nginx cannot read any of a file, and what to do; "" if it can.
func unreadable(text string) string {
	switch {
	case strings.HasPrefix(text, byteOrderMark):
		return "begins with a byte order mark, which Nginx takes for a part of the first word: save the file as UTF-8 without it"
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"), strings.HasPrefix(text, "\x00"), strings.HasPrefix(text[min(1, len(text)):], "\x00"):
		return "is not text in UTF-8, but in UTF-16 or no text at all: save it as UTF-8"
	}
	return ""
}

// hasNUL reports whether a word has a NUL byte, where it would end for Nginx. In a comment
// it does no harm.
func hasNUL(word string) bool { return strings.IndexByte(word, 0) >= 0 }

// missing returns an include whose files are not known.
func (r *reader) missing(d *Directive) []*Directive {
	if r.complete {
		r.errors = append(r.errors, Error{d.File, d.Line, fmt.Sprintf("the image has no file %s", d.Args[0])})
		return nil
	}
	d.Missing = true
	return []*Directive{d}
}

// block reads directives up to the end of a block that began on a line, or of the file where
// that is 0. It reports whether it came to that end.
func (r *reader) block(l *lexer, name string, began, depth int) (list []*Directive, ok bool) {
	for {
		t, err := l.next()
		if err != nil {
			return list, r.fail(name, l.line, "%v", err)
		}
		switch {
		case t.end == '}' && began == 0:
			return list, r.fail(name, t.line, `unexpected "}": no block is open`)
		case t.end == '}':
			return list, true
		case t.end == 0 && began != 0:
			return list, r.fail(name, l.line, `unexpected end of file, expected "}" for the block of line %d`, began)
		case t.end == 0:
			return list, true
		}
		if i := slices.IndexFunc(t.words, hasNUL); i >= 0 {
			r.fail(name, t.line, "%q has a NUL byte, where the word would end for Nginx: remove it", t.words[i])
		}
		d := &Directive{Name: t.words[0], Args: t.words[1:], File: name, Line: t.line}
		if t.end == '{' {
			if d.HasBlock = true; depth > maxDepth {
				return list, r.fail(name, t.line, "blocks and included files are nested more than %d deep", maxDepth)
			}
			d.Block, ok = r.block(l, name, t.line, depth+1)
			list = append(list, d)
			if !ok {
				return list, false
			}
			continue
		}
		if d.Name == "include" && len(d.Args) == 1 {
			list = append(list, r.include(d, depth)...)
			continue
		}
		list = append(list, d)
	}
}

func (r *reader) fail(file string, line int, format string, args ...any) bool {
	r.errors = append(r.errors, Error{file, line, fmt.Sprintf(format, args...)})
	return false
}

// include returns the directives of the files that d includes.
func (r *reader) include(d *Directive, depth int) []*Directive {
	if r.reads++; depth >= maxDepth || r.reads > maxReads {
		r.fail(d.File, d.Line, "files include each other without end")
		return nil
	}
	pattern := d.Args[0]
	if !path.IsAbs(pattern) {
		pattern = r.dir + "/" + pattern
	}
	if !strings.ContainsAny(pattern, "*?[") {
		return r.file(path.Clean(pattern), d, depth+1)
	}
	var list []*Directive
	for _, name := range r.glob(pattern) {
		list = append(list, r.file(name, d, depth+1)...)
	}
	if r.complete { // no file is as good as any number of them
		return list
	}
	return append(list, r.missing(d)...)
}

// glob returns the files that match a pattern of glob(3), sorted.
func (r *reader) glob(pattern string) []string {
	pattern = strings.ReplaceAll(path.Clean(pattern), "[!", "[^")
	found, err := fs.Glob(r.fsys, strings.TrimPrefix(pattern, "/"))
	if err != nil {
		return nil
	}
	parts := strings.Split(pattern, "/")
	var names []string
	for _, name := range found {
		hidden := false
		for i, part := range strings.Split("/"+name, "/") {
			hidden = hidden || strings.HasPrefix(part, ".") && !strings.HasPrefix(parts[i], ".")
		}
		if !hidden {
			names = append(names, "/"+name)
		}
	}
	slices.Sort(names)
	return names
}
