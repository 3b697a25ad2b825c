package imagebuild

import (
	"archive/tar"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild/buildcontext"
)

// entry is a file or a folder of the layer.
type entry struct {
	source   string // in the context; "" for a folder
	mode     int64
	uid, gid int
	size     int64
	time     time.Time
}

// files are the layer's entries by path, without leading and trailing slashes.
type files map[string]entry

// copy executes COPY. The destination to is absolute; with a trailing slash it is a folder.
func (f files) copy(from fs.FS, c *instructions.CopyCommand, to string, created time.Time) error {
	attrs, err := attributes(c)
	if err != nil {
		return err
	}
	var sources []string
	for _, pattern := range c.SourcePaths {
		found, err := glob(from, pattern)
		if err != nil {
			return fmt.Errorf("COPY %s: %w", pattern, err)
		}
		sources = append(sources, found...)
	}
	folder := strings.HasSuffix(to, "/")
	if len(sources) > 1 && !folder {
		return fmt.Errorf("COPY several files to %s: the destination must end with a slash", to)
	}
	for _, source := range sources {
		if err := f.add(from, source, to, folder, attrs, created); err != nil {
			return err
		}
	}
	return nil
}

// ignoring is a context with an ignore file.
type ignoring interface {
	// Ignored returns the rule that leaves out a file, or nil.
	Ignored(name string) *buildcontext.Rule
}

// glob returns the files and folders that a source of COPY names. There must be one.
func glob(from fs.FS, pattern string) ([]string, error) {
	name := cmp.Or(strings.Trim(path.Clean("/"+pattern), "/"), ".")
	if _, err := fs.Stat(from, name); err == nil {
		return []string{name}, nil // whatever is in the name
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	found, err := fs.Glob(from, name)
	if err != nil || len(found) > 0 {
		return found, err
	}
	if c, ok := from.(ignoring); ok {
		if rule := c.Ignored(name); rule != nil {
			return nil, fault.New(fault.Usage, "add the line !"+name+" at the end of the ignore file", "%s leaves it out", rule)
		}
	}
	return nil, errors.New("no such file")
}

// add adds a file, or the contents of a folder.
func (f files) add(from fs.FS, source, to string, folder bool, attrs entry, created time.Time) error {
	root, err := fs.Stat(from, source)
	if err != nil {
		return err
	}
	if !root.IsDir() {
		if folder {
			to = path.Join(to, path.Base(source))
		}
		return f.put(source, to, root, attrs, created)
	}
	return fs.WalkDir(from, source, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		inner := strings.TrimPrefix(strings.TrimPrefix(name, source), "/")
		return f.put(name, path.Join(to, inner), info, attrs, created)
	})
}

// put adds a file or folder and its parents.
func (f files) put(source, to string, info fs.FileInfo, attrs entry, created time.Time) error {
	name := strings.Trim(to, "/")
	if name == "" {
		return nil // the root belongs to the base
	}
	first, _, _ := strings.Cut(name, "/")
	if link, ok := links[first]; ok {
		return fmt.Errorf("COPY to /%s: that is a symbolic link in most bases; use /%s", first, link)
	}
	if strings.HasPrefix(path.Base(name), whiteout) {
		return fmt.Errorf("COPY to /%s: a layer removes a file by this name; rename it", name)
	}
	if other, ok := f[name]; ok && (other.source == "") != info.IsDir() {
		return fmt.Errorf("COPY to /%s: it is both a file and a folder; a destination folder ends with a slash", name)
	}
	if err := f.parents(name, created); err != nil {
		return err
	}
	e := attrs
	switch {
	case info.IsDir():
		e.mode, e.time = 0o755, created
	case info.Mode().IsRegular():
		e.source, e.size, e.time = source, info.Size(), info.ModTime()
		if e.mode == 0 {
			e.mode = modeOf(info)
		}
	default:
		return fmt.Errorf("COPY %s: it is neither a file nor a folder", source)
	}
	f[name] = e
	return nil
}

// modeOf returns a mode that does not depend on the umask under which the file was created.
func modeOf(info fs.FileInfo) int64 {
	if info.Mode().Perm()&0o100 != 0 {
		return 0o755
	}
	return 0o644
}

// folder adds a folder and its parents.
func (f files) folder(at string, created time.Time) error {
	if name := strings.Trim(at, "/"); name != "" {
		return f.parents(name+"/x", created)
	}
	return nil
}

// parents adds the folders above a file that are missing.
func (f files) parents(name string, created time.Time) error {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		parent, ok := f[dir]
		if ok && parent.source != "" {
			return fmt.Errorf("COPY to /%s: /%s is a file", name, dir)
		}
		if !ok {
			f[dir] = entry{mode: cmp.Or(folders[dir], 0o755), time: created}
		}
	}
	return nil
}

// whiteout begins the names by which a layer removes files of those below (OCI image
// specification, layer.md).
const whiteout = ".wh."

// links are folders that are symbolic links in Debian and Alpine, since /usr was merged.
var links = map[string]string{"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}

// folders are the folders of every base whose mode is not 755. A layer repeats the folders
// above its files, with their modes, since it does not know the base.
var folders = map[string]int64{"tmp": 0o1777, "var/tmp": 0o1777, "root": 0o700}

// attributes returns the owner and the mode of COPY's flags. They are numbers: names would
// have to be looked up in the base.
func attributes(c *instructions.CopyCommand) (e entry, err error) {
	if c.Chown != "" {
		user, group, _ := strings.Cut(c.Chown, ":")
		if e.uid, err = strconv.Atoi(user); err != nil {
			return e, fmt.Errorf("COPY --chown=%s: expected numbers, as 101:101", c.Chown)
		}
		if e.gid, err = strconv.Atoi(cmp.Or(group, user)); err != nil {
			return e, fmt.Errorf("COPY --chown=%s: expected numbers, as 101:101", c.Chown)
		}
	}
	if c.Chmod != "" {
		if e.mode, err = strconv.ParseInt(c.Chmod, 8, 16); err != nil {
			return e, fmt.Errorf("COPY --chmod=%s: expected an octal number, as 644", c.Chmod)
		}
	}
	return e, nil
}

// layer returns the entries as a layer, sorted by path.
func (f files) layer(from fs.FS, cache Cache) (*Layer, error) {
	open := func() (io.ReadCloser, error) {
		reader, writer := io.Pipe()
		go func() { writer.CloseWithError(f.write(writer, from)) }()
		return reader, nil
	}
	r, err := open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	diffID, size, err := v1.SHA256(r)
	if err != nil {
		return nil, err
	}
	l := NewLayer(diffID, open, cache)
	l.unpacked = size
	return l, nil
}

// write writes the tar, with times in whole seconds and without names of owners.
func (f files) write(w io.Writer, from fs.FS) error {
	out := tar.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		e := f[name]
		head := &tar.Header{
			Typeflag: tar.TypeReg, Name: name, Mode: e.mode, Uid: e.uid, Gid: e.gid, Size: e.size,
			ModTime: e.time.UTC().Truncate(time.Second),
		}
		if e.source == "" {
			head.Typeflag, head.Name = tar.TypeDir, name+"/"
		}
		if err := out.WriteHeader(head); err != nil {
			return err
		}
		if e.source == "" {
			continue
		}
		if err := copyFrom(out, from, e.source); err != nil {
			return err
		}
	}
	return out.Close()
}

func copyFrom(w io.Writer, from fs.FS, name string) error {
	file, err := from.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err = io.Copy(w, file); err != nil {
		return fmt.Errorf("copy %s: %w", buildcontext.Printable(name), err)
	}
	return nil
}
