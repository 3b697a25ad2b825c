package bundle

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild/buildcontext"
)

// pack makes the compressed copies of the files that get one, in parallel, and returns them.
// They are in a few files of a temporary folder, since making a file for each takes longer
// than to compress it. done closes them.
func (b Bundle) pack(temporary string) (packed []buildcontext.File, done func(), err error) {
	packed = make([]buildcontext.File, len(b.files))
	spools := make([]*spool, runtime.GOMAXPROCS(0))
	done = func() {
		for _, s := range spools {
			if s != nil {
				s.file.Close()
			}
		}
	}
	var group errgroup.Group
	next := make(chan int)
	for worker := range spools {
		group.Go(func() (err error) {
			s, err := newSpool(filepath.Join(temporary, fmt.Sprintf("copies-%d", worker)))
			spools[worker] = s
			for i := range next { // to the end, also after an error
				if err == nil {
					packed[i], err = s.pack(&b.files[i])
				}
			}
			if s != nil && err == nil {
				err = fault.Wrap(fault.Environment, s.out.Flush())
			}
			return err
		})
	}
	for i, f := range b.files {
		if f.compress {
			next <- i
		}
	}
	close(next)
	return packed, done, group.Wait()
}

// spool is a file that compressed copies are appended to.
type spool struct {
	file   *os.File
	out    *bufio.Writer // to file
	size   int64         // bytes that out has taken
	gzip   *gzip.Writer
	buffer []byte
}

func newSpool(path string) (*spool, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	s := &spool{file: file, out: bufio.NewWriterSize(file, readSize), buffer: make([]byte, readSize)}
	s.gzip, err = gzip.NewWriterLevel(nil, gzip.BestCompression)
	return s, err
}

func (s *spool) Write(p []byte) (int, error) {
	n, err := s.out.Write(p)
	s.size += int64(n)
	return n, fault.Wrap(fault.Environment, err)
}

// pack appends a file as a gzip stream. The bytes are the same on every machine: the stream
// holds no name and no time, and go.sum fixes the library's version.
func (s *spool) pack(f *file) (buildcontext.File, error) {
	start := s.size
	s.gzip.Reset(s)
	err := f.copyTo(s.gzip, s.buffer)
	if err == nil {
		err = s.gzip.Close()
	}
	size := s.size - start
	open := func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(s.file, start, size)), nil }
	return buildcontext.File{Name: f.name + gzipEnding, Size: size, Time: f.time, Open: open}, err
}
