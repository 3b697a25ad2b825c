package bundle

import (
	"bytes"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/imagebuild/buildcontext"
)

// Context returns what the Dockerfile can copy: the folder of site.toml, in which content/
// is the site with its compressed copies, whatever the content folder is called. The copies
// are in a temporary folder of the caller's, and can be read until done is called.
func (b Bundle) Context(temporary string) (files *buildcontext.Context, done func(), err error) {
	packed, done, err := b.pack(temporary)
	if err != nil {
		return nil, done, err
	}
	packed = slices.DeleteFunc(packed, func(f buildcontext.File) bool { return f.Open == nil })
	return b.context(append(b.originals(), packed...)), done, nil
}

// Layout returns the same without the contents of the compressed copies, to see what the
// Dockerfile copies.
func (b Bundle) Layout() *buildcontext.Context {
	files := b.originals()
	for _, f := range b.files {
		if f.compress {
			files = append(files, buildcontext.File{Name: f.name + gzipEnding, Time: f.time})
		}
	}
	return b.context(files)
}

func (b Bundle) originals() (files []buildcontext.File) {
	for _, f := range b.files {
		files = append(files, buildcontext.File{Name: f.name, Size: f.size, Time: f.time, Open: f.open})
	}
	return files
}

func (b Bundle) context(files []buildcontext.File) *buildcontext.Context {
	c := buildcontext.New(b.dir, b.ignore, b.extraTime)
	c.Mount(contentFolder, files)
	if b.inSite != "" && b.inSite != contentFolder {
		c.Mount(b.inSite, files)
	}
	for i, name := range confFiles {
		if b.conf.text[i] == nil {
			continue
		}
		if rule := b.ignore.Match(name); rule == nil || rule.IsCatchAll() {
			c.Put(fileOf(filepath.ToSlash(name), b.conf.text[i], b.Created()))
		}
	}
	return c
}

// Has reports whether a file of the build context is one whose contents Hash covers.
func (b Bundle) Has(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first == contentFolder || b.inSite != "" && strings.HasPrefix(name, b.inSite+"/") || slices.Contains(confFiles[:], name)
}

func fileOf(name string, body []byte, t time.Time) buildcontext.File {
	return buildcontext.File{Name: name, Size: int64(len(body)), Time: t, Open: opener(body)}
}

// opener returns what opens bytes as a file, which is an io.Seeker as well.
func opener(body []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return memory{bytes.NewReader(body)}, nil }
}

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }
