package buildcontext

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// File is a file that is laid over the folder of a Context.
type File struct {
	Name string // within the context, with slashes
	Size int64
	Time time.Time
	Open func() (io.ReadCloser, error)
}

// Context is what COPY copies from: a folder, without what its ignore file leaves out, and
// the files that are laid over it. The folder is read when it is asked for. It implements
// fs.FS, fs.StatFS and fs.ReadDirFS; names may have any bytes that a file's name can have.
type Context struct {
	dir     string
	ignore  Ignore
	time    time.Time // of the folder's files; zero for their own
	mounted []string  // folders that come from the caller alone

	mu     sync.Mutex
	nodes  map[string]*node
	loaded map[string]error // by first element of the name
}

// New returns the context of a folder. Its files have the given time, or their own where it
// is zero.
func New(dir string, ignore Ignore, t time.Time) *Context {
	return &Context{dir: dir, ignore: ignore, time: t, nodes: map[string]*node{".": newFolder(".")}, loaded: map[string]error{}}
}

// Mount puts a folder of files in place of what the context's folder has under a name. The
// names of the files are relative to it.
func (c *Context) Mount(folder string, files []File) {
	c.mounted = append(c.mounted, folder)
	c.put(folder, newFolder(folder))
	for _, f := range files {
		f.Name = path.Join(folder, f.Name)
		c.Put(f)
	}
}

// Put puts a file in place of the one that the context's folder has under its name.
func (c *Context) Put(f File) {
	c.put(f.Name, &node{name: path.Base(f.Name), size: f.Size, mode: 0o644, time: f.Time, open: f.Open})
}

// Ignored returns the rule that leaves out a file that the folder has, or nil. The name may
// be a pattern (path.Match), and then is about the first file that fits.
func (c *Context) Ignored(name string) *Rule {
	found, _ := filepath.Glob(filepath.Join(c.dir, filepath.FromSlash(name)))
	for _, each := range found {
		if rel, err := filepath.Rel(c.dir, each); err == nil {
			if rule := c.ignore.Match(filepath.ToSlash(rel)); rule != nil {
				return rule
			}
		}
	}
	return nil
}

// Open opens a file or a folder.
func (c *Context) Open(name string) (fs.File, error) {
	n, err := c.find("open", name)
	if err != nil {
		return nil, err
	}
	if n.IsDir() {
		list, err := c.ReadDir(name)
		return &openFolder{openFile{node: n}, list}, err
	}
	body, err := n.open()
	if err != nil {
		return nil, err
	}
	return &openFile{n, body}, nil
}

// Stat describes a file or a folder.
func (c *Context) Stat(name string) (fs.FileInfo, error) {
	n, err := c.find("stat", name)
	if err != nil {
		return nil, err
	}
	return n, nil
}

// ReadDir lists a folder, sorted by name.
func (c *Context) ReadDir(name string) (list []fs.DirEntry, err error) {
	n, err := c.find("open", name)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if name == "." {
		if err := c.loadAll(); err != nil {
			return nil, err
		}
	}
	for _, each := range slices.Sorted(maps.Keys(n.children)) {
		list = append(list, c.nodes[path.Join(name, each)])
	}
	return list, nil
}

func (c *Context) find(op, name string) (*node, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if first, _, _ := strings.Cut(name, "/"); name != "." {
		if err := c.load(first); err != nil {
			return nil, err
		}
	}
	if n := c.nodes[name]; n != nil {
		return n, nil
	}
	return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// loadAll reads the whole folder.
func (c *Context) loadAll() error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return fault.Wrap(fault.Usage, err)
	}
	for _, e := range entries {
		if err := c.load(e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// load reads what the folder has under one of its names, once.
func (c *Context) load(first string) error {
	if err, ok := c.loaded[first]; ok {
		return err
	}
	list, faults, err := Walk(c.dir, func(e Entry) bool {
		top, _, _ := strings.Cut(e.Name, "/")
		return top != first || c.isMounted(e.Name) || c.leavesOut(e)
	})
	if len(faults) > 0 {
		err = errors.New(strings.Join(faults, "\n"))
	}
	c.loaded[first] = fault.Wrap(fault.Usage, err)
	for _, e := range list {
		if c.nodes[e.Name] == nil && !(e.Info.IsDir() && c.ignore.Match(e.Name, e.Real) != nil) {
			c.put(e.Name, c.nodeOf(e))
		}
	}
	return c.loaded[first]
}

// leavesOut reports whether the ignore file leaves out an entry. A folder of which it may
// keep files has to be read.
func (c *Context) leavesOut(e Entry) bool {
	folder := e.Info == nil || e.Info.IsDir() // a link may be to one
	return c.ignore.Match(e.Name, e.Real) != nil && !(folder && c.ignore.KeepsSome())
}

func (c *Context) isMounted(name string) bool {
	return slices.ContainsFunc(c.mounted, func(m string) bool { return name == m || strings.HasPrefix(name, m+"/") })
}

func (c *Context) nodeOf(e Entry) *node {
	if e.Info.IsDir() {
		return newFolder(e.Name)
	}
	n := &node{name: path.Base(e.Name), size: e.Info.Size(), mode: e.Info.Mode(), time: c.time, open: e.Open}
	if n.time.IsZero() {
		n.time = e.Info.ModTime()
	}
	return n
}

// put adds a node, and the folders that it is in.
func (c *Context) put(name string, n *node) {
	if old := c.nodes[name]; old != nil && old.IsDir() && n.IsDir() {
		return
	}
	dir := path.Dir(name)
	if c.nodes[dir] == nil {
		c.put(dir, newFolder(dir))
	}
	if parent := c.nodes[dir]; parent != nil && parent.IsDir() { // not a file that was put in place of a folder
		c.nodes[name], parent.children[n.name] = n, true
	}
}
