// Package decompress reads files that may be compressed. What a file is follows from its
// first bytes, never from its name.
package decompress

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
)

// Format is how a file is compressed.
type Format string

// The formats that NewReader reads.
const (
	None  Format = "" // not compressed
	Gzip  Format = "gzip"
	XZ    Format = "xz"
	Bzip2 Format = "bzip2"
	Zstd  Format = "zstd"
)

// magic has the first bytes of each format.
var magic = []struct {
	format Format
	prefix string
}{
	{Gzip, "\x1f\x8b"}, {XZ, "\xfd7zXZ\x00"}, {Bzip2, "BZh"}, {Zstd, "\x28\xb5\x2f\xfd"},
}

// Of returns the format of a file that begins with head.
func Of(head []byte) Format {
	for _, m := range magic {
		if bytes.HasPrefix(head, []byte(m.prefix)) {
			return m.format
		}
	}
	return None
}

// OfFile returns the format of the file at path.
func OfFile(path string) (Format, error) {
	f, err := os.Open(path)
	if err != nil {
		return None, err
	}
	defer f.Close()
	head := make([]byte, headSize)
	n, err := io.ReadFull(f, head)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return Of(head[:n]), err
}

// headSize is how many bytes of a file decide its format.
const headSize = 6

// Reader reads the decompressed content of a file. Close frees memory; it does not close
// the file.
type Reader struct {
	io.Reader
	Format Format
	close  func()
}

// Close frees what the decompressor holds.
func (r *Reader) Close() {
	if r.close != nil {
		r.close()
	}
}

// buffer is how many bytes are read from a file at once.
const buffer = 1 << 20

// maxWindow is the largest window of zstd that is accepted, in bytes: that of --long=31.
const maxWindow = 2 << 30

// NewReader returns a reader of the decompressed content of file. The file may be empty.
func NewReader(file io.Reader) (*Reader, error) {
	in := bufio.NewReaderSize(file, buffer)
	head, err := in.Peek(headSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	r := &Reader{Reader: in, Format: Of(head)}
	switch r.Format {
	case Gzip:
		r.Reader, err = gzip.NewReader(in)
	case XZ:
		r.Reader, err = xz.NewReader(in, 0)
	case Bzip2:
		r.Reader, err = bzip2.NewReader(in), nil
	case Zstd:
		var d *zstd.Decoder
		if d, err = zstd.NewReader(in, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1)); err == nil {
			r.Reader, r.close = d, d.Close
		}
	default:
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("decompress %s: %w", r.Format, err)
	}
	return r, nil
}
