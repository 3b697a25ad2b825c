package main

import (
	"embed"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
// them exists, or a file is where a folder is needed, the error, of class fault.Usage, lists
// all that exist. After an error, nothing is left written.
func initialize(dir string) (written []string, err error) {
	files, err := templateFiles()
	if err != nil {
		return nil, err
	}
	if err := checkAbsent(dir, files); err != nil {
		return nil, err
	}
	p := project{dir: dir}
	for _, f := range files {
		if err := p.write(f); err != nil {
			p.remove()
			return nil, fault.New(fault.Environment, "make the folder writable, and free disk space", "write the project: %w", err)
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

// checkAbsent returns an error that lists what is where the files of the template belong.
func checkAbsent(dir string, files []file) error {
	var found []string
	for _, f := range files {
		name, err := obstacle(dir, f.name)
		if err != nil {
			return fault.New(fault.Environment, "make the folder readable", "write the project: %w", err)
		}
		if name != "" && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return fault.New(fault.Usage, "run it in an empty folder, or remove them", "write the project: nothing was written, since these exist: %s", strings.Join(found, ", "))
}

// obstacle returns the part of a file's path that exists and is not a folder; "" if the file
// can be made.
func obstacle(dir, name string) (string, error) {
	part := ""
	for _, element := range strings.Split(name, string(filepath.Separator)) {
		part = filepath.Join(part, element)
		path := filepath.Join(dir, part)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return "", nil
		} else if err != nil {
			return "", err
		}
		if info, err := os.Stat(path); part == name || err != nil || !info.IsDir() {
			return part, nil
		}
	}
	return "", nil
}
