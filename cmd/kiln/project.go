package main

import (
	"errors"
	"os"
	"path/filepath"
)

// project is a folder that files are written into.
type project struct {
	dir  string
	made []string // paths of folders and files, in the order in which they were made
}

// write writes a file. One that appeared meanwhile is not overwritten.
func (p *project) write(f file) error {
	path := filepath.Join(p.dir, f.name)
	if err := p.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	p.made = append(p.made, path)
	_, err = out.Write(f.text)
	return errors.Join(err, out.Close())
}

// mkdir makes a folder and those above it, unless they exist.
func (p *project) mkdir(path string) error {
	if _, err := os.Stat(path); err == nil || path == p.dir {
		return err
	}
	if err := p.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	err := os.Mkdir(path, 0o755)
	if err == nil {
		p.made = append(p.made, path)
	}
	return err
}

// remove removes what was made.
func (p *project) remove() {
	for i := len(p.made) - 1; i >= 0; i-- {
		os.Remove(p.made[i])
	}
}
