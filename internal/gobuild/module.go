package gobuild

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// module is the go.mod of a program: it has the path of Kiln's own module, so that the program may
// import Kiln's internal packages.
const module = "module github.com/romanatrashyonok/kiln\n\ngo 1.26\n"

// folder returns the program's folder in its module.
func (p Program) folder() string { return path.Join("cmd", p.Name) }

// write writes the program's module to a folder.
func (p Program) write(dir string) error {
	err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(module), 0o644)
	if err != nil {
		return err
	}
	return p.files(func(name string, text []byte) error {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		return os.WriteFile(file, text, 0o644)
	})
}

// files calls use with each file of the program's module, in order, without tests.
func (p Program) files(use func(name string, text []byte) error) error {
	err := eachFile(p.Source, p.folder(), use)
	if err != nil || p.Packages == nil {
		return err
	}
	return eachFile(p.Packages, "internal", use)
}

// eachFile calls use with each file of a tree that is no test, by its path below a folder.
func eachFile(tree fs.FS, below string, use func(name string, text []byte) error) error {
	return fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		return use(path.Join(below, name), text)
	})
}
