package site_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/dev/benchtest"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/sitetest"
)

// sizeRuns is how often each side is measured, in turn.
const sizeRuns = 3

// BenchmarkSize builds and verifies a site of 3,000 files, of which one has 60 MB, and a site
// with one file of 200 MB. The other side of a build is sha256sum and gzip -9 of all files,
// then a build of the same Dockerfile by BuildKit; that of verify copies the files out of the
// image, and hashes them.
func BenchmarkSize(b *testing.B) {
	b.Run("Many", func(b *testing.B) { measureSize(b, 3000, 60<<20) })
	b.Run("Large", func(b *testing.B) { measureSize(b, 1, 200<<20) })
}

// measureSize measures a site with a number of files; the last has a size in bytes.
func measureSize(b *testing.B, files, large int) {
	s := sitetest.Open(b, "size", sitetest.NoRegistry)
	s.Settings.Repository = sitetest.NoRegistry + "/bench/size" // no other test has its name
	b.Cleanup(func() {
		for _, tag := range s.Settings.Tags {
			s.Engine.RemoveImage(context.Background(), s.Settings.Repository+":"+tag)
		}
	})
	writeMany(b, s, files, large)
	took, memory := map[string][]float64{}, map[string]float64{}
	measure := func(what string, run func() error) {
		benchtest.ResetPeak(b)
		began := time.Now()
		if err := run(); err != nil {
			b.Fatalf("%s: %v", what, err)
		}
		took[what] = append(took[what], time.Since(began).Seconds())
		memory[what] = max(memory[what], benchtest.Peak(b))
		fmt.Fprintf(os.Stderr, "measured size of %d files, %s: %.1f s, %.0f MiB\n", files, what, time.Since(began).Seconds(), benchtest.Peak(b))
	}
	image := sitetest.Build(b, sitetest.Read(b, s))
	for b.Loop() {
		for n := range sizeRuns {
			sitetest.Write(b, s, "content/changed.html", fmt.Sprint(n))
			measure("by hand", func() error { return byHand(b, s, image) })
			measure("image", func() (err error) {
				if s.Source, err = s.Settings.ReadSource(s.Dir, s.Commit); err == nil {
					image, err = s.Build(b.Context())
				}
				return err
			})
			measure("docker cp", func() error { return copiedOut(b, s, image) })
			measure("verify", func() error { _, err := s.Verify(b.Context(), image); return err })
		}
	}
	for _, row := range []struct {
		name, ours, theirs string
		bound              float64
	}{{"Image", "image", "by hand", 1.5}, {"Verify", "verify", "docker cp", 3}} {
		b.Run(row.name, func(b *testing.B) {
			for b.Loop() {
			}
			b.ReportMetric(median(took[row.ours]), "ours-s")
			b.ReportMetric(median(took[row.theirs]), "theirs-s")
			b.ReportMetric(row.bound, "bound")
			b.ReportMetric(sizeRuns, "runs")
			b.ReportMetric(memory[row.ours], "ours-MiB")
		})
	}
}

// writeMany writes files of 2 to 60 KB, of which one in seven is not compressible, and a
// large one that is not.
func writeMany(b *testing.B, s site.Site, files, large int) {
	b.Helper()
	noise := rand.New(rand.NewChaCha8([32]byte{1}))
	source := rand.NewChaCha8([32]byte{2})
	words := strings.Fields(strings.Repeat("a page of a site with words and tags <p> <a> </a> </p> class href 1 2 3 4 5 6 7 8 9 ", 3))
	for i := range files - 1 {
		var text strings.Builder
		for size := 2000 + noise.IntN(58000); text.Len() < size; {
			fmt.Fprintf(&text, "%s %x\n", words[noise.IntN(len(words))], noise.IntN(1<<20))
		}
		ending := []string{"html", "css", "js", "png", "json", "svg", "txt"}[i%7]
		body := []byte(text.String())
		if ending == "png" {
			source.Read(body)
		}
		sitetest.Write(b, s, fmt.Sprintf("content/folder-%d/file-%d.%s", i%60, i, ending), string(body))
	}
	body := make([]byte, large)
	source.Read(body)
	sitetest.Write(b, s, "content/large.bin", string(body))
}

// byHand does what image does, as people do it in a shell, on the base of an image.
func byHand(b *testing.B, s site.Site, image site.Image) error {
	dir := b.TempDir()
	if err := os.CopyFS(dir, os.DirFS(s.Dir)); err != nil {
		return err
	}
	const pack = `find content -type f -exec sha256sum {} + >sums
find content -type f ! -name '*.png' ! -name '*.bin' -print0 | xargs -0 -P "$(nproc)" -n 100 gzip -9 -n -k -f`
	cmd := exec.CommandContext(b.Context(), "sh", "-ec", pack)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	const name = "kiln-bench/by-hand:latest"
	_, err := s.Engine.Build(b.Context(), engine.Build{Kind: "bench", Context: dir, Tags: []string{name}, Args: map[string]string{"BASE": image.Base.Ref}}, s.Console)
	b.Cleanup(func() { s.Engine.RemoveImage(context.Background(), name) })
	return err
}

// copiedOut copies the site out of the image, and hashes every file.
func copiedOut(b *testing.B, s site.Site, image site.Image) error {
	dir := b.TempDir()
	if err := s.Engine.CopyFromImage(b.Context(), image.ID, dir, "/srv/site"); err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(sha256.New(), f)
		return err
	})
}
