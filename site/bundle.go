// Package site makes, proves and publishes the site image: Nginx with a folder of
// files. What the image is to serve is read from those files and from nginx.conf,
// so the proof follows whoever edits them.
//
//	content + nginx.conf -> Bundle -> Image -> (suite) -> push -> digest -> pull -> (same suite)
package site

import (
	"bytes"
	"compress/gzip"
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

	"golang.org/x/sync/errgroup"

	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/site/suite"
)

// Bundle is all that decides what the site serves.
type Bundle struct {
	files []file // in the order of their names
	conf  conf
}

// file is one file of the content folder.
type file struct {
	name string // within the folder, with slashes
	body []byte
	gzip []byte // ready-made, or nil where it would not pay
}

// File is a file of the site that is made, and lies in no folder.
type File struct {
	Name string // within the site, with slashes
	Body []byte
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
		body, err := os.ReadFile(p)
		if err != nil {
			faults = append(faults, err.Error())
		}
		b.files = append(b.files, file{name: filepath.ToSlash(name), body: body})
		return nil
	})
	if err != nil {
		return b, fault.New(fault.Usage, "content in site.toml names the folder of the pages", "read the site: %w", err)
	}
	for _, f := range made {
		if b.find(f.Name) != nil {
			faults = append(faults, filepath.Join(content, f.Name)+": Kiln makes a page of this name; rename it, or set kernels = false in site.toml")
		}
		b.files = append(b.files, file{name: f.Name, body: f.Body})
	}
	slices.SortFunc(b.files, func(x, y file) int { return strings.Compare(x.name, y.name) })
	if b.find("index.html") == nil {
		faults = append(faults, filepath.Join(content, "index.html")+": missing; a site needs this page")
	}
	if page := strings.TrimPrefix(b.conf.notFound, "/"); page != "" && b.find(page) == nil {
		faults = append(faults, filepath.Join(content, page)+": missing; nginx.conf names it as the page for 404")
	}
	if len(faults) > 0 {
		return b, fault.New(fault.Usage, "", "%s", strings.Join(faults, "\n"))
	}
	return b, b.compress()
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

// pack gives the same bytes for the same bytes: no name and no time are in it.
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
	parts := []string{string(b.conf.text[0]), string(b.conf.text[1])}
	for _, f := range b.files {
		parts = append(parts, f.name, string(f.body))
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

// Stage writes the build context, less the Dockerfile, into a folder. All files
// have one time, so that the same site gives the same layer.
func (b Bundle) Stage(dir string) error {
	if err := write(filepath.Join(dir, "nginx.conf"), b.conf.text[0]); err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "mime.types"), b.conf.text[1]); err != nil {
		return err
	}
	for _, f := range b.files {
		name := filepath.Join(dir, "content", filepath.FromSlash(f.name))
		if err := write(name, f.body); err != nil {
			return err
		}
		if f.gzip == nil {
			continue
		}
		if err := write(name+".gz", f.gzip); err != nil {
			return err
		}
	}
	return nil
}

func write(name string, body []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fault.Wrap(fault.Surroundings, err)
	}
	if err := os.WriteFile(name, body, 0o644); err != nil {
		return fault.Wrap(fault.Surroundings, err)
	}
	// Not the time of 1970: browsers and Nginx take that for none.
	fixed := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	return fault.Wrap(fault.Surroundings, os.Chtimes(name, fixed, fixed))
}

// Port is the port that the server listens on, in its container.
func (b Bundle) Port() int { return b.conf.port }

// HealthPath is the path that answers 200 as long as the server is well.
func (b Bundle) HealthPath() string { return b.conf.health }

// Expectation is what the suite holds the running server against.
func (b Bundle) Expectation() suite.Expectation {
	e := suite.Expectation{Health: b.conf.health}
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
	if page := b.find(strings.TrimPrefix(b.conf.notFound, "/")); page != nil {
		e.NotFound = b.expect(*page)
	}
	return e
}

func (b Bundle) expect(f file) suite.File {
	t := b.conf.typeOf(f.name)
	return suite.File{URL: escape(f.name), Body: f.body, Gzip: f.gzip != nil, Type: t, Headers: b.conf.headersOf(t)}
}

// escape gives the path that a file is asked for by.
func escape(name string) string { return (&url.URL{Path: "/" + name}).EscapedPath() }
