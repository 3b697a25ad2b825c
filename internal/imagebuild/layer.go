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

// level is how hard layers are packed. The library's version is in go.sum, so that the
// bytes do not depend on the machine's Go.
const level = 6

// packing names how layers are packed, by what becomes of a sample: another version of
// the library that packs otherwise has another name.
var packing = sync.OnceValue(func() string {
	sample := make([]byte, 0, 1<<18)
	for n := uint32(1); len(sample) < cap(sample); n = n*1664525 + 1013904223 { // words that come again, and some that do not
		sample = fmt.Appendf(sample, "%d kiln %x\n", n%97, n>>(n%29))
	}
	var packed bytes.Buffer
	if err := pack(&packed, bytes.NewReader(sample)); err != nil {
		return "unknown"
	}
	return fmt.Sprintf("gzip-%x", sha256.Sum256(packed.Bytes()))[:21]
})

// pack gzips: no name and no time are in the header.
func pack(w io.Writer, r io.Reader) error {
	packer, err := gzip.NewWriterLevel(w, level)
	if err != nil {
		return err
	}
	if _, err := io.Copy(packer, r); err != nil {
		return err
	}
	return packer.Close()
}

// Layer is a layer that is packed only when a registry asks for it.
type Layer struct {
	diffID v1.Hash
	open   func() (io.ReadCloser, error)
	notes  Cache
	packed func() (packed, error) // once
}

// packed tells how the packed bytes of a layer are known.
type packed struct {
	Digest v1.Hash `json:"digest"`
	Size   int64   `json:"size"` // bytes
}

// Cache remember between runs what a layer is when it is packed, by a key: to find out
// means to pack it. Both methods may fail silently.
type Cache interface {
	Read(key string, value any) bool
	Write(key string, value any)
}

// NewLayer makes a layer of an uncompressed tar, whose sha256 is diffID and which open
// opens. notes may be nil.
func NewLayer(diffID v1.Hash, open func() (io.ReadCloser, error), notes Cache) *Layer {
	l := &Layer{diffID: diffID, open: open, notes: notes}
	l.packed = sync.OnceValues(l.measure)
	return l
}

// measure packs the layer to see what comes of it, unless that is known.
func (l *Layer) measure() (p packed, err error) {
	key := packing() + "-" + l.diffID.Hex
	if l.notes != nil && l.notes.Read(key, &p) && p.Size > 0 {
		return p, nil
	}
	r, err := l.Compressed()
	if err != nil {
		return p, err
	}
	defer r.Close()
	if p.Digest, p.Size, err = v1.SHA256(r); err == nil && l.notes != nil {
		l.notes.Write(key, p)
	}
	return p, err
}

// Digest is the sha256 of the packed bytes.
func (l *Layer) Digest() (v1.Hash, error) {
	p, err := l.packed()
	return p.Digest, err
}

// Size is that of the packed bytes.
func (l *Layer) Size() (int64, error) {
	p, err := l.packed()
	return p.Size, err
}

// DiffID is the sha256 of the tar.
func (l *Layer) DiffID() (v1.Hash, error) { return l.diffID, nil }

// MediaType is a gzipped tar's.
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
		writer.CloseWithError(pack(writer, from))
	}()
	return reader, nil
}
