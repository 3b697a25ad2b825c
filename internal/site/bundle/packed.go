package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"

	"github.com/romanatrashyonok/kiln/internal/imagebuild/buildcontext"
)

// format is a format of the compressed copies that nginx sends in place of the files beside
// them.
type format struct {
	ending    string
	directive string // of nginx, that makes it do so
	unpack    func(io.Reader) (io.Reader, error)
}

// gzipEnding is the ending of the copies that Kiln makes.
const gzipEnding = ".gz"

func formats() []format {
	return []format{
		{gzipEnding, "gzip_static", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
		{".br", "brotli_static", func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }},
		{".zst", "zstd_static", func(r io.Reader) (io.Reader, error) {
			d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
			if err != nil {
				return nil, err
			}
			return d.IOReadCloser(), nil
		}},
	}
}

// usedBy reports whether a configuration makes nginx send the copies of a format.
func (f format) usedBy(conf []byte) bool {
	return regexp.MustCompile(`(?m)(^|[;{])\s*` + f.directive + `\s+(on|always)\s*;`).Match(conf)
}

// pair finds the compressed copies that the content has beside their originals, as
// sitemap.xml.gz beside sitemap.xml. It returns a line for each that nginx would send in
// place of a file that it does not unpack to: a stale one, or a different file.
func (b *Bundle) pair() (faults []string, err error) {
	byName := map[string]*file{}
	for i := range b.files {
		byName[b.files[i].name] = &b.files[i]
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	lines := make([]string, len(b.files))
	for _, f := range formats() {
		sent := f.usedBy(b.conf.text[0])
		for i := range b.files {
			copied := &b.files[i]
			name, ok := strings.CutSuffix(copied.name, f.ending)
			original := byName[name]
			if !ok || original == nil {
				continue
			}
			if f.ending == gzipEnding { // the name is taken
				original.compress, original.copied, copied.time = false, sent, original.time
			}
			if !sent {
				continue
			}
			group.Go(func() (err error) {
				lines[i], err = f.compare(copied, original)
				return err
			})
		}
	}
	err = group.Wait()
	for _, line := range lines {
		if line != "" {
			faults = append(faults, line)
		}
	}
	return faults, err
}

// compare returns what is wrong with a compressed copy; "" if it unpacks to its original.
func (f format) compare(copied, original *file) (string, error) {
	body, err := copied.open()
	if err != nil {
		return "", err
	}
	defer body.Close()
	name := buildcontext.Printable(copied.name)
	sum := sha256.New()
	unpacked, err := f.unpack(body)
	if err == nil {
		_, err = io.Copy(sum, io.LimitReader(unpacked, original.size+1))
	}
	if c, ok := unpacked.(io.Closer); ok {
		c.Close()
	}
	const advice = "; remove it, and Kiln makes one where it saves space, or rename it"
	switch {
	case err != nil:
		return fmt.Sprintf("%s: nginx would send it in place of %s (%s), but it cannot be unpacked: %v%s", name, original.name, f.directive, err, advice), nil
	case hex.EncodeToString(sum.Sum(nil)) != original.sum:
		return fmt.Sprintf("%s: nginx would send it in place of %s (%s), but it unpacks to something else%s", name, original.name, f.directive, advice), nil
	}
	return "", nil
}
