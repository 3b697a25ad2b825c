package bundle

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// siteFolder writes a site as it is shipped, and files: the text of each, or, after "-> ",
// where a link leads.
func siteFolder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"nginx.conf", "mime.types", "redirects.conf"} {
		text, err := os.ReadFile(shipped(name))
		if err != nil {
			t.Fatal(err)
		}
		if _, own := files[name]; !own {
			writeFile(t, filepath.Join(dir, name), string(text))
		}
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		to, ok := strings.CutPrefix(text, "-> ")
		if !ok {
			writeFile(t, path, text)
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readSite(dir, content string) (Bundle, error) {
	return Read(filepath.Join(dir, content), filepath.Join(dir, ConfName))
}

// siteNames returns the names of a bundle's files.
func siteNames(b Bundle) (names []string) {
	for _, f := range b.files {
		names = append(names, f.name)
	}
	return names
}

func TestGeneratorsFolder(t *testing.T) {
	sitemap := strings.Repeat("<url>https://example.org/</url>\n", 50)
	dir := siteFolder(t, map[string]string{
		"content/index.html": "x", "content/404.html": "y", "content/.nojekyll": "", "content/.well-known/security.txt": "Contact: x",
		"content/.well-known/.git/config": "z", "content/sitemap.xml": sitemap, "content/sitemap.xml.gz": packed(t, sitemap, gz),
		"content/release.tar.gz": packed(t, "tar", gz), "content/.git/HEAD": "ref", "content/.index.html.swp": "vim",
	})
	b, err := readSite(dir, "content")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := siteNames(b), []string{".well-known/security.txt", "404.html", "index.html", "release.tar.gz", "sitemap.xml", "sitemap.xml.gz"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := b.Notes(), []string{"left out of the image: .git/, .nojekyll, .well-known/.git/ (dot files)"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if made := copies(t, b); len(made) > 0 {
		t.Errorf("made copies of %v", made)
	}
	for _, f := range serverOn(t, b).Expectation().Files {
		if f.Gzip != (f.URL == "/sitemap.xml") {
			t.Errorf("%s: a compressed copy is %v", f.URL, f.Gzip)
		}
	}
}

func TestDockerignore(t *testing.T) {
	for name, tc := range map[string]struct {
		content, ignore string
		want            string // files
		note            string
	}{
		"folder":                      {"content", "content/drafts", "404.html index.html live.html ready.draft.html", "left out of the image by .dockerignore: drafts/"},
		"anywhere":                    {"content", "**/*.draft.html", "404.html drafts/a.html index.html live.html", "left out of the image by .dockerignore: ready.draft.html"},
		"kept":                        {"content", "content/d*\n!content/drafts/a.html", "404.html drafts/a.html index.html live.html ready.draft.html", ""},
		"allowlist":                   {"content", "*\n!content", "404.html drafts/a.html index.html live.html ready.draft.html", ""},
		"content of a different name": {"web/dist", "content/drafts", "404.html index.html live.html ready.draft.html", "drafts/"},
		"its own name":                {"web/dist", "web/dist/drafts", "404.html index.html live.html ready.draft.html", "drafts/"},
		"allowlist of its own name":   {"web/dist", "*\n!web/dist\n**/drafts", "404.html index.html live.html ready.draft.html", "drafts/a.html"},
		"allowlist of content":        {"web/dist", "**\n!content", "404.html drafts/a.html index.html live.html ready.draft.html", ""},
		"a link to what is left out":  {"content", "content/live.html", "404.html drafts/a.html index.html ready.draft.html", "link.html, live.html"},
		"content outside":             {"../out", "content/drafts", "404.html index.html live.html ready.draft.html", "drafts/"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"site/.dockerignore": tc.ignore + "\n"}
			for _, page := range []string{"index.html", "404.html", "live.html", "drafts/a.html", "ready.draft.html"} {
				files[filepath.Join("site", tc.content, page)] = page
			}
			if strings.Contains(tc.note, "link") {
				files["site/content/link.html"] = "-> live.html"
			}
			dir := siteFolder(t, files)
			for _, name := range confFiles {
				if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, "site", name)); err != nil {
					t.Fatal(err)
				}
			}
			b, err := readSite(filepath.Join(dir, "site"), tc.content)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(siteNames(b), " "); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if got := strings.Join(b.Notes(), "\n"); !strings.HasSuffix(got, tc.note) || tc.note == "" && got != "" {
				t.Errorf("notes %q", got)
			}
			for _, f := range confFiles {
				if _, err := fs.Stat(b.Layout(), f); err != nil {
					t.Errorf("the build context: %v", err)
				}
			}
		})
	}
}

