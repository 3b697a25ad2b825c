package suite

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// headSize is the part of a body that is kept for messages and diagnostics, in bytes.
const headSize = 2048

// body describes bytes that were streamed, not held.
type body struct {
	size   int64
	sha256 string // hex
	begin  string // the SHA-256 of the first partSize bytes; "" where there are no more
	head   []byte // the first bytes
}

// meter is a writer that describes what is written to it.
type meter struct {
	size  int64
	sum   hash.Hash
	begin string
	head  []byte
}

func newMeter() *meter { return &meter{sum: sha256.New()} }

func (m *meter) Write(p []byte) (int, error) {
	if room := headSize - len(m.head); room > 0 {
		m.head = append(m.head, p[:min(room, len(p))]...)
	}
	if room := partSize - m.size; room >= 0 && room < int64(len(p)) {
		m.sum.Write(p[:room])
		m.begin = hex.EncodeToString(m.sum.Sum(nil))
		m.sum.Write(p[room:])
	} else {
		m.sum.Write(p)
	}
	m.size += int64(len(p))
	return len(p), nil
}

func (m *meter) body() body {
	return body{m.size, hex.EncodeToString(m.sum.Sum(nil)), m.begin, m.head}
}

// readBody reads a stream to its end.
func readBody(r io.Reader) (body, error) {
	m := newMeter()
	_, err := io.Copy(m, r)
	return m.body(), err
}

// bufferSize is how much of a connection is read at a time, in bytes.
const bufferSize = 64 << 10

// readDecoded reads a stream that is compressed with gzip, and describes it as it came and as
// it is decoded. What is no gzip stream is described as it came.
func readDecoded(r io.Reader) (raw, decoded body, err error) {
	m := newMeter()
	in := bufio.NewReaderSize(io.TeeReader(r, m), bufferSize)
	if z, failed := gzip.NewReader(in); failed == nil {
		decoded, err = readBody(z)
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

// read reads the body of an answer.
func (r *runner) read(response *http.Response) (raw, decoded body, err error) {
	if r.fetched.isOf(response) {
		begin, err := readBody(io.LimitReader(response.Body, partSize))
		if err == nil && begin.sha256 == r.fetched.body.begin {
			begin = r.fetched.body
		}
		return begin, begin, err
	}
	if strings.EqualFold(response.Header.Get("Content-Encoding"), "gzip") {
		return readDecoded(response.Body)
	}
	raw, err = readBody(response.Body)
	return raw, raw, err
}

// isOf reports whether an answer with a large body has the same bytes as a response, by what
// the server says: they have the same length and the same strong validator (RFC 9110, section
// 8.8.1). Then it is enough to read the beginning.
func (a answer) isOf(response *http.Response) bool {
	tag := a.header.Get("ETag")
	return a.body.begin != "" && a.status == response.StatusCode && a.body.size == response.ContentLength &&
		strings.HasPrefix(tag, `"`) && tag == response.Header.Get("ETag") &&
		a.header.Get("Content-Encoding") == response.Header.Get("Content-Encoding")
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
