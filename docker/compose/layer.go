package compose

import (
	"fmt"
	"io"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
)

// packing names how layers are packed: by this library, whose version go.sum holds, so
// that the bytes do not depend on the machine's Go. Change it with the way.
const packing = "klauspost-6"

// Layer is a layer that is packed only when a registry asks for it.
type Layer struct {
	diffID v1.Hash
	open   func() (io.ReadCloser, error)
	notes  Notes
	pack   func() (packed, error) // once
}

// packed tells how the packed bytes of a layer are known.
type packed struct {
	Digest v1.Hash `json:"digest"`
	Size   int64   `json:"size"` // bytes
}

// Notes remember between runs what a layer is when it is packed, by a key: to find out
// means to pack it. Both methods may fail silently.
type Notes interface {
	Read(key string, value any) bool
	Write(key string, value any)
}

// NewLayer makes a layer of an uncompressed tar, whose sha256 is diffID and which open
// opens. notes may be nil.
func NewLayer(diffID v1.Hash, open func() (io.ReadCloser, error), notes Notes) *Layer {
	l := &Layer{diffID: diffID, open: open, notes: notes}
	l.pack = sync.OnceValues(l.measure)
	return l
}

// measure packs the layer to see what comes of it, unless that is known.
func (l *Layer) measure() (p packed, err error) {
	key := packing + "-" + l.diffID.Hex
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
	p, err := l.pack()
	return p.Digest, err
}

// Size is that of the packed bytes.
func (l *Layer) Size() (int64, error) {
	p, err := l.pack()
	return p.Size, err
}

// DiffID is the sha256 of the tar.
func (l *Layer) DiffID() (v1.Hash, error) { return l.diffID, nil }

// MediaType is a gzipped tar's.
func (l *Layer) MediaType() (types.MediaType, error) { return types.OCILayer, nil }

// Uncompressed opens the tar.
func (l *Layer) Uncompressed() (io.ReadCloser, error) { return l.open() }

// Compressed opens the tar, gzipped: no name and no time are in the header.
func (l *Layer) Compressed() (io.ReadCloser, error) {
	from, err := l.open()
	if err != nil {
		return nil, err
	}
	reader, writer := io.Pipe()
	go func() {
		defer from.Close()
		packer, err := gzip.NewWriterLevel(writer, 6)
		if err == nil {
			_, err = io.Copy(packer, from)
		}
		if err == nil {
			err = packer.Close()
		}
		writer.CloseWithError(err)
	}()
	return reader, nil
}

// String names the layer.
func (l *Layer) String() string { return fmt.Sprintf("layer %s", l.diffID) }