func TestDockerignoreThatLeavesOutTooMuch(t *testing.T) {
	_, err := readSite(siteFolder(t, map[string]string{"content/index.html": "x", ".dockerignore": "\n*\n"}), "content")
	if fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), ".dockerignore:2 (*) leaves out all of it; add the line !content") {
		t.Errorf("got %v", err)
	}
	b, err := readSite(siteFolder(t, map[string]string{"content/index.html": "x", ".dockerignore": "*.conf\n"}), "content")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fs.Stat(b.Layout(), ConfName); err == nil {
		t.Error("nginx.conf is in the build context, although a rule names it")
	}
}

func TestLinks(t *testing.T) {
	dir := siteFolder(t, map[string]string{
		"public/index.html": "x", "public/404.html": "-> index.html", "public/v1/a.html": "a", "public/latest": "-> v1", "content": "-> public",
	})
	b, err := readSite(dir, "content")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := siteNames(b), []string{"404.html", "index.html", "latest/a.html", "v1/a.html"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	writeFile(t, filepath.Join(dir, "secret"), "x")
	for name, to := range map[string]string{"out.txt": "../secret", "gone.txt": "none", "self": "self"} {
		if err := os.Symlink(to, filepath.Join(dir, "public", name)); err != nil {
			t.Fatal(err)
		}
	}
	_, err = readSite(dir, "content")
	for _, want := range []string{"content/out.txt: is a link to ../secret, outside of ", "content/gone.txt: is a link to none, which does not exist", "content/self: is a link that leads back to itself"} {
		if fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if _, err := readSite(dir, "none"); fault.Code(err) != int(fault.Usage) {
		t.Errorf("no folder: %v", err)
	}
	if _, err := readSite(dir, ConfName); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("a file: %v", err)
	}
}

func TestSiteWithoutTheUsualPages(t *testing.T) {
	dir := siteFolder(t, map[string]string{"content/docs/index.html": "x", "redirects.conf": "/docs/index.html /x;\n"})
	b, err := readSite(dir, "content")
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(append(b.Notes(), serverOn(t, b).Notes()...), "\n")
	for _, want := range []string{
		"content/index.html: missing; ", "error_page names /404.html, which is no page of the site", "redirects.conf:1: moves /docs/index.html, which is a page of the site",
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("no %q in %q", want, notes)
		}
	}
}

func TestNamesOfAnyBytes(t *testing.T) {
	files := map[string]string{"content/index.html": "x", "content/404.html": "y"}
	urls := map[string]string{
		"caf\xe9.html": "/caf%E9.html", "café.html": "/caf%C3%A9.html", "cafe\u0301.html": "/cafe%CC%81.html", "a\nb": "/a%0Ab", `a\b`: "/a%5Cb", "a?b": "/a%3Fb",
		"100%": "/100%25", "a#b": "/a%23b", "a b ": "/a%20b%20", "dot.": "/dot.", "A.html": "/A.html", "a.html": "/a.html",
		strings.Repeat("n", 255): "/" + strings.Repeat("n", 255), "deep:\x7f/\x01": "/deep:%7F/%01",
	}
	long := strings.Repeat("text ", 100)
	for name := range urls {
		files["content/"+name] = long
	}
	b, err := readSite(siteFolder(t, files), "content")
	if err != nil {
		t.Fatal(err)
	}
	served := map[string]bool{}
	for _, f := range serverOn(t, b).Expectation().Files {
		served[f.URL] = true
	}
	made := copies(t, b)
	for name, url := range urls {
		if !served[url] {
			t.Errorf("%q is not expected at %s", name, url)
		}
		if _, ok := made[name]; ok != (len(name) < 253) {
			t.Errorf("%q: a compressed copy is %v", name, ok)
		}
	}
}

// digest returns the hash of a bundle, and of all that COPY can copy.
func digest(t *testing.T, b Bundle) string {
	t.Helper()
	context, done, err := b.Context(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	parts := []string{b.Hash()}
	err = fs.WalkDir(context, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		body, err := fs.ReadFile(context, path)
		parts = append(parts, fmt.Sprint(path, info.Mode(), info.ModTime()), string(body))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return HashStrings(parts...)
}

func TestGeneratedFiles(t *testing.T) {
	dir := siteFolder(t, map[string]string{"content/index.html": "x", "content/404.html": "y", "content/page": "z", "offered": "artefact"})
	read := func(files ...File) (Bundle, error) {
		return Read(filepath.Join(dir, "content"), filepath.Join(dir, ConfName), files...)
	}
	b, err := read(File{Name: "kernels/index.html", Body: []byte("page")}, File{Name: "kernels/Image", Path: filepath.Join(dir, "offered")})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"kernels/index.html": "page", "kernels/Image": "artefact"} {
		if got, err := fs.ReadFile(b.Layout(), "content/"+name); string(got) != want || err != nil {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"index.html", "page/index.html"} {
		if _, err := read(File{Name: name}); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "Kiln generates a page of this name") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := read(File{Name: "x", Path: filepath.Join(dir, "none")}); fault.Code(err) != int(fault.Environment) {
		t.Errorf("a file that is not there: %v", err)
	}
}
