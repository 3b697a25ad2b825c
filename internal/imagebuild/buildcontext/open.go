package buildcontext

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// EntryOf returns the entry of one regular file of this machine.
func EntryOf(path string) (Entry, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Entry{}, fault.Wrap(fault.Environment, err)
	}
	if !info.Mode().IsRegular() {
		return Entry{}, fault.New(fault.Environment, "", "read %s: it is not a regular file", Printable(path))
	}
	return Entry{Name: info.Name(), Real: info.Name(), Path: path, Info: info}, nil
}

// Open opens a file, which is an io.Seeker as well. That it is not the file that Walk found, or
// changes while it is read, is an environment problem: its size and hash are known from
// before, and what is built from it would be neither the old state nor the new one.
func (e Entry) Open() (io.ReadCloser, error) {
	f, err := os.Open(e.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, changed(e.Path)
	case errors.Is(err, fs.ErrPermission):
		return nil, fault.New(fault.Usage, "", "read %s: %w", Printable(e.Path), cause(err))
	case err != nil:
		return nil, fault.Wrap(fault.Environment, err)
	}
	r := &steady{f: f, want: e.Info}
	if err := r.check(); err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

// steady reads a file that must not change meanwhile.
type steady struct {
	f    *os.File
	want fs.FileInfo
	read int64
}

func (s *steady) Read(p []byte) (int, error) {
	n, err := s.f.Read(p)
	s.read += int64(n)
	switch {
	case s.read > s.want.Size(), err == io.EOF && s.read < s.want.Size():
		return n, changed(s.f.Name())
	case err == io.EOF:
		if failed := s.check(); failed != nil {
			return n, failed
		}
	case err != nil:
		err = fault.Wrap(fault.Environment, err)
	}
	return n, err
}

// Seek moves to another part of the file.
func (s *steady) Seek(offset int64, whence int) (int64, error) {
	at, err := s.f.Seek(offset, whence)
	s.read = at
	return at, fault.Wrap(fault.Environment, err)
}

func (s *steady) Close() error { return s.f.Close() }

// check compares the file with what it was.
func (s *steady) check() error {
	now, err := s.f.Stat()
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	if !os.SameFile(now, s.want) || now.Size() != s.want.Size() || !now.ModTime().Equal(s.want.ModTime()) {
		return changed(s.f.Name())
	}
	return nil
}

func changed(path string) error {
	return fault.New(fault.Environment, "run it again when nothing writes to the file any more", "read %s: the file changed meanwhile", Printable(path))
}
