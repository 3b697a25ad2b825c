package fetch

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// lay copies files into the tree, with the settled time, and logs which of the source's own
// they replace. The log has their names and nothing of their content.
func (f Fetcher) lay(ctx context.Context, ctr *engine.Container, files []source.File) error {
	if len(files) == 0 {
		return nil
	}
	replaced, err := replacedBy(ctx, ctr, files)
	if err != nil {
		return err
	}
	if err := makeFolders(ctx, ctr, files); err != nil {
		return err
	}
	if err := put(ctx, ctr, files); err != nil {
		return err
	}
	for _, file := range files {
		if sum, err := file.Sum(); err != nil || sum != file.SHA256 {
			return errChanged(file.Local)
		}
	}
	f.Console.Logf("laid %d files in the source", len(files))
	if len(replaced) > 0 {
		f.Console.Logf("files of the source that were replaced: %s", strings.Join(replaced, ", "))
	}
	return settleFiles(ctx, ctr, pathsOf(files))
}

// pathsOf returns the paths of files in the container.
func pathsOf(files []source.File) (paths []string) {
	for _, file := range files {
		paths = append(paths, tree+"/"+file.Path)
	}
	return paths
}

// replacedBy returns the files of the tree that files replace. A folder is never replaced.
func replacedBy(ctx context.Context, ctr *engine.Container, files []source.File) (replaced []string, err error) {
	if err := putList(ctx, ctr, pathsOf(files)); err != nil {
		return nil, err
	}
	out, err := ctr.Output(ctx, engine.Command{Argv: []string{"find", "-files0-from", listFile, "-maxdepth", "0", "-printf", `%y%p\n`}})
	if err != nil && !engine.CommandFailed(err) { // it fails for those that do not exist
		return nil, err
	}
	for line := range strings.Lines(out) {
		kind, name := line[:1], strings.TrimPrefix(strings.TrimSuffix(line[1:], "\n"), tree+"/")
		i := slices.IndexFunc(files, func(file source.File) bool { return file.Path == name })
		switch isFolder := i >= 0 && files[i].Mode == source.ModeFolder; {
		case kind == "d" && !isFolder:
			return nil, fault.New(fault.Usage, fmt.Sprintf("to lay a file in it, write %q", name+"/"), "files: %s is a folder of the source", name)
		case kind != "d" && isFolder:
			return nil, fault.New(fault.Usage, "choose a different path", "files: %s is a file of the source, and no folder", name)
		case kind != "d":
			replaced = append(replaced, name)
		}
	}
	return replaced, nil
}

// makeFolders makes the folders that files are laid in.
func makeFolders(ctx context.Context, ctr *engine.Container, files []source.File) error {
	var folders []string
	for _, file := range files {
		name := tree + "/" + file.Path
		if file.Mode != source.ModeFolder {
			name = path.Dir(name)
		}
		folders = append(folders, name)
	}
	slices.Sort(folders)
	if err := putList(ctx, ctr, slices.Compact(folders)); err != nil {
		return err
	}
	_, err := ctr.Output(ctx, engine.Command{Argv: []string{"xargs", "--null", "--arg-file=" + listFile, "mkdir", "--parents", "--"}})
	if engine.CommandFailed(err) {
		return fault.New(fault.Usage, "choose paths below folders", "files: a file of the source is in the way of a folder: %w", err)
	}
	return err
}

// put copies files into the folders of the tree.
func put(ctx context.Context, ctr *engine.Container, files []source.File) error {
	var list []engine.File
	for _, file := range files {
		entry := engine.File{Name: file.Path, Mode: 0o644}
		switch file.Mode {
		case source.ModeFolder:
			continue
		case source.ModeLink:
			to, err := os.Readlink(file.Local)
			if err != nil {
				return fault.Wrap(fault.Usage, err)
			}
			entry.Link = to
		default:
			info, err := os.Stat(file.Local)
			if err != nil {
				return fault.Wrap(fault.Usage, err)
			}
			body := &lazyFile{name: file.Local}
			defer body.Close()
			entry.Size, entry.Body = info.Size(), body
		}
		if file.Mode == source.ModeProgram {
			entry.Mode = 0o755
		}
		list = append(list, entry)
	}
	return ctr.Put(ctx, tree, list...)
}

// lazyFile is a file that is open only while it is read: a folder may have thousands.
type lazyFile struct {
	name string
	file *os.File
}

// Read opens the file at the first call, and closes it at its end.
func (f *lazyFile) Read(p []byte) (n int, err error) {
	if f.file == nil {
		if f.file, err = os.Open(f.name); err != nil {
			return 0, err
		}
	}
	n, err = f.file.Read(p)
	if err == io.EOF {
		f.file.Close()
	}
	return n, err
}

// Close closes the file if it was not read to its end.
func (f *lazyFile) Close() error { return f.file.Close() }
