package buildcontext

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Entry is a file or a folder that Walk found.
type Entry struct {
	Name string      // relative to the folder, with slashes
	Real string      // the same with links resolved
	Path string      // on this machine, with links resolved
	Info fs.FileInfo // never of a link
}

// Walk lists the regular files and the folders below a folder, which may be a link. Links
// are followed where they stay inside. What leaveOut reports true for is left out, with all
// that is in it. Everything that cannot be read is a line in faults; the error is about the
// folder itself.
func Walk(folder string, leaveOut func(Entry) bool) (list []Entry, faults []string, err error) {
	root, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return nil, nil, err
	}
	if root, err = filepath.Abs(root); err != nil {
		return nil, nil, err
	}
	info, err := os.Stat(root)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: folder, Err: syscall.ENOTDIR}
	}
	if err != nil {
		return nil, nil, err
	}
	w := walker{folder: folder, root: root, leaveOut: leaveOut}
	w.walk(Entry{Path: root, Info: info}, nil)
	return w.list, w.faults, nil
}

type walker struct {
	folder   string // as the user names it
	root     string // absolute, with links resolved
	leaveOut func(Entry) bool
	list     []Entry
	faults   []string
}

// walk lists the contents of a folder. above are the folders that it is in, by whatever
// links.
func (w *walker) walk(dir Entry, above []fs.FileInfo) {
	above = append(slices.Clip(above), dir.Info)
	entries, err := os.ReadDir(dir.Path)
	if err != nil {
		w.fault(dir.Name, "%v", cause(err))
		return
	}
	for _, each := range entries {
		e := Entry{Name: path.Join(dir.Name, each.Name()), Path: filepath.Join(dir.Path, each.Name())}
		e.Real = w.relative(e.Path)
		if each.Type()&fs.ModeSymlink == 0 {
			if e.Info, err = each.Info(); err != nil {
				w.fault(e.Name, "%v", cause(err))
				continue
			}
		}
		if w.leaveOut(e) {
			continue
		}
		if e.Info == nil {
			if e, err = w.follow(e); err != nil {
				w.fault(e.Name, "%v", err)
				continue
			}
			if e.Real != e.Name && w.leaveOut(e) {
				continue
			}
		}
		w.add(e, above)
	}
}

// add lists an entry, and the contents of a folder.
func (w *walker) add(e Entry, above []fs.FileInfo) {
	switch {
	case e.Info.IsDir():
		if slices.ContainsFunc(above, func(other fs.FileInfo) bool { return os.SameFile(other, e.Info) }) {
			w.fault(e.Name, "is a link to a folder that contains it; remove it")
			return
		}
		w.list = append(w.list, e)
		w.walk(e, above)
	case e.Info.Mode().IsRegular():
		w.list = append(w.list, e)
	default:
		w.fault(e.Name, "is not a regular file; remove it")
	}
}

// follow returns what a link leads to, under the name of the link.
func (w *walker) follow(e Entry) (Entry, error) {
	to, _ := os.Readlink(e.Path)
	target, err := filepath.EvalSymlinks(e.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return e, fmt.Errorf("is a link to %s, which does not exist; remove it", Printable(to))
	case errors.Is(err, syscall.ELOOP), err != nil && strings.Contains(err.Error(), "too many links"):
		return e, fmt.Errorf("is a link that leads back to itself; remove it")
	case err != nil:
		return e, cause(err)
	}
	e.Real = w.relative(target)
	if e.Real == "" {
		return e, fmt.Errorf("is a link to %s, outside of %s; put a copy here", Printable(to), w.folder)
	}
	e.Path = target
	e.Info, err = os.Stat(target)
	return e, cause(err)
}

// relative returns a path relative to the root, with slashes; "" where it is outside.
func (w *walker) relative(name string) string {
	rel, err := filepath.Rel(w.root, name)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return filepath.ToSlash(rel)
}

func (w *walker) fault(name, format string, args ...any) {
	w.faults = append(w.faults, Printable(filepath.Join(w.folder, filepath.FromSlash(name)))+": "+fmt.Sprintf(format, args...))
}

// cause returns the error without its path, which the caller names itself.
func cause(err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		return inner.Err
	}
	return err
}

// Printable returns a file's name for a message: quoted as in Go where it has bytes that are
// no printable UTF-8.
func Printable(name string) string {
	if quoted := strconv.Quote(name); quoted != `"`+name+`"` && strings.ContainsFunc(name, func(r rune) bool { return r == '�' || !strconv.IsPrint(r) }) {
		return quoted
	}
	return name
}
