package fetch

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// folderFile is a file, folder or link of a source's folder.
type folderFile struct {
	name string      // its path in the tree, with slashes
	path string      // on this machine; outside of the folder below a link that leads out
	mode fs.FileMode // its type, and 0o755 or 0o644
	link string      // the target of a link
}

// walker lists a source's folder as a build sees it: without version control, sockets and
// pipes, and with what links that lead out of it lead to.
type walker struct {
	root  string
	notes []string // what to log

	files    []folderFile
	followed int // files that were found by links that lead out
}

// The limits of what is taken without a word or at all.
const (
	largeFile   = 256 << 20 // bytes: no file of the kernel's has a tenth of that
	maxFollowed = 20000     // files below links that lead out
)

// walk returns the files, sorted by their names in each folder.
func (w *walker) walk() ([]folderFile, error) {
	root, err := filepath.EvalSymlinks(w.root)
	if err != nil {
		return nil, err
	}
	w.root = root
	return w.files, w.folder(root, "", false)
}

// folder lists a folder; out is whether it is outside of the root.
func (w *walker) folder(dir, name string, out bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == ".git" {
			continue
		}
		if w.followed > maxFollowed {
			return nil // the caller reports it
		}
		if err := w.entry(filepath.Join(dir, e.Name()), path.Join(name, e.Name()), e.Type(), out); err != nil {
			return err
		}
	}
	return nil
}

// entry lists an entry of a folder.
func (w *walker) entry(at, name string, kind fs.FileMode, out bool) error {
	switch {
	case kind.IsDir():
		w.files = append(w.files, folderFile{name: name, path: at, mode: fs.ModeDir | 0o755})
		return w.folder(at, name, out)
	case kind&fs.ModeSymlink != 0:
		return w.link(at, name, out)
	case !kind.IsRegular():
		w.notes = append(w.notes, fmt.Sprintf("%s is left out: it is neither a file nor a folder nor a link", name))
		return nil
	}
	return w.file(at, name, out)
}

func (w *walker) file(at, name string, out bool) error {
	info, err := os.Stat(at)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if info.Mode()&0o111 != 0 {
		mode = 0o755
	}
	if info.Size() >= largeFile {
		w.notes = append(w.notes, fmt.Sprintf("%s has %s, and is copied with the source", name, report.Bytes(info.Size())))
	}
	if out {
		w.followed++
	}
	w.files = append(w.files, folderFile{name: name, path: at, mode: mode})
	return nil
}

// link lists a link. One that stays in the folder stays a link, and so does one that leads
// nowhere. One that leads out is followed: in the container it would lead nowhere.
func (w *walker) link(at, name string, out bool) error {
	target, err := os.Readlink(at)
	if err != nil {
		return err
	}
	l := folderFile{name: name, path: at, mode: fs.ModeSymlink | 0o777, link: target}
	real, err := filepath.EvalSymlinks(at)
	inside := err == nil && within(w.root, real)
	switch {
	case inside && filepath.IsAbs(target):
		l.link = strings.Repeat("../", strings.Count(name, "/")) + filepath.ToSlash(strings.TrimPrefix(real[len(w.root):], string(filepath.Separator)))
	case err == nil && !inside && !out:
		return w.follow(l, real)
	}
	w.files = append(w.files, l)
	return nil
}

// follow lists what a link that leads out leads to, in its place.
func (w *walker) follow(l folderFile, real string) error {
	info, err := os.Stat(real)
	if err != nil {
		return err
	}
	switch {
	case info.IsDir() && within(real, w.root):
		w.notes = append(w.notes, fmt.Sprintf("the link %s leads to a folder that contains the source, and stays a link", l.name))
		w.files = append(w.files, l)
		return nil
	case !info.IsDir() && !info.Mode().IsRegular():
		w.notes = append(w.notes, fmt.Sprintf("the link %s is left out: it leads to %s, which is neither a file nor a folder", l.name, real))
		return nil
	}
	w.notes = append(w.notes, fmt.Sprintf("the link %s leads out of the folder, to %s, and is replaced by what is there", l.name, real))
	before := w.followed
	if err := w.entry(real, l.name, info.Mode().Type(), true); err != nil {
		return err
	}
	if w.followed > maxFollowed {
		return fault.New(fault.Usage, "remove the link, or copy what the kernel needs in its place",
			"read source %s: the link %s leads out of it, to %s with more than %d files", w.root, l.name, real, maxFollowed-before)
	}
	return nil
}

// within reports whether path is dir or below it.
func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
