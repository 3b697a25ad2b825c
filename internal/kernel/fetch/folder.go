package fetch

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// folder is an unpacked source on this machine.
type folder struct {
	fetcher Fetcher
	path    string
}

// resolve reads the version from the Makefile and hashes every file, since the folder may
// have changed. What can be known to be wrong is found before.
func (f folder) resolve(_ context.Context, want release.Constraint) (source.Ref, error) {
	version, err := f.version()
	if err != nil {
		return source.Ref{}, err
	}
	for _, err := range []error{admit(f.path, version, want), checkClean(f.path), checkCase(f.path)} {
		if err != nil {
			return source.Ref{}, err
		}
	}
	files, err := f.files()
	if err != nil {
		return source.Ref{}, err
	}
	sum, err := copyFiles(files, nil)
	return source.Ref{Kind: source.Folder, Version: version, URL: f.path, SHA256: sum}, fault.Wrap(fault.Usage, err)
}

// version returns the version of the folder's kernel.
func (f folder) version() (release.Version, error) {
	makefile, err := os.ReadFile(filepath.Join(f.path, "Makefile"))
	if err == nil {
		var version release.Version
		if version, err = makefileVersion(string(makefile)); err == nil {
			return version, nil
		}
	}
	return release.Version{}, fault.New(fault.Usage, f.otherFolder(), "read source %s: %w", f.path, err)
}

// otherFolder returns how to name a folder with a kernel's source where this one has none: a
// folder below it, or a branch of the repository that it is.
func (f folder) otherFolder() string {
	var found []string
	below, _ := filepath.Glob(filepath.Join(escapeGlob(f.path), "*", "Makefile"))
	for _, path := range below {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if _, err := makefileVersion(string(text)); err == nil {
			found = append(found, filepath.Dir(path))
		}
	}
	has := func(name string) bool { _, err := os.Stat(filepath.Join(f.path, name)); return err == nil }
	switch {
	case len(found) > 0:
		return "name the folder below it that has one: " + strings.Join(found, " or ")
	case has(".git"), has("HEAD") && has("objects"):
		return fmt.Sprintf("nothing is checked out there; git -C %s worktree add FOLDER BRANCH, and name that folder", f.path)
	}
	return "name a folder or tarball with the kernel's source"
}

// files lists the folder and logs what is special about it.
func (f folder) files() ([]folderFile, error) {
	w := walker{root: f.path}
	files, err := w.walk()
	for _, note := range w.notes {
		f.fetcher.Console.LogOnce("source %s: %s", f.path, note)
	}
	return files, fault.Wrap(fault.Usage, err)
}

func (f folder) unpack(ctx context.Context, ctr *engine.Container, t *source.Tree) (source.Signature, error) {
	none := source.Signature{Status: source.NoSignature}
	files, err := f.files()
	if err != nil {
		return none, err
	}
	progress := f.fetcher.Console.Progress("copy " + f.path)
	sum, err := f.copy(ctx, ctr, files, progress)
	if err == nil && sum != t.SHA256 {
		err = errChanged(f.path)
	}
	if err != nil {
		progress.End("failed")
		return none, err
	}
	progress.End(fmt.Sprintf("%d files", len(files)))
	return none, nil
}

// copy copies files into the container's tree, and returns their hash.
func (f folder) copy(ctx context.Context, ctr *engine.Container, files []folderFile, progress *report.Progress) (sum string, err error) {
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		var err error
		sum, err = copyFiles(files, &tarWriter{to: writer, progress: progress})
		writer.CloseWithError(err)
		done <- err
	}()
	_, err = ctr.Output(ctx, engine.Command{
		Argv:  []string{"tar", "--extract", "--no-same-owner", "--same-permissions", "--directory", tree, "--file", "-"},
		Stdin: reader,
	})
	reader.CloseWithError(io.ErrClosedPipe) // ends the writer if tar stopped reading
	if readErr := <-done; readErr != nil && readErr != io.ErrClosedPipe {
		return "", fault.Wrap(fault.Usage, readErr)
	}
	return sum, fault.Wrap(fault.Environment, err)
}
