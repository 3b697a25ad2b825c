package bundle

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// imageFS are the files of the image that a configuration may include: those that the
// Dockerfile copies, over those of the base. It implements fs.ReadDirFS.
type imageFS struct {
	context fs.FS             // that the Dockerfile copies from
	copied  map[string]string // path in the image -> name in context
	base    fs.FS             // may be nil
	missed  bool              // a file of an unknown base was asked for
}

// Complete reports whether a file that cannot be opened is not in the image.
func (i *imageFS) Complete() bool { return i.base != nil }

// Open opens a file.
func (i *imageFS) Open(name string) (fs.File, error) {
	if source, ok := i.copied["/"+name]; ok {
		return i.context.Open(source)
	}
	if i.base == nil {
		i.missed = true
		return nil, &fs.PathError{Op: "open", Path: "/" + name, Err: fs.ErrNotExist}
	}
	return i.base.Open(name)
}

// ReadDir lists a folder, sorted by name.
func (i *imageFS) ReadDir(name string) (list []fs.DirEntry, err error) {
	if i.base == nil {
		i.missed = true
	} else if list, err = fs.ReadDir(i.base, name); err != nil {
		list = nil // the folder may be the Dockerfile's alone
	}
	for file, source := range i.copied {
		dir, own := path.Split(file)
		if path.Clean(dir) != path.Join("/", name) || slices.ContainsFunc(list, func(e fs.DirEntry) bool { return e.Name() == own }) {
			continue
		}
		info, err := fs.Stat(i.context, source)
		if err != nil {
			return list, err
		}
		list = append(list, renamed{fs.FileInfoToDirEntry(info), own})
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, nil
}

// renamed is an entry with the name that it has in the image.
type renamed struct {
	fs.DirEntry
	name string
}

// Name returns the name in the image.
func (r renamed) Name() string { return r.name }
