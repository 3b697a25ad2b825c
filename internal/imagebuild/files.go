package imagebuild

import (
	"archive/tar"
	"cmp"
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
)

// entry is a file or a folder of the layer.
type entry struct {
	source   string // in the context; "" for a folder
	mode     int64
	uid, gid int
	size     int64
	time     time.Time
}

// files are the layer's entries by their path, without a slash at either end.
type files map[string]entry

// copy carries out COPY. to is the destination, absolute; one that ends in a slash is a
// folder.
func (f files) copy(from fs.FS, c *instructions.CopyCommand, to string, created time.Time) error {
	like, err := owned(c)
	if err != nil {
		return err
	}
	var sources []string
	for _, pattern := range c.SourcePaths {
		found, err := fs.Glob(from, cmp.Or(strings.Trim(path.Clean("/"+pattern), "/"), "."))
		if err != nil || len(found) == 0 {
			return fmt.Errorf("COPY %s: there is no such file", pattern)
		}
		sources = append(sources, found...)
	}
	folder := strings.HasSuffix(to, "/")
	if len(sources) > 1 && !folder {
		return fmt.Errorf("COPY several files to %s: the destination must end in a slash", to)
	}
	for _, source := range sources {
		if err := f.add(from, source, to, folder, like, created); err != nil {
			return err
		}
	}
	return nil
}

// add copies a file, or what is in a folder.
func (f files) add(from fs.FS, source, to string, folder bool, like entry, created time.Time) error {
	root, err := fs.Stat(from, source)
	if err != nil {
		return err
	}
	if !root.IsDir() {
		if folder {
			to = path.Join(to, path.Base(source))
		}
		return f.put(source, to, root, like, created)
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
		return f.put(name, path.Join(to, inner), info, like, created)
	})
}

// put notes a file, with the folders above it.
func (f files) put(source, to string, info fs.FileInfo, like entry, created time.Time) error {
	name := strings.Trim(to, "/")
	if name == "" {
		return nil // the root is the base's
	}
	first, _, _ := strings.Cut(name, "/")
	if link, ok := links[first]; ok {
		return fmt.Errorf("COPY to /%s: in most bases that is a link; write it as /%s", first, link)
	}
	if there, ok := f[name]; ok && (there.source == "") != info.IsDir() {
		return fmt.Errorf("COPY to /%s: it is a file and a folder; a folder as destination ends in a slash", name)
	}
	if err := f.above(name, created); err != nil {
		return err
	}
	e := like
	switch {
	case info.IsDir():
		e.mode, e.time = 0o755, created
	case info.Mode().IsRegular():
		e.source, e.size, e.time = source, info.Size(), info.ModTime()
		if e.mode == 0 {
			e.mode = modeOf(info)
		}
	default:
		return fmt.Errorf("COPY %s: it is no file and no folder", source)
	}
	f[name] = e
	return nil
}

// modeOf gives the mode of a file that does not depend on the umask of whoever made it.
func modeOf(info fs.FileInfo) int64 {
	if info.Mode().Perm()&0o100 != 0 {
		return 0o755
	}
	return 0o644
}

// folder notes a folder of the image.
func (f files) folder(at string, created time.Time) error {
	if name := strings.Trim(at, "/"); name != "" {
		return f.above(name+"/x", created)
	}
	return nil
}

// above notes the folders above a file that are not there yet.
func (f files) above(name string, created time.Time) error {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		there, ok := f[dir]
		if ok && there.source != "" {
			return fmt.Errorf("COPY to /%s: /%s is a file", name, dir)
		}
		if !ok {
			f[dir] = entry{mode: cmp.Or(folders[dir], 0o755), time: created}
		}
	}
	return nil
}

// links are folders that are links in Debian and Alpine, since /usr was merged.
var links = map[string]string{"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}

// folders are those of every base whose mode is another than 755. A layer says anew
// what is above its files: it cannot know what the base has.
var folders = map[string]int64{"tmp": 0o1777, "var/tmp": 0o1777, "root": 0o700}

// owned reads the owner and the mode that COPY gives: numbers, as no base is asked
// for names.
func owned(c *instructions.CopyCommand) (e entry, err error) {
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

// layer packs the entries as a layer, in the order of their paths.
func (f files) layer(from fs.FS, notes Cache) (*Layer, error) {
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
	diffID, _, err := v1.SHA256(r)
	if err != nil {
		return nil, err
	}
	return NewLayer(diffID, open, notes), nil
}

// write writes the tar. Times are whole seconds, and there are no names of owners.
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
	_, err = io.Copy(w, file)
	return err
}
