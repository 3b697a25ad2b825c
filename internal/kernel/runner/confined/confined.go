//go:build linux

// Package confined reads and writes files in a folder that the build's user owns, as root: that user
// can put a link, a fifo or a folder in the place of any file. Nothing in it leads out of the
// folder, and what is no regular file is neither read nor written through.
package confined

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// ErrNotRegular is the error of a file that is a link, a folder or a device.
var ErrNotRegular = errors.New("not a regular file")

// Read returns the content of a regular file, given its path relative to a folder.
func Read(dir, name string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	seen, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !seen.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: %w", name, ErrNotRegular)
	}
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a fifo does not block
	if err != nil {
		return nil, err
	}
	defer file.Close()
	opened, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !os.SameFile(seen, opened) { // replaced in the meantime
		return nil, fmt.Errorf("read %s: %w", name, ErrNotRegular)
	}
	return io.ReadAll(file)
}

// Write replaces a file, whole or not at all, given its path relative to a folder.
func Write(dir, name string, text []byte) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	temporary := name + Temporary + rand.Text() // other builds may write the same file
	defer root.Remove(temporary)                // fails once it is renamed
	if err := write(root, temporary, text); err != nil {
		return err
	}
	if info, err := root.Lstat(name); err == nil && info.IsDir() {
		if err := root.RemoveAll(name); err != nil {
			return err
		}
	}
	return root.Rename(temporary, name)
}

// Temporary is in the name of a file that Write has not yet renamed, after the final name.
const Temporary = ".new-"

// write writes a file that does not exist.
func write(root *os.Root, name string, text []byte) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// Create creates a file, in the place of whatever is there, given its path relative to a folder.
func Create(dir, name string) (*os.File, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if err := root.RemoveAll(name); err != nil {
		return nil, err
	}
	return root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

// Mkdir makes a folder, in the place of whatever else is there, given its path relative to a folder.
func Mkdir(dir, name string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if info, err := root.Lstat(name); err == nil && !info.IsDir() {
		if err := root.Remove(name); err != nil {
			return err
		}
	}
	return root.MkdirAll(name, 0o755)
}
