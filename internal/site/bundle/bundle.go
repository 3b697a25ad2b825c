// Package bundle reads what the site is to serve: the content folder and nginx.conf. From
// both it derives the image's files and the answers that the suite expects, so that the
// checks follow whoever edits them. It needs no engine, and holds no file in memory.
//
//	content + nginx.conf -> Bundle -> build context, suite.Expectation
package bundle

import (
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild/buildcontext"
)

// ConfName is the server's configuration, in the folder of site.toml.
const ConfName = "nginx.conf"

// Bundle is everything that decides what the site serves. Its files stay where they are.
type Bundle struct {
	files     []file // sorted by name
	conf      conf
	created   time.Time
	extraTime time.Time // of files that the Dockerfile copies besides; zero for their own

	dir    string // of nginx.conf
	inSite string // the content folder within dir; "" where it is outside of it
	ignore buildcontext.Ignore
	notes  []string
}

// file is one file of the site.
type file struct {
	name      string // within the content folder, with slashes
	size      int64  // bytes
	sum       string // sha256, in hex
	time      time.Time
	generated bool // made by Kiln, in no folder
	compress  bool // Kiln makes a compressed copy of it
	copied    bool // the content has a compressed copy of it
	open      func() (io.ReadCloser, error)
}

// File is a file of the site that Kiln generates, and that is not in the content folder.
type File struct {
	Name string // within the site, with slashes
	Body []byte
	Path string    // of the file on this machine, in place of Body; may be empty
	Time time.Time // when its content last changed; may be zero
}

// Read reads the content folder and nginx.conf, and adds the generated files. Every file
// that cannot be served is reported in one error, which is a usage error.
func Read(content, confFile string, generated ...File) (b Bundle, err error) {
	if b.conf, err = readConf(confFile); err != nil {
		return b, err
	}
	b.dir = filepath.Dir(confFile)
	if b.ignore, err = buildcontext.ReadIgnore(b.dir); err != nil {
		return b, err
	}
	r := newReader(b.dir, content, b.ignore)
	b.inSite = r.inSite
	files, faults, err := r.read()
	if err != nil {
		return b, fault.New(fault.Usage, "content in site.toml names the folder of the pages", "read the site: %w", err)
	}
	b.noteLeftOut(r)
	more, err := b.add(content, files, generated)
	if err != nil {
		return b, err
	}
	if faults = append(faults, more...); len(faults) > 0 {
		return b, fault.New(fault.Usage, "", "%s", strings.Join(faults, "\n"))
	}
	b.notePages(content)
	return b, nil
}

// add adds files to the bundle: it reads each of them once.
func (b *Bundle) add(content string, files []file, generated []File) (faults []string, err error) {
	known := map[string]bool{}
	for _, f := range files {
		known[f.name] = true
	}
	for _, g := range generated {
		if known[g.Name] || known[path.Dir(g.Name)] {
			faults = append(faults, filepath.Join(content, g.Name)+": Kiln generates a page of this name; rename it, or set kernels = false in site.toml")
		}
		f, err := g.file()
		if err != nil {
			return faults, err
		}
		files = append(files, f)
	}
	slices.SortFunc(files, func(x, y file) int { return strings.Compare(x.name, y.name) })
	if b.files = files; len(faults) > 0 {
		return faults, nil
	}
	if err := measure(b.files); err != nil {
		return faults, err
	}
	faults, err = b.pair(content)
	b.avoidTakenNames()
	return faults, err
}

// file returns the file as the bundle knows it.
func (g File) file() (file, error) {
	f := file{name: g.Name, size: int64(len(g.Body)), time: g.Time, generated: true, open: opener(g.Body)}
	if g.Path == "" {
		return f, nil
	}
	e, err := buildcontext.EntryOf(g.Path)
	if err == nil {
		f.size, f.open = e.Info.Size(), e.Open
	}
	return f, err
}

// avoidTakenNames makes no compressed copy where its name is that of a folder, or too long
// for a file system.
func (b *Bundle) avoidTakenNames() {
	folders := b.folders()
	for i := range b.files {
		f := &b.files[i]
		base := f.name[strings.LastIndexByte(f.name, '/')+1:]
		if folders[f.name+gzipEnding] || len(base)+len(gzipEnding) > maxName {
			f.compress = false
		}
	}
}

// maxName is the longest name of a file on Linux, in bytes (NAME_MAX).
const maxName = 255

// find returns a file by its name, or nil.
func (b Bundle) find(name string) *file {
	i, ok := slices.BinarySearchFunc(b.files, name, func(f file, name string) int { return strings.Compare(f.name, name) })
	if !ok {
		return nil
	}
	return &b.files[i]
}

// folders returns the folders that the files are in.
func (b Bundle) folders() map[string]bool {
	folders := map[string]bool{}
	for _, f := range b.files {
		for dir := path.Dir(f.name); dir != "." && !folders[dir]; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	return folders
}
