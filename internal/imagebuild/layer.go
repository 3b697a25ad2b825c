package imagebuild

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
)

// gzipLevel is the compression level of layers. The library's version is fixed in go.sum, so
// that the bytes do not depend on the Go version.
const gzipLevel = 6

// compression identifies the compressor by the hash of a compressed sample: a version of
// the library with different output has a different name.
var compression = sync.OnceValue(func() string {
	sample := make([]byte, 0, 1<<18)
	for n := uint32(1); len(sample) < cap(sample); n = n*1664525 + 1013904223 { // repeated words and unique ones
		sample = fmt.Appendf(sample, "%d kiln %x\n", n%97, n>>(n%29))
	}
	var compressed bytes.Buffer
	if err := compress(&compressed, bytes.NewReader(sample)); err != nil {
		return "unknown"
	}
	return fmt.Sprintf("gzip-%x", sha256.Sum256(compressed.Bytes()))[:21]
})

// compress gzips, without a name and a time in the header.
func compress(w io.Writer, r io.Reader) error {
	out, err := gzip.NewWriterLevel(w, gzipLevel)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, r); err != nil {
		return err
	}
	return out.Close()
}

// Layer is a layer that is compressed only when it is pushed.
type Layer struct {
	diffID v1.Hash
	open   func() (io.ReadCloser, error)
	cache  Cache
	blob   func() (blob, error) // once

	unpacked int64 // bytes of the tar; 0 where they have not been counted
}

// blob describes the compressed bytes of a layer.
type blob struct {
	Digest v1.Hash `json:"digest"`
	Size   int64   `json:"size"` // bytes
}

// NewLayer returns the layer of the uncompressed tar that open opens, whose sha256 is diffID.
// The cache may be nil.
func NewLayer(diffID v1.Hash, open func() (io.ReadCloser, error), cache Cache) *Layer {
	l := &Layer{diffID: diffID, open: open, cache: cache}
	l.blob = sync.OnceValues(l.measure)
	return l
}

// measure returns the blob from the cache, else by compressing the layer.
func (l *Layer) measure() (b blob, err error) {
	key := compression() + "-" + l.diffID.Hex
	if l.cache != nil && l.cache.Read(key, &b) && b.Size > 0 {
		return b, nil
	}
	r, err := l.Compressed()
	if err != nil {
		return b, err
	}
	defer r.Close()
	if b.Digest, b.Size, err = v1.SHA256(r); err == nil && l.cache != nil {
		l.cache.Write(key, b)
	}
	return b, err
}

// Digest returns the sha256 of the compressed bytes.
func (l *Layer) Digest() (v1.Hash, error) {
	b, err := l.blob()
	return b.Digest, err
}

// Size returns the number of compressed bytes.
func (l *Layer) Size() (int64, error) {
	b, err := l.blob()
	return b.Size, err
}

// DiffID returns the sha256 of the tar.
func (l *Layer) DiffID() (v1.Hash, error) { return l.diffID, nil }

// MediaType returns the media type of a gzipped tar.
func (l *Layer) MediaType() (types.MediaType, error) { return types.OCILayer, nil }

// Uncompressed opens the tar.
func (l *Layer) Uncompressed() (io.ReadCloser, error) { return l.open() }

// Compressed opens the tar, gzipped.
func (l *Layer) Compressed() (io.ReadCloser, error) {
	from, err := l.open()
	if err != nil {
		return nil, err
	}
	reader, writer := io.Pipe()
	go func() {
		defer from.Close()
		writer.CloseWithError(compress(writer, from))
	}()
	return reader, nil
}
