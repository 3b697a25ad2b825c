package server

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// Files returns the files of a running container. Each is read when it is opened. It
// implements fs.ReadDirFS; what the engine does not give counts as missing.
func Files(ctx context.Context, ctr *engine.Container) fs.FS { return files{ctx, ctr} }

type files struct {
	ctx context.Context // of the run: fs.FS has none
	ctr *engine.Container
}

// Open opens a file, also by a symbolic link.
func (f files) Open(name string) (fs.File, error) {
	text, err := f.read("/" + name)
	if err != nil { // a link is no file to the engine; the image's cat follows it
		out, failed := f.ctr.Output(f.ctx, engine.Command{Argv: []string{"cat", "/" + name}})
		if failed != nil {
			return nil, &fs.PathError{Op: "open", Path: "/" + name, Err: fs.ErrNotExist}
		}
		text = []byte(out)
	}
	return &file{bytes.NewReader(text), info{name: path.Base(name), size: int64(len(text))}}, nil
}

func (f files) read(name string) ([]byte, error) {
	dir, remove, err := scratch.Dir("conf")
	if err != nil {
		return nil, err
	}
	defer remove()
	if err := f.ctr.Get(f.ctx, name, dir); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, path.Base(name)))
}

// ReadDir lists a folder, sorted by name.
func (f files) ReadDir(name string) (entries []fs.DirEntry, err error) {
	list, err := f.ctr.List(f.ctx, "/"+name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: "/" + name, Err: fs.ErrNotExist}
	}
	for _, each := range list {
		if !strings.Contains(each.Name, "/") {
			entries = append(entries, fs.FileInfoToDirEntry(info{name: each.Name, folder: each.Folder}))
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// file is an open file, in memory.
type file struct {
	*bytes.Reader
	info info
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return nil }

// info describes a file or a folder by what a reader of configurations needs.
type info struct {
	name   string
	size   int64
	folder bool
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) IsDir() bool        { return i.folder }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) Sys() any           { return nil }

func (i info) Mode() fs.FileMode {
	if i.folder {
		return fs.ModeDir | 0o755
	}
	return 0o644
}
