// Package site makes, proves and publishes the site image: Nginx with a folder of
// files. What the image is to serve is read from those files and from nginx.conf,
// so the proof follows whoever edits them.
//
//	content + nginx.conf -> Bundle -> Image -> (suite) -> push -> digest -> pull -> (same suite)
package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// Bundle is all that decides what the site serves.
type Bundle struct {
	files   []file // in the order of their names
	conf    conf
	created time.Time
}

// file is one file of the content folder.
type file struct {
	name      string // within the folder, with slashes
	body      []byte
	gzip      []byte // ready-made, or nil where it would not pay
	time      time.Time
	generated bool // it lies in no folder
}

// File is a file of the site that is made, and lies in no folder.
type File struct {
	Name string // within the site, with slashes
	Body []byte
	Time time.Time // of the newest that it tells of; may be zero
}

// ReadBundle reads the content folder and the configuration, and takes the files that
// are made with them. Every file that cannot be served is reported at once.
func ReadBundle(content, confFile string, made ...File) (Bundle, error) {
	var b Bundle
	var err error
	if b.conf, err = readConf(confFile); err != nil {
		return b, err
	}
	var faults []string
	err = filepath.WalkDir(content, func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(content, p)
		if err != nil || name == "." {
			return err
		}
		if swap(entry.Name()) {
			return nil
		}
		if objection := objectTo(entry); objection != "" {
			faults = append(faults, p+": "+objection)
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.IsDir() {
			return nil
		}
		f := file{name: filepath.ToSlash(name)}
		if f.body, f.time, err = readFile(p); err != nil {
			faults = append(faults, err.Error())
		}
		b.files = append(b.files, f)
		return nil
	})
	if err != nil {
		return b, fault.New(fault.Usage, "set content in site.toml to the folder of the pages", "read the site: %w", err)
	}
	for _, f := range made {
		if b.find(f.Name) != nil {
			faults = append(faults, filepath.Join(content, f.Name)+": Kiln makes a page of this name; rename it, or set kernels = false in site.toml")
		}
		b.files = append(b.files, file{name: f.Name, body: f.Body, time: f.Time, generated: true})
	}
	slices.SortFunc(b.files, func(x, y file) int { return strings.Compare(x.name, y.name) })
	if b.find("index.html") == nil {
		faults = append(faults, filepath.Join(content, "index.html")+": missing; a site needs this page")
	}
	if page := strings.TrimPrefix(b.conf.notFound, "/"); page != "" && b.find(page) == nil {
		faults = append(faults, filepath.Join(content, page)+": missing; nginx.conf names it as the page for 404")
	}
	if page := strings.TrimPrefix(b.conf.fallback, "/"); page != "" && b.find(page) == nil {
		faults = append(faults, filepath.Join(content, page)+": missing; nginx.conf names it in try_files")
	}
	for _, r := range b.conf.moved {
		if b.find(strings.TrimPrefix(r.from, "/")) != nil {
			faults = append(faults, filepath.Join(content, r.from)+": is there, and redirects.conf says that it has moved to "+r.to)
		}
	}
	if len(faults) > 0 {
		return b, fault.New(fault.Usage, "", "%s", strings.Join(faults, "\n"))
	}
	return b, b.compress()
}

// swap tells whether a file is what vim lays beside one that is open: nobody's content.
func swap(name string) bool {
	return strings.HasPrefix(name, ".") && (strings.HasSuffix(name, ".swp") || strings.HasSuffix(name, ".swx"))
}

// readFile reads a file, and when it was last changed.
func readFile(path string) ([]byte, time.Time, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, time.Time{}, err
	}
	body, err := os.ReadFile(path)
	return body, info.ModTime(), err
}

// objectTo says why something in the content folder cannot be served; "" if it can.
func objectTo(entry fs.DirEntry) string {
	switch {
	case strings.HasPrefix(entry.Name(), "."):
		return "begins with a dot, which nginx.conf does not serve; remove it"
	case entry.Type()&fs.ModeSymlink != 0:
		return "is a link; put the file itself here"
	case !entry.IsDir() && !entry.Type().IsRegular():
		return "is no regular file; remove it"
	case strings.HasSuffix(entry.Name(), ".gz"):
		return "ends in .gz, a name for the copies that are made; rename it"
	}
	return ""
}

// find gives a file by its name, or nil.
func (b Bundle) find(name string) *file {
	i := slices.IndexFunc(b.files, func(f file) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return &b.files[i]
}

// compress makes the .gz copies, side by side: of what compresses by nature, where
// at least a twentieth is gained.
func (b Bundle) compress() error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range b.files {
		f := &b.files[i]
		if !compresses(b.conf.typeOf(f.name)) {
			continue
		}
		group.Go(func() error {
			packed, err := pack(f.body)
			if len(packed) <= len(f.body)*19/20 {
				f.gzip = packed
			}
			return err
		})
	}
	return group.Wait()
}

