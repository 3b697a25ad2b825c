// Package bundle reads what the site is to serve: the content folder and nginx.conf. From
// both it derives the image's files and the answers that the suite expects, so that the
// checks follow whoever edits them. It needs no engine.
//
//	content + nginx.conf -> Bundle -> build context, suite.Expectation
package bundle

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// ConfName is the server's configuration, in the folder of site.toml.
const ConfName = "nginx.conf"

// Bundle is everything that decides what the site serves.
type Bundle struct {
	files   []file // sorted by name
	conf    conf
	created time.Time
}

// file is one file of the site.
type file struct {
	name      string // within the content folder, with slashes
	body      []byte
	gzip      []byte // compressed copy; nil where it would save too little
	time      time.Time
	generated bool // made by Kiln, in no folder
}

// File is a file of the site that Kiln generates, and that is in no folder.
type File struct {
	Name string // within the site, with slashes
	Body []byte
	Time time.Time // when its content last changed; may be zero
}

// Read reads the content folder and nginx.conf, and adds the generated files. Every file
// that cannot be served is reported in one error, which is a usage error.
func Read(content, confFile string, generated ...File) (Bundle, error) {
	var b Bundle
	var err error
	if b.conf, err = readConf(confFile); err != nil {
		return b, err
	}
	files, faults, err := readContent(content)
	if err != nil {
		return b, fault.New(fault.Usage, "content in site.toml names the folder of the pages", "read the site: %w", err)
	}
	b.files = files
	for _, f := range generated {
		if b.find(f.Name) != nil {
			faults = append(faults, filepath.Join(content, f.Name)+": Kiln generates a page of this name; rename it, or set kernels = false in site.toml")
		}
		b.files = append(b.files, file{name: f.Name, body: f.Body, time: f.Time, generated: true})
	}
	slices.SortFunc(b.files, func(x, y file) int { return strings.Compare(x.name, y.name) })
	if faults = append(faults, b.check(content)...); len(faults) > 0 {
		return b, fault.New(fault.Usage, "", "%s", strings.Join(faults, "\n"))
	}
	return b, b.compress()
}

// readContent reads every file of the content folder, and returns a line for each that
// cannot be served.
func readContent(content string) (files []file, faults []string, err error) {
	err = filepath.WalkDir(content, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(content, path)
		if name == "." && !entry.IsDir() {
			return &fs.PathError{Op: "open", Path: path, Err: syscall.ENOTDIR}
		}
		if err != nil || name == "." || isSwapFile(entry.Name()) {
			return err
		}
		if objection := objectTo(entry); objection != "" {
			faults = append(faults, path+": "+objection)
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.IsDir() {
			return nil
		}
		f := file{name: filepath.ToSlash(name)}
		if f.body, f.time, err = readFile(path); err != nil {
			faults = append(faults, err.Error())
		}
		files = append(files, f)
		return nil
	})
	return files, faults, err
}

// isSwapFile reports whether a file is one that vim keeps beside a file that it has open.
func isSwapFile(name string) bool {
	return strings.HasPrefix(name, ".") && (strings.HasSuffix(name, ".swp") || strings.HasSuffix(name, ".swx"))
}

// readFile returns the bytes of a file, and when it last changed.
func readFile(path string) ([]byte, time.Time, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, time.Time{}, err
	}
	body, err := os.ReadFile(path)
	return body, info.ModTime(), err
}

// objectTo returns why an entry of the content folder cannot be served; "" if it can.
func objectTo(entry fs.DirEntry) string {
	switch {
	case strings.HasPrefix(entry.Name(), "."):
		return "begins with a dot, which nginx.conf does not serve; remove it"
	case entry.Type()&fs.ModeSymlink != 0:
		return "is a symbolic link; put the file itself here"
	case !entry.IsDir() && !entry.Type().IsRegular():
		return "is not a regular file; remove it"
	case strings.HasSuffix(entry.Name(), ".gz"):
		return "ends in .gz, the name of a compressed copy that Kiln makes; rename it"
	}
	return ""
}

// check returns a line for each page that is missing, and for each that redirects.conf
// has moved away.
func (b Bundle) check(content string) (faults []string) {
	missing := func(page, why string) {
		if name := strings.TrimPrefix(page, "/"); name != "" && b.find(name) == nil {
			faults = append(faults, filepath.Join(content, name)+": missing; "+why)
		}
	}
	missing("index.html", "a site needs this page")
	missing(b.conf.notFound, "nginx.conf names it as the page for 404")
	missing(b.conf.fallback, "nginx.conf names it in try_files")
	for _, r := range b.conf.moved {
		if b.find(strings.TrimPrefix(r.from, "/")) != nil {
			faults = append(faults, filepath.Join(content, r.from)+": exists, although redirects.conf moves it to "+r.to)
		}
	}
	return faults
}

// find returns a file by its name, or nil.
func (b Bundle) find(name string) *file {
	i := slices.IndexFunc(b.files, func(f file) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return &b.files[i]
}

// Port returns the port that the server listens on, in its container.
func (b Bundle) Port() int { return b.conf.port }

// HealthPath returns the path of the health check, which answers 200.
func (b Bundle) HealthPath() string { return b.conf.health }
