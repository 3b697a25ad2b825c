package buildcontext

import (
	"io"
	"io/fs"
	"path"
	"time"
)

// node is a file or a folder of a Context. It describes itself: it is an fs.FileInfo and an
// fs.DirEntry.
type node struct {
	name     string // without its folder
	size     int64
	mode     fs.FileMode
	time     time.Time
	open     func() (io.ReadCloser, error) // of a file
	children map[string]bool               // of a folder, by name
}

func newFolder(name string) *node {
	return &node{name: path.Base(name), mode: fs.ModeDir | 0o755, children: map[string]bool{}}
}

func (n *node) Name() string               { return n.name }
func (n *node) Size() int64                { return n.size }
func (n *node) Mode() fs.FileMode          { return n.mode }
func (n *node) Type() fs.FileMode          { return n.mode.Type() }
func (n *node) ModTime() time.Time         { return n.time }
func (n *node) IsDir() bool                { return n.mode.IsDir() }
func (n *node) Sys() any                   { return nil }
func (n *node) Info() (fs.FileInfo, error) { return n, nil }

// openFile is an open file. Its body is nil for a folder.
type openFile struct {
	node *node
	body io.ReadCloser
}

func (o *openFile) Stat() (fs.FileInfo, error) { return o.node, nil }

func (o *openFile) Read(p []byte) (int, error) {
	if o.body == nil {
		return 0, &fs.PathError{Op: "read", Path: o.node.name, Err: fs.ErrInvalid}
	}
	return o.body.Read(p)
}

func (o *openFile) Close() error {
	if o.body == nil {
		return nil
	}
	return o.body.Close()
}

// openFolder is an open folder, with what has not been listed yet.
type openFolder struct {
	openFile
	list []fs.DirEntry
}

// ReadDir lists the next n entries, or all for an n below one (fs.ReadDirFile).
func (o *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(o.list)
	} else if len(o.list) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(o.list))
	next := o.list[:n]
	o.list = o.list[n:]
	return next, nil
}
