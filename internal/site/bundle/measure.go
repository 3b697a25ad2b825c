package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"
)

// readSize is the size of the pieces in which files are read, in bytes.
const readSize = 256 << 10

// measure reads every file once, in parallel: it sets its hash, and whether a compressed copy
// is worth its space.
func measure(files []file) error {
	var group errgroup.Group
	next := make(chan *file)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() (err error) {
			buffer := make([]byte, readSize)
			s := &sampler{}
			for f := range next { // to the end, also after an error
				if err == nil {
					err = f.measure(s, buffer)
				}
			}
			return err
		})
	}
	for i := range files {
		next <- &files[i]
	}
	close(next)
	return group.Wait()
}

// measure reads a file.
func (f *file) measure(s *sampler, buffer []byte) error {
	sum := sha256.New()
	var to io.Writer = sum
	if mayCompress(f.name) {
		s.reset(f.size)
		to = io.MultiWriter(sum, s)
	}
	if err := f.copyTo(to, buffer); err != nil {
		return err
	}
	f.sum = hex.EncodeToString(sum.Sum(nil))
	f.compress = mayCompress(f.name) && s.saves()
	return nil
}

// copyTo writes the contents of a file.
func (f *file) copyTo(w io.Writer, buffer []byte) error {
	body, err := f.open()
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{body}, buffer)
	return err
}

// compressed are the endings of formats that are compressed. Compressing once more saves
// little, and takes from a browser the ranges of a file that it plays.
var compressed = strings.Fields(`.7z .aac .apk .avif .br .bz2 .deb .flac .gif .gz .heic .jar .jpeg .jpg .jxl .lz .lz4 .lzma
	.m4a .m4v .mkv .mov .mp3 .mp4 .oga .ogg .ogv .opus .png .rar .rpm .svgz .tgz .txz .webm .webp .woff .woff2 .xz .zip .zst`)

// mayCompress reports whether it is worth trying to compress a file, by its name.
func mayCompress(name string) bool {
	return !slices.Contains(compressed, strings.ToLower(path.Ext(name)))
}

const (
	sampleSize  = 1 << 20 // a longer file is judged by a sample of this size, in bytes
	sampleParts = 16      // parts of the sample, evenly spread over the file
	smallSize   = 4 << 10 // a file that is not longer is judged by the compression that its copy gets
	partSize    = sampleSize / sampleParts
)

// sampler compresses a sample of what is written to it, to know whether compression saves
// at least a twentieth. The same bytes give the same answer on every machine.
type sampler struct {
	fast, best *gzip.Writer
	out        *gzip.Writer // one of both
	size       int64        // of the file
	at         int64        // what has been written so far
	in         int64        // what the sample has
	packed     countingWriter
}

type countingWriter int64

func (c *countingWriter) Write(p []byte) (int, error) {
	*c += countingWriter(len(p))
	return len(p), nil
}

func (s *sampler) reset(size int64) {
	if s.fast == nil { // the levels are constants of the library
		s.fast, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed)
		s.best, _ = gzip.NewWriterLevel(nil, gzip.BestCompression)
	}
	s.out = s.fast
	if size <= smallSize {
		s.out = s.best
	}
	s.size, s.at, s.in, s.packed = size, 0, 0, 0
	s.out.Reset(&s.packed)
}

// Write takes the parts of p that belong to the sample.
func (s *sampler) Write(p []byte) (int, error) {
	from, to := s.at, s.at+int64(len(p))
	s.at = to
	if s.size <= sampleSize {
		return len(p), s.take(p)
	}
	for part := range int64(sampleParts) {
		start := part * (s.size - partSize) / (sampleParts - 1)
		low, high := max(start, from), min(start+partSize, to)
		if low >= high {
			continue
		}
		if err := s.take(p[low-from : high-from]); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (s *sampler) take(p []byte) error {
	s.in += int64(len(p))
	_, err := s.out.Write(p)
	return err
}

// saves reports whether compression saves enough.
func (s *sampler) saves() bool { return s.out.Close() == nil && int64(s.packed) <= s.in*19/20 }
