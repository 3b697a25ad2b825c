package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
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
	// unpack writes what a stream unpacks to, as far as a number of bytes.
	unpack func(w io.Writer, r io.Reader, limit int64) error
}

// gzipEnding is the ending of the copies that Kiln makes.
const gzipEnding = ".gz"

func formats() []format {
	return []format{{gzipEnding, "gzip_static", ungzip}, {".br", "brotli_static", unbrotli}, {".zst", "zstd_static", unzstd}}
}

func ungzip(w io.Writer, r io.Reader, limit int64) error {
	in, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	return copyN(w, in, limit)
}

func unbrotli(w io.Writer, r io.Reader, limit int64) error {
	return copyN(w, brotli.NewReader(r), limit)
}

func unzstd(w io.Writer, r io.Reader, limit int64) error {
	in, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return err
	}
	defer in.Close()
	return copyN(w, in, limit)
}

func copyN(w io.Writer, r io.Reader, limit int64) error {
	_, err := io.Copy(w, io.LimitReader(r, limit))
	return err
}

// usedBy reports whether a configuration makes nginx send the copies of a format.
func (f format) usedBy(conf []byte) bool {
	return regexp.MustCompile(`(?m)^([^#\n]*[;{])?[ \t]*` + f.directive + `\s+(on|always)\s*;`).Match(conf)
}

// pair finds the compressed copies that the content has beside their originals, as
// sitemap.xml.gz beside sitemap.xml. It returns a line for each that nginx would send in
// place of a file that it does not unpack to: a stale one, or a different file.
func (b *Bundle) pair(content string) (faults []string, err error) {
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
	for i, line := range lines {
		if line != "" {
			faults = append(faults, buildcontext.Printable(filepath.Join(content, b.files[i].name))+": "+line)
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
	name := buildcontext.Printable(original.name)
	sum := sha256.New()
	err = f.unpack(sum, body, original.size+1)
	const advice = "; remove it, and Kiln makes one where it saves space, or rename it"
	switch {
	case err != nil:
		return fmt.Sprintf("nginx would send it in place of %s (%s), but it cannot be unpacked: %v%s", name, f.directive, err, advice), nil
	case hex.EncodeToString(sum.Sum(nil)) != original.sum:
		return fmt.Sprintf("nginx would send it in place of %s (%s), but it unpacks to something else%s", name, f.directive, advice), nil
	}
	return "", nil
}
