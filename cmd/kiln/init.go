package main

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// template is a starter project. It is not site/ and kernel/ of this repository: those hold
// Kiln's own pages and repository, and Go embeds only what is below the package. What is the
// same in both, a test compares.
//
//go:embed template
var template embed.FS

// goSuffix ends the names of Go files in the template, which are not compiled there.
const goSuffix = ".txt"

// initialize writes the template into a folder and returns the names of the files. If one of
// them exists, the error, of class fault.Usage, lists all that exist, and nothing is written.
func initialize(dir string) (written []string, err error) {
	files, err := templateFiles()
	if err != nil {
		return nil, err
	}
	if err := checkAbsent(dir, files); err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := f.write(dir); err != nil {
			return written, fault.Wrap(fault.Environment, err)
		}
		written = append(written, f.name)
	}
	return written, nil
}

// file is a file of the template, with its name in the project.
type file struct {
	name string
	text []byte
}

func templateFiles() (files []file, err error) {
	err = fs.WalkDir(template, "template", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := template.ReadFile(path)
		name := strings.TrimSuffix(strings.TrimPrefix(path, "template/"), goSuffix)
		files = append(files, file{filepath.FromSlash(name), text})
		return err
	})
	return files, err
}

// checkAbsent returns an error that lists the files that exist in a folder.
func checkAbsent(dir string, files []file) error {
	var found []string
	for _, f := range files {
		switch _, err := os.Lstat(filepath.Join(dir, f.name)); {
		case err == nil:
			found = append(found, f.name)
		case !errors.Is(err, fs.ErrNotExist):
			return fault.Wrap(fault.Environment, err)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return fault.New(fault.Usage, "run it in an empty folder, or remove them", "write the project: nothing was written, since these exist: %s", strings.Join(found, ", "))
}

// write writes the file. One that appeared meanwhile is not overwritten.
func (f file) write(dir string) error {
	path := filepath.Join(dir, f.name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = out.Write(f.text)
	return errors.Join(err, out.Close())
}
