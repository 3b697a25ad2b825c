package bundle

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/site/nginx"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// places are the paths that files have in the image.
type places struct {
	conf  map[string]string // of files besides the content: path -> name in the build context
	dir   string            // of the build context
	files []placed          // of the content, sorted by path
	roots []string          // folders that content is copied to, sorted
	tree  tree
}

// placed is a file of the content with its path in the image.
type placed struct {
	file     *file
	path     string
	uid, gid int
}

// place sorts what the Dockerfile copies.
func (b Bundle) place(list []imagebuild.Copied) places {
	p := places{conf: map[string]string{}, dir: b.dir, tree: tree{kinds: map[string]nginx.Kind{}, sizes: map[string]int64{}}}
	for _, c := range list {
		p.tree.add(c.Path)
		name, ok := b.contentName(c.Source)
		if !ok {
			p.conf[c.Path] = c.Source
			continue
		}
		if root := rootOf(c.Path, name); !slices.Contains(p.roots, root) {
			p.roots = append(p.roots, root)
		}
		if f := b.find(name); f != nil {
			p.files = append(p.files, placed{f, c.Path, c.UID, c.GID})
			p.tree.sizes[c.Path] = f.size
		}
	}
	slices.Sort(p.roots)
	p.tree.closed = p.roots
	return p
}

// contentName returns the name within the content of a file of the build context.
func (b Bundle) contentName(source string) (name string, ok bool) {
	if name, ok = strings.CutPrefix(source, contentFolder+"/"); !ok && b.inSite != "" {
		name, ok = strings.CutPrefix(source, b.inSite+"/")
	}
	return name, ok
}

// rootOf returns the folder that a file of the content is copied below: COPY content/a /b
// makes /b/c of content/a/c.
func rootOf(place, name string) string {
	for {
		if root, ok := strings.CutSuffix(place, "/"+name); ok {
			return root
		}
		_, rest, ok := strings.Cut(name, "/")
		if !ok {
			return path.Dir(place)
		}
		name = rest
	}
}

// hostName returns the file on this machine that a path of the image is copied from, or the
// path where it is of the base.
func (p places) hostName(image string) string {
	if name, ok := p.conf[path.Join("/", image)]; ok {
		return filepath.Join(p.dir, filepath.FromSlash(name))
	}
	return image
}

// tree is the image's file system as far as the Dockerfile tells.
type tree struct {
	kinds  map[string]nginx.Kind
	sizes  map[string]int64 // of the files of the content, in bytes
	closed []string         // folders that have no other files, but for pages of the base
}

// add adds a file, and the folders that it is in.
func (t tree) add(name string) {
	t.kinds[name] = nginx.File
	for dir := path.Dir(name); dir != "/" && t.kinds[dir] == nginx.Unlisted; dir = path.Dir(dir) {
		t.kinds[dir] = nginx.Folder
	}
}

// has reports whether there is a file of a name.
func (t tree) has(name string) bool { return t.kinds[name] == nginx.File }

// Size returns the size of a file in bytes, and whether it is known.
func (t tree) Size(name string) (int64, bool) {
	size, ok := t.sizes[name]
	return size, ok
}

// Stat returns what a path is.
func (t tree) Stat(name string) nginx.Kind {
	name = path.Clean(name)
	if k, ok := t.kinds[name]; ok {
		return k
	}
	if slices.Contains(suite.WelcomePages, name) {
		return nginx.Unlisted
	}
	for _, root := range t.closed {
		if strings.HasPrefix(name, root+"/") {
			return nginx.Absent
		}
	}
	return nginx.Unlisted
}
