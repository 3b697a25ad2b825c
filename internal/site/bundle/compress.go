package bundle

import (
	"bytes"
	"runtime"
	"strings"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"
)

// compress makes the .gz copies, in parallel: of types that compress well, where at least
// a twentieth is saved.
func (b Bundle) compress() error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range b.files {
		f := &b.files[i]
		if !compresses(b.conf.typeOf(f.name)) {
			continue
		}
		group.Go(func() error {
			compressed, err := pack(f.body)
			if len(compressed) <= len(f.body)*19/20 {
				f.gzip = compressed
			}
			return err
		})
	}
	return group.Wait()
}

// compresses reports whether files of a Content-Type compress well.
func compresses(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "json") || strings.HasSuffix(t, "xml") ||
		t == "application/wasm" || t == "application/pdf"
}

// pack returns body as a gzip stream. The bytes are the same on every machine:
// the stream holds no name and no time, and go.sum fixes the library's version.
func pack(body []byte) ([]byte, error) {
	var compressed bytes.Buffer
	w, err := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	err = w.Close()
	return compressed.Bytes(), err
}
