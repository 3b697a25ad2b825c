package engine

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/moby/go-archive"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// File is a file or a folder to be put into a container.
type File struct {
	Name string // relative to the destination folder; its parents must exist or precede it in the list
	Mode fs.FileMode
	Link string // the target of a symbolic link; "" for any other file
	Size int64
	Body io.Reader
	UID  int
	GID  int
	Time time.Time
}

// Put streams files into a folder of the container.
func (c *Container) Put(ctx context.Context, dir string, files ...File) error {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(writeTar(writer, files)) }()
	err := c.engine.api.CopyToContainer(ctx, c.ID, dir, reader, container.CopyToContainerOptions{})
	reader.CloseWithError(io.ErrClosedPipe) // ends the writer if the engine stopped reading
	return failed("copy into the container's "+dir, err)
}

func writeTar(w io.Writer, files []File) error {
	out := tar.NewWriter(w)
	for _, f := range files {
		head := &tar.Header{Name: f.Name, Mode: int64(f.Mode.Perm()), Size: f.Size, Uid: f.UID, Gid: f.GID, ModTime: f.Time}
		if f.Mode.IsDir() {
			head.Typeflag, head.Name = tar.TypeDir, f.Name+"/"
		}
		if f.Link != "" {
			head.Typeflag, head.Linkname = tar.TypeSymlink, f.Link
		}
		if err := out.WriteHeader(head); err != nil {
			return err
		}
		if f.Body == nil {
			continue
		}
		if _, err := io.Copy(out, f.Body); err != nil {
			return err
		}
	}
	return out.Close()
}

// ErrNoFile is the error for a file that a container does not have. The engine reports a container
// that is gone by the same status, with this text only.
var ErrNoFile = errors.New("no such file")

// Get copies a file or a folder out of the container into the folder dest. The container's
// contents are not trusted: a name that leads out of dest, a link or a device is an error,
// and dest may then hold a part of the copy.
func (c *Container) Get(ctx context.Context, source, dest string) error {
	stream, _, err := c.engine.api.CopyFromContainer(ctx, c.ID, source)
	if cerrdefs.IsNotFound(err) && !strings.Contains(err.Error(), "No such container") {
		return fmt.Errorf("copy %s out of the container: %w", source, ErrNoFile)
	}
	if err != nil {
		return failed("copy "+source+" out of the container", err)
	}
	defer stream.Close()
	if err := unpack(stream, dest); err != nil {
		return fmt.Errorf("copy %s out of the container: %w", source, err)
	}
	return nil
}

// FileInfo is a file or a folder of a container.
type FileInfo struct {
	Name     string // relative to the listed folder, with slashes
	Folder   bool
	Mode     int64 // with the setuid, setgid and sticky bits (04000, 02000, 01000)
	UID, GID int
}

// List returns the contents of a folder of the container, recursively, as read from the
// engine's archive of it: nothing runs in the container.
func (c *Container) List(ctx context.Context, folder string) (list []FileInfo, err error) {
	stream, _, err := c.engine.api.CopyFromContainer(ctx, c.ID, folder)
	if err != nil {
		return nil, failed("list "+folder+" of the container", err)
	}
	defer stream.Close()
	for in := tar.NewReader(stream); ; {
		head, err := in.Next()
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, failed("list "+folder+" of the container", err)
		}
		_, name, _ := strings.Cut(strings.TrimSuffix(head.Name, "/"), "/") // the first element is the folder's own name
		if name == "" {
			continue
		}
		list = append(list, FileInfo{Name: name, Folder: head.Typeflag == tar.TypeDir, Mode: head.Mode & 0o7777, UID: head.Uid, GID: head.Gid})
	}
}

// unpack writes the regular files and folders of a tar below dest.
func unpack(r io.Reader, dest string) error {
	root, err := os.OpenRoot(dest) // refuses paths that lead out of dest, also by links
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	defer root.Close()
	in := tar.NewReader(r)
	for {
		head, err := in.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fault.Wrap(fault.Environment, fmt.Errorf("read archive: %w", err))
		}
		if err := unpackEntry(root, head, in); err != nil {
			return err
		}
	}
}

func unpackEntry(root *os.Root, head *tar.Header, body io.Reader) error {
	name := filepath.FromSlash(path.Clean(head.Name))
	if !filepath.IsLocal(name) || strings.Contains(head.Name, `\`) {
		return fault.New(fault.Failed, "", "unpack %q: it leads out of the folder", head.Name)
	}
	switch head.Typeflag {
	case tar.TypeDir:
		if err := root.MkdirAll(name, 0o755); err != nil {
			return fault.Wrap(fault.Environment, err)
		}
		return nil
	case tar.TypeReg:
		return unpackFile(root, name, head, body)
	}
	return fault.New(fault.Failed, "", "unpack %q: it is neither a file nor a folder", head.Name)
}

func unpackFile(root *os.Root, name string, head *tar.Header, body io.Reader) error {
	f, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644|fs.FileMode(head.Mode)&0o111)
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	if _, err := io.Copy(f, body); err != nil {
		f.Close()
		return fault.Wrap(fault.Environment, err)
	}
	if err := f.Close(); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	return nil
}

// PutFolder copies the contents of a folder of this machine into a folder of the container,
// owned by root, without the names in excludes (patterns as in .dockerignore).
func (c *Container) PutFolder(ctx context.Context, dir, source string, excludes ...string) error {
	files, err := archive.TarWithOptions(source, &archive.TarOptions{
		ExcludePatterns: excludes, ChownOpts: &archive.ChownOpts{UID: 0, GID: 0},
	})
	if err != nil {
		return fault.Wrap(fault.Usage, err)
	}
	defer files.Close()
	err = c.engine.api.CopyToContainer(ctx, c.ID, dir, files, container.CopyToContainerOptions{})
	return failed("copy into the container's "+dir, err)
}
