package bundle

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/site/gitinfo"
)

// packed returns a text as a stream of a format.
func packed(t testing.TB, text string, format func(io.Writer) io.WriteCloser) string {
	t.Helper()
	var out bytes.Buffer
	w := format(&out)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func gz(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
func br(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }
func zst(w io.Writer) io.WriteCloser {
	z, _ := zstd.NewWriter(w)
	return z
}

// copies returns the names of the compressed copies that a bundle makes, with what they
// unpack to.
func copies(t testing.TB, b Bundle) map[string]string {
	t.Helper()
	context, done, err := b.Context(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	found := map[string]string{}
	err = fs.WalkDir(context, "content", func(path string, d fs.DirEntry, err error) error {
		name, ok := strings.CutSuffix(strings.TrimPrefix(path, "content/"), gzipEnding)
		if err != nil || d.IsDir() || !ok || b.find(name+gzipEnding) != nil {
			return err
		}
		body, err := fs.ReadFile(context, path)
		if err != nil {
			return err
		}
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return err
		}
		text, err := io.ReadAll(r)
		found[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestCopyThatDoesNotUnpackToItsOriginal(t *testing.T) {
	page := strings.Repeat("page ", 100)
	text, err := os.ReadFile(shipped(ConfName))
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.Replace(string(text), "gzip_static on;", "", 1)
	for name, tc := range map[string]struct {
		file, text, conf string
		want             string // "" for none
	}{
		"the same":             {"a.html.gz", packed(t, page, gz), "gzip_static always;", ""},
		"stale":                {"a.html.gz", packed(t, "old page", gz), "gzip_static on;", "a.html.gz: nginx would send it in place of a.html (gzip_static), but it unpacks to something else"},
		"longer":               {"a.html.gz", packed(t, page+"more", gz), "gzip_static on;", "unpacks to something else"},
		"a bomb":               {"a.html.gz", packed(t, strings.Repeat("\x00", 64<<20), gz), "gzip_static on;", "unpacks to something else"},
		"cut":                  {"a.html.gz", packed(t, page, gz)[:30], "gzip_static on;", "a.html.gz: nginx would send it in place of a.html (gzip_static), but it cannot be unpacked"},
		"no gzip":              {"a.html.gz", "text", "gzip_static on;", "cannot be unpacked"},
		"a mere comment":       {"a.html.gz", "text", "# gzip_static on; gzip_static always;", ""},
		"in a location":        {"a.html.gz", "text", "location / { gzip_static on; }", "cannot be unpacked"},
		"nginx does not look":  {"a.html.gz", "text", "gzip_static off;", ""},
		"brotli":               {"a.html.br", packed(t, page, br), "brotli_static on;", ""},
		"stale brotli":         {"a.html.br", packed(t, "old", br), "brotli_static on;", "a.html.br: nginx would send it in place of a.html (brotli_static)"},
		"brotli, a mere file":  {"a.html.br", "text", "gzip_static on;", ""},
		"zstd":                 {"a.html.zst", packed(t, page, zst), "zstd_static on;", ""},
		"stale zstd":           {"a.html.zst", packed(t, "old", zst), "zstd_static on;", "a.html.zst: nginx would send it in place of a.html (zstd_static)"},
		"a folder of the name": {"b.gz/x", "text", "gzip_static on;", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := readSite(siteFolder(t, map[string]string{
				"content/index.html": "x", "content/404.html": "y", "content/a.html": page, "content/b": page, "content/" + tc.file: tc.text, "nginx.conf": plain,
			}), "content")
			if err != nil || b.find(tc.file) == nil {
				t.Fatalf("got %v, files %q", err, siteNames(b))
			}
			b.conf.text[0] = []byte("http {\n\t" + tc.conf + "\n}\n")
			faults, err := b.pair("content")
			if err != nil {
				t.Fatal(err)
			}
			if tc.want == "" {
				if len(faults) > 0 {
					t.Errorf("got %q", faults)
				}
				made := copies(t, b)
				if _, own := made["a.html"]; own != !strings.HasSuffix(tc.file, "l.gz") {
					t.Errorf("made copies of %q", made)
				}
				if _, own := made["b"]; own != (tc.file != "b.gz/x") {
					t.Errorf("made copies of %q", made)
				}
				return
			}
			if !strings.Contains(strings.Join(faults, "\n"), tc.want) {
				t.Errorf("got %q, want %q", faults, tc.want)
			}
		})
	}
	_, err = readSite(siteFolder(t, map[string]string{"content/a": page, "content/a.gz": packed(t, "old", gz)}), "content")
	if fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "content/a.gz: nginx would send it in place of a ") {
		t.Errorf("by the shipped configuration: %v", err)
	}
}

// TestWhatIsCompressed needs no list of types: each file is tried.
func TestWhatIsCompressed(t *testing.T) {
	noise := rand.NewChaCha8([32]byte{1})
	random := func(n int) string {
		b := make([]byte, n)
		noise.Read(b)
		return string(b)
	}
	text := strings.Repeat("a line of a page\n", 100)
	files := map[string]string{"content/index.html": text, "content/404.html": "no"}
	for name, body := range map[string]string{
		"app.js": text, "no ending": text, "data.unknown": text, "UPPER.HTML": text, "module.wasm": text, "tiny.css": "a{}", "photo.JPG": text, "font.woff2": text,
		"release.tar.gz": text, "random.bin": random(100 << 10), "long.txt": strings.Repeat(text, 3000), "random.iso": random(5 << 20),
		"mixed.pdf": strings.Repeat(text, 10) + random(5<<20), "later.bin": random(1<<20) + strings.Repeat(text, 5000),
	} {
		files["content/"+name] = body
	}
	dir := siteFolder(t, files)
	b, err := readSite(dir, "content")
	if err != nil {
		t.Fatal(err)
	}
	made := copies(t, b)
	want := []string{"UPPER.HTML", "app.js", "data.unknown", "index.html", "later.bin", "long.txt", "module.wasm", "no ending"}
	var got []string
	for name, body := range made {
		if got = append(got, name); body != files["content/"+name] {
			t.Errorf("%s: the copy unpacks to something else", name)
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	commit := gitinfo.Commit{ID: "c", Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	second, err := readSite(siteFolder(t, files), "content")
	if err != nil {
		t.Fatal(err)
	}
	if one, two := digest(t, b.WithTimes(commit)), digest(t, second.WithTimes(commit)); one != two {
		t.Errorf("the same site twice: %s", two)
	}
	writeFile(t, filepath.Join(dir, "content", "tiny.css"), "b{}")
	changed, err := readSite(dir, "content")
	if err != nil || changed.WithTimes(commit).Hash() == b.WithTimes(commit).Hash() {
		t.Errorf("a changed site has the same hash, %v", err)
	}
}

// FuzzPair requires that no compressed copy ends in a panic, and that only one that unpacks
// to its original is taken.
func FuzzPair(f *testing.F) {
	const page = "<p>page</p>"
	f.Add([]byte(packed(f, page, gz)), 0)
	f.Add([]byte(packed(f, page, br)), 1)
	f.Add([]byte(packed(f, page, zst)), 2)
	f.Add([]byte(packed(f, "other", gz)), 0)
	f.Add([]byte{0x1f, 0x8b}, 0)
	f.Fuzz(func(t *testing.T, body []byte, which int) {
		format := formats()[((which%3)+3)%3]
		original, copied := file{name: "p", open: opener([]byte(page)), size: int64(len(page))}, file{name: "p" + format.ending, open: opener(body), size: int64(len(body))}
		files := []file{original, copied}
		if err := measure(files); err != nil {
			t.Fatal(err)
		}
		line, err := format.compare(&files[1], &files[0])
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		err = format.unpack(&text, bytes.NewReader(body), int64(len(page))+1)
		if same := err == nil && text.String() == page; same != (line == "") {
			t.Errorf("%q: %q", text.String(), line)
		}
	})
}
