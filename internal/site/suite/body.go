package suite

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
)

// headSize is the part of a body that is kept for messages and diagnostics, in bytes.
const headSize = 2048

// body describes bytes that were streamed, not held.
type body struct {
	size   int64
	sha256 string // hex
	head   []byte // the first bytes
}

// meter is a writer that describes what is written to it.
type meter struct {
	size int64
	sum  hash.Hash
	head []byte
}

func newMeter() *meter { return &meter{sum: sha256.New()} }

func (m *meter) Write(p []byte) (int, error) {
	m.size += int64(len(p))
	if room := headSize - len(m.head); room > 0 {
		m.head = append(m.head, p[:min(room, len(p))]...)
	}
	return m.sum.Write(p)
}

func (m *meter) body() body { return body{m.size, hex.EncodeToString(m.sum.Sum(nil)), m.head} }

// readBody reads a stream to its end.
func readBody(r io.Reader) (body, error) {
	m := newMeter()
	_, err := io.Copy(m, r)
	return m.body(), err
}

// readDecoded reads a stream that may be compressed with gzip, and describes it as it came
// and as it is decoded. What is no gzip stream is described as it came.
func readDecoded(r io.Reader, compressed bool) (raw, decoded body, err error) {
	m := newMeter()
	in := io.TeeReader(r, m)
	if compressed {
		if z, failed := gzip.NewReader(in); failed == nil {
			decoded, err = readBody(z)
		}
	}
	if _, failed := io.Copy(io.Discard, in); failed != nil {
		err = failed
	}
	raw = m.body()
	if decoded.sha256 == "" || err != nil {
		decoded = raw
	}
	return raw, decoded, err
}

// bodyOf describes a text.
func bodyOf(text string) body {
	b, _ := readBody(bytes.NewReader([]byte(text))) // a reader of memory does not fail
	return b
}

// body describes the file.
func (f File) body() body { return body{size: f.Size, sha256: f.SHA256} }

// part describes the part of a file from an offset to its end, read again from its source.
func (f File) part(from, length int64) (body, error) {
	r, err := f.Open()
	if err != nil {
		return body{}, err
	}
	defer r.Close()
	if s, ok := r.(io.Seeker); ok {
		_, err = s.Seek(from, io.SeekStart)
	} else {
		_, err = io.CopyN(io.Discard, r, from)
	}
	if err != nil {
		return body{}, err
	}
	return readBody(io.LimitReader(r, length))
}

// String describes a body by its length, its hash and its beginning, for a message.
func (b body) String() string {
	if b.sha256 == "" {
		return fmt.Sprintf("%d bytes", b.size)
	}
	if b.head == nil {
		return fmt.Sprintf("%d bytes, sha256 %.12s", b.size, b.sha256)
	}
	return fmt.Sprintf("%d bytes, sha256 %.12s, %q", b.size, b.sha256, b.head[:min(60, len(b.head))])
}
