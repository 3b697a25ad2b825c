package bundle

import (
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

// pack writes the compressed copies of the files that get one into a folder, in parallel,
// and returns them.
func (b Bundle) pack(dir string) ([]buildcontext.File, error) {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	packed := make([]buildcontext.File, len(b.files))
	for i := range b.files {
		f := &b.files[i]
		if !f.compress {
			continue
		}
		group.Go(func() error {
			path := filepath.Join(dir, fmt.Sprintf("%d%s", i, gzipEnding))
			size, err := f.pack(path)
			packed[i] = buildcontext.File{
				Name: f.name + gzipEnding, Size: size, Time: f.time,
				Open: func() (io.ReadCloser, error) { return os.Open(path) },
			}
			return err
		})
	}
	return packed, group.Wait()
}

// pack writes the file as a gzip stream, and returns its length. The bytes are the same on
// every machine: the stream holds no name and no time, and go.sum fixes the library's version.
func (f *file) pack(path string) (int64, error) {
	out, err := os.Create(path)
	if err != nil {
		return 0, fault.Wrap(fault.Environment, err)
	}
	defer out.Close()
	w, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return 0, err
	}
	if err := f.copyTo(w, make([]byte, readSize)); err != nil {
		return 0, fault.Wrap(fault.Environment, fmt.Errorf("compress %s: %w", buildcontext.Printable(f.name), err))
	}
	if err := w.Close(); err != nil {
		return 0, fault.Wrap(fault.Environment, err)
	}
	info, err := out.Stat()
	if err != nil {
		return 0, fault.Wrap(fault.Environment, err)
	}
	return info.Size(), fault.Wrap(fault.Environment, out.Close())
}
