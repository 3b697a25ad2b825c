package site_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/sitetest"
)

// verified builds the image, and requires that it passes all checks.
func verified(t *testing.T, s site.Site) site.Verdict {
	t.Helper()
	s = sitetest.Read(t, s)
	v, err := s.Verify(t.Context(), sitetest.Build(t, s))
	if err != nil || v.Failed > 0 {
		t.Errorf("exit code %d: %v", fault.Code(err), err)
	}
	return v
}

// TestNamesOfAnyBytes serves files whose names some part on the way to a browser may take for
// something else.
func TestNamesOfAnyBytes(t *testing.T) {
	s := sitetest.Open(t, "names", sitetest.NoRegistry)
	for _, name := range []string{
		"caf\xe9.html", "\xff\xfe", "café.html", "cafe\u0301.html", "line\nbreak", "tab\there", "\x01\x7f", `back\slash`, `C:\x`, "a:b", "a?b=c", "100%", "%41",
		"a&b", "a#b", "ends in a dot.", "ends in a blank ", " begins with one", "what's-new", `"quoted"`, "$request_uri", "*", "[id]", "{x}", "c++", "Mercury_(planet)",
		"~tilde", "-rf", "a;b", "<b>", "README", "readme", "\u202eright-to-left", strings.Repeat("n", 255), strings.Repeat("к", 127), "a|b", "a^b`c", "=", "@", ",", "+",
	} {
		sitetest.Write(t, s, "content/"+name, strings.Repeat(name, 50))
		if len(name) < 200 {
			sitetest.Write(t, s, "content/folder "+name+"/index.html", "index of "+name)
		}
	}
	v := verified(t, s)
	asked := 0
	for _, c := range v.Checks {
		if strings.Contains(c.Name, "caf%E9.html") {
			asked++
		}
	}
	if asked == 0 {
		t.Error("nobody asked for the file whose name is Latin-1")
	}
}

// TestContextOfTheDockerfile copies files of the site's folder that only the user's own
// Dockerfile and nginx.conf know.
func TestContextOfTheDockerfile(t *testing.T) {
	s := sitetest.Open(t, "context", sitetest.NoRegistry)
	sitetest.Write(t, s, "snippets/limits.conf", "keepalive_requests 7;\n")
	sitetest.Write(t, s, "snippets/limits.conf.draft", "no configuration\n")
	sitetest.Write(t, s, ".dockerignore", "*\n!content\n!snippets\n**/*.draft\n**/drafts\n")
	sitetest.Write(t, s, "content/drafts/a.html", "not to be seen")
	sitetest.Write(t, s, "content/.well-known/security.txt", "Contact: mailto:x@example.org\n")
	sitetest.Write(t, s, "content/.nojekyll", "")
	sitetest.Edit(t, s, "Dockerfile", "COPY content/", "COPY snippets/ /etc/nginx/kiln.d/\nCOPY content/")
	sitetest.Edit(t, s, "nginx.conf", "keepalive_timeout 30s;", "keepalive_timeout 30s;\n    include /etc/nginx/kiln.d/*;")
	v := verified(t, s)
	for _, c := range v.Checks {
		if strings.Contains(c.Name, "drafts") {
			t.Errorf("the suite asks for a draft: %s", c.Name)
		}
	}
	first := sitetest.Build(t, sitetest.Read(t, s))
	if first.Built {
		t.Error("built again, although nothing has changed")
	}
	sitetest.Write(t, s, "README.md", "not copied")
	sitetest.Write(t, s, "content/drafts/b.html", "not copied")
	if again := sitetest.Build(t, sitetest.Read(t, s)); again.Built {
		t.Error("built again for a file that is not in the image")
	}
	sitetest.Write(t, s, "snippets/limits.conf", "keepalive_requests 8;\n")
	if changed := sitetest.Build(t, sitetest.Read(t, s)); !changed.Built || changed.ID == first.ID {
		t.Error("not built again for a changed file of the build context")
	}
	sitetest.Write(t, s, ".dockerignore", "# no configuration\nnginx.conf\n")
	if _, err := s.Settings.ReadSource(s.Dir, s.Commit); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "COPY nginx.conf: .dockerignore:2 (nginx.conf) leaves it out") {
		t.Errorf("nginx.conf is ignored: %v", err)
	}
}

// TestContentThatIsALink has links to a folder, in a folder and to a file.
func TestContentThatIsALink(t *testing.T) {
	s := sitetest.Open(t, "links", sitetest.NoRegistry)
	if err := os.Rename(filepath.Join(s.Dir, "content"), filepath.Join(s.Dir, "public")); err != nil {
		t.Fatal(err)
	}
	sitetest.Write(t, s, "public/v1/index.html", "version 1")
	for link, to := range map[string]string{"content": "public", "public/latest": "v1", "public/first.html": "v1/index.html"} {
		if err := os.Symlink(to, filepath.Join(s.Dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	v := verified(t, s)
	found := map[string]bool{}
	for _, c := range v.Checks {
		for _, name := range []string{"/latest/index.html", "/first.html"} {
			found[name] = found[name] || strings.Contains(c.Name, name)
		}
	}
	if len(found) != 2 || !found["/latest/index.html"] || !found["/first.html"] {
		t.Errorf("asked for %v", found)
	}
}

// TestSiteWithoutTheUsualPages has no page for the root, and none for errors.
func TestSiteWithoutTheUsualPages(t *testing.T) {
	s := sitetest.Open(t, "bare", sitetest.NoRegistry)
	if err := os.RemoveAll(filepath.Join(s.Dir, "content")); err != nil {
		t.Fatal(err)
	}
	sitetest.Write(t, s, "content/docs/a.html", "a page")
	sitetest.Write(t, s, "content/empty.txt", "")
	sitetest.Write(t, s, "content/download.gz/index.html", "a folder whose name looks like a copy")
	sitetest.Write(t, s, "content/download", strings.Repeat("text ", 200))
	verified(t, s)
	if notes := strings.Join(sitetest.Read(t, s).Bundle.Notes(), "\n"); !strings.Contains(notes, "content/index.html: missing") {
		t.Errorf("notes %q", notes)
	}
}

// TestEmptyContent says once that there are no pages, and not once for each path.
func TestEmptyContent(t *testing.T) {
	s := sitetest.Open(t, "empty", sitetest.NoRegistry)
	content := filepath.Join(s.Dir, "content")
	if err := os.RemoveAll(content); err != nil {
		t.Fatal(err)
	}
	sitetest.Write(t, s, "content/.nojekyll", "")
	v := verify(t, s)
	if len(v.NotJudged) != 1 || v.NotJudged[0].Why != "the base image may have files in /srv/site" || v.NotJudged[0].Checks < 100 {
		t.Errorf("got %s", v)
	}
	if notes := sitetest.Read(t, s).Bundle.Notes(); len(notes) != 2 || !strings.HasPrefix(notes[1], content+": has no files") {
		t.Errorf("notes %q", notes)
	}
}