func compresses(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "json") || strings.HasSuffix(t, "xml") ||
		t == "application/wasm" || t == "application/pdf"
}

// pack gives the same bytes for the same bytes: no name and no time are in it, and the
// library's version is in go.sum, whatever Go this machine has.
func pack(body []byte) ([]byte, error) {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	err = w.Close()
	return packed.Bytes(), err
}

// Hash identifies the bundle: the sha256 over names and bytes, in hex.
func (b Bundle) Hash() string {
	parts := []string{b.Created().String()}
	for _, text := range b.conf.text {
		parts = append(parts, string(text))
	}
	for _, f := range b.files {
		parts = append(parts, f.name, f.time.String(), string(f.body))
	}
	return hashStrings(parts...)
}

// hashStrings gives the sha256 over texts, which cannot run into each other.
func hashStrings(texts ...string) string {
	sum := sha256.New()
	for _, t := range texts {
		fmt.Fprintf(sum, "%d:%s", len(t), t)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// WithTimes gives the bundle with the times that its image is to have: those of the commit,
// so that the same commit gives the same image; what is not of the commit keeps its own,
// since Nginx tells two states of a file by its time and its length alone.
func (b Bundle) WithTimes(c Commit) Bundle {
	b.files = slices.Clone(b.files)
	fallback := c.Time
	if fallback.IsZero() {
		fallback = b.newest(fallback)
	}
	for i := range b.files {
		f := &b.files[i]
		if f.time.IsZero() || c.ID != "" && !c.Dirty && !f.generated {
			f.time = fallback
		}
		f.time = f.time.UTC().Truncate(time.Second)
	}
	b.created = b.newest(fallback).UTC().Truncate(time.Second)
	return b
}

// newest gives the time of the newest file, or the given one if that is later.
func (b Bundle) newest(than time.Time) time.Time {
	for _, f := range b.files {
		if f.time.After(than) {
			than = f.time
		}
	}
	return than
}

// Created is when the newest of the files was changed, to the second, UTC.
func (b Bundle) Created() time.Time { return b.created }

// Stage writes the build context, less the Dockerfile, into a folder.
func (b Bundle) Stage(dir string) error {
	for i, name := range confFiles {
		if err := write(filepath.Join(dir, name), b.conf.text[i], b.Created()); err != nil {
			return err
		}
	}
	for _, f := range b.files {
		name := filepath.Join(dir, "content", filepath.FromSlash(f.name))
		if err := write(name, f.body, f.time); err != nil {
			return err
		}
		if f.gzip == nil {
			continue
		}
		if err := write(name+".gz", f.gzip, f.time); err != nil {
			return err
		}
	}
	return nil
}

func write(name string, body []byte, changed time.Time) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	if err := os.WriteFile(name, body, 0o644); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	return fault.Wrap(fault.Environment, os.Chtimes(name, changed, changed))
}

// Port is the port that the server listens on, in its container.
func (b Bundle) Port() int { return b.conf.port }

// HealthPath is the path that answers 200 as long as the server is well.
func (b Bundle) HealthPath() string { return b.conf.health }

// Expectation is what the suite holds the running server against.
func (b Bundle) Expectation() suite.Expectation {
	e := suite.Expectation{Health: b.conf.health, Root: b.conf.root}
	folders := map[string]bool{}
	for _, f := range b.files {
		e.Files = append(e.Files, b.expect(f))
		for dir := path.Dir(f.name); dir != "."; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	for dir := range folders {
		if b.find(dir+"/index.html") == nil {
			e.Folders = append(e.Folders, escape(dir)+"/")
		}
	}
	slices.Sort(e.Folders)
	for _, r := range b.conf.moved {
		e.Moved = append(e.Moved, suite.Redirect{From: r.from, To: r.to})
	}
	if page := b.find(strings.TrimPrefix(b.conf.fallback, "/")); page != nil {
		e.Fallback = b.expect(*page)
	}
	if page := b.find(strings.TrimPrefix(b.conf.notFound, "/")); page != nil {
		e.NotFound = b.expect(*page)
	}
	return e
}

func (b Bundle) expect(f file) suite.File {
	t := b.conf.typeOf(f.name)
	return suite.File{URL: escape(f.name), Body: f.body, Gzip: f.gzip != nil, Type: t, Headers: b.conf.headersOf("/"+f.name, t)}
}

// escape gives the path that a file is asked for by.
func escape(name string) string { return (&url.URL{Path: "/" + name}).EscapedPath() }
