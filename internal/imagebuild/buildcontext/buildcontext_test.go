package buildcontext

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/moby/patternmatcher"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// tree writes files to a folder: the text of each, or, after "-> ", where a link leads.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if to, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(strings.ReplaceAll(to, "DIR", dir), path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func keepAll(Entry) bool { return false }

func names(list []Entry) (all []string) {
	for _, e := range list {
		all = append(all, e.Name)
	}
	return all
}

func TestLinksThatStayInsideAreFollowed(t *testing.T) {
	dir := tree(t, map[string]string{
		"a/page.html": "x", "link.html": "-> a/page.html", "b": "-> a", "c/absolute": "-> DIR/a/page.html", "c/up": "-> ../link.html",
	})
	list, faults, err := Walk(dir, keepAll)
	if err != nil || len(faults) > 0 {
		t.Fatalf("%q, %v", faults, err)
	}
	if got, want := names(list), []string{"a", "a/page.html", "b", "b/page.html", "c", "c/absolute", "c/up", "link.html"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, e := range list {
		if e.Info.IsDir() {
			continue
		}
		if e.Real != "a/page.html" {
			t.Errorf("%s is %s", e.Name, e.Real)
		}
		body, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(body); string(text) != "x" || err != nil {
			t.Errorf("%s: %q, %v", e.Name, text, err)
		}
		body.Close()
	}
	outer := tree(t, map[string]string{"content": "-> " + dir})
	if list, faults, err := Walk(filepath.Join(outer, "content"), keepAll); len(list) != 8 || len(faults) > 0 || err != nil {
		t.Errorf("a folder that is a link: %q, %q, %v", names(list), faults, err)
	}
}

func TestLinksThatLeadOutAreRefusedByName(t *testing.T) {
	for name, tc := range map[string]struct {
		files map[string]string
		want  string
	}{
		"to a file outside":      {map[string]string{"x": "-> /etc/passwd"}, "x: is a link to /etc/passwd, outside of "},
		"to a folder outside":    {map[string]string{"deep/x": "-> /etc"}, "deep/x: is a link to /etc, outside of "},
		"upwards":                {map[string]string{"x": "-> ../.."}, "x: is a link to ../.., outside of "},
		"by way of a second":     {map[string]string{"x": "-> y", "y": "-> /etc/hostname"}, "x: is a link to y, outside of "},
		"dangling":               {map[string]string{"x": "-> gone.html"}, "x: is a link to gone.html, which does not exist"},
		"to itself":              {map[string]string{"x": "-> x"}, "x: is a link that leads back to itself"},
		"in a circle":            {map[string]string{"x": "-> y", "y": "-> x"}, "y: is a link that leads back to itself"},
		"to the folder it is in": {map[string]string{"a/b/x": "-> ../../a"}, "a/b/x: is a link to a folder that contains it"},
		"to each other":          {map[string]string{"a/x": "-> ../b", "b/y": "-> ../a"}, "a/x/y: is a link to a folder that contains it"},
		"to the root":            {map[string]string{"x": "-> ."}, "x: is a link to a folder that contains it"},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults, err := Walk(tree(t, tc.files), keepAll)
			if err != nil || !strings.Contains(strings.Join(faults, "\n"), tc.want) {
				t.Errorf("got %q, %v; want %q", faults, err, tc.want)
			}
		})
	}
}

func TestChangedFileIsAnError(t *testing.T) {
	dir := tree(t, map[string]string{"page": "0123456789"})
	path := filepath.Join(dir, "page")
	entry := func() Entry {
		t.Helper()
		list, _, err := Walk(dir, keepAll)
		if err != nil {
			t.Fatal(err)
		}
		return list[0]
	}
	before := func(change func() error) error {
		e := entry()
		if err := change(); err != nil {
			t.Fatal(err)
		}
		_, err := e.Open()
		return err
	}
	meanwhile := func(change func() error) error {
		body, err := entry().Open()
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		if _, err := body.Read(make([]byte, 4)); err != nil {
			t.Fatal(err)
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(body)
		return err
	}
	write := func(text string) func() error {
		return func() error { return os.WriteFile(path, []byte(text), 0o644) }
	}
	touch := func() error { return os.Chtimes(path, time.Time{}, time.Unix(1e9, 0)) }
	replace := func() error {
		return errors.Join(os.Remove(path), os.WriteFile(path+"2", []byte("9876543210"), 0o644), os.Rename(path+"2", path))
	}
	for name, err := range map[string]error{
		"longer before": before(write("01234567890")), "touched before": before(touch), "replaced before": before(replace),
		"removed before": before(func() error { return os.Remove(path) }),
	} {
		if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "the file changed meanwhile") {
			t.Errorf("%s: %v", name, err)
		}
	}
	write("0123456789")()
	for name, change := range map[string]func() error{"longer": write("0123456789+"), "shorter": write("01234"), "touched": touch} {
		if err := meanwhile(change); fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "the file changed meanwhile") {
			t.Errorf("%s meanwhile: %v", name, err)
		}
		write("0123456789")()
	}
	if err := meanwhile(func() error { return nil }); err != nil {
		t.Errorf("unchanged: %v", err)
	}
}

func TestIgnore(t *testing.T) {
	for name, tc := range map[string]struct {
		text      string
		out, kept []string
	}{
		"folder":           {"content/drafts\n", []string{"content/drafts", "content/drafts/a.html"}, []string{"content/index.html", "content/x/drafts"}},
		"anywhere":         {"# no drafts\n\n**/*.draft.html\r\n", []string{"a.draft.html", "content/x/b.draft.html"}, []string{"content/b.html"}},
		"allowlist":        {"*\n!content\n", []string{"nginx.conf", "x/y"}, []string{"content/a", "content/b/c"}},
		"kept in a folder": {"content/drafts\n!content/drafts/ready.html\n", []string{"content/drafts/a"}, []string{"content/drafts/ready.html"}},
		"the last decides": {"!a\na\n", []string{"a"}, nil},
		"slashes, marks":   {"/content/a/\n\xef\xbb\xbfb\n  c  \n", []string{"content/a/x", "b", "c"}, []string{"a"}},
		"Latin-1":          {"content/caf\xe9.html\n", []string{"content/caf\xe9.html"}, []string{"content/cafe.html"}},
	} {
		t.Run(name, func(t *testing.T) {
			i, err := ReadIgnore(tree(t, map[string]string{".dockerignore": tc.text}))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range tc.out {
				if i.Match(name) == nil {
					t.Errorf("%q is kept", name)
				}
			}
			for _, name := range tc.kept {
				if rule := i.Match(name); rule != nil {
					t.Errorf("%q is left out by %s", name, rule)
				}
			}
		})
	}
}

func TestIgnoreFileBesideTheDockerfileByName(t *testing.T) {
	i, err := ReadIgnore(tree(t, map[string]string{".dockerignore": "a\n", "Dockerfile.dockerignore": "\nb\n"}))
	if err != nil || i.Match("a") != nil || i.Match("b").String() != "Dockerfile.dockerignore:2 (b)" {
		t.Errorf("%v, %v", i.Match("b"), err)
	}
}

func TestInvalidPatternsAreAllNamed(t *testing.T) {
	_, err := ReadIgnore(tree(t, map[string]string{".dockerignore": "good\na[\n!\n" + strings.Repeat("x", 70000) + "\n"}))
	for _, want := range []string{".dockerignore:2: expected a pattern", ".dockerignore:3: ", ".dockerignore:4: "} {
		if fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

func TestContext(t *testing.T) {
	dir := tree(t, map[string]string{
		"snippets/a.conf": "a", "snippets/drafts/b.conf": "b", "snippets/c.conf": "-> ../shared.conf", "shared.conf": "s",
		"content/old.html": "old", "nginx.conf": "theirs", ".dockerignore": "**/drafts\n", "web/dist/x": "x", "web/y": "y",
	})
	ignore, err := ReadIgnore(dir)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1e9, 0).UTC()
	text := func(name, s string) File {
		return File{Name: name, Size: int64(len(s)), Time: at, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }}
	}
	c := New(dir, ignore, at)
	c.Mount("content", []File{text("index.html", "new"), text("deep/caf\xe9.html", "latin")})
	c.Mount("web/dist", []File{text("index.html", "new")})
	c.Put(text("nginx.conf", "ours"))
	var all []string
	err = fs.WalkDir(c, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			body, failed := fs.ReadFile(c, path)
			all, err = append(all, path+"="+string(body)), failed
		}
		return err
	})
	want := []string{
		".dockerignore=**/drafts\n", "content/deep/caf\xe9.html=latin", "content/index.html=new", "nginx.conf=ours",
		"shared.conf=s", "snippets/a.conf=a", "snippets/c.conf=s", "web/dist/index.html=new", "web/y=y",
	}
	if err != nil || !slices.Equal(all, want) {
		t.Errorf("got  %q\nwant %q\n%v", all, want, err)
	}
	if rule := c.Ignored("snippets/dr*"); rule.String() != ".dockerignore:1 (**/drafts)" {
		t.Errorf("got %s", rule)
	}
	if info, err := fs.Stat(c, "shared.conf"); err != nil || !info.ModTime().Equal(at) {
		t.Errorf("%v, %v", info, err)
	}
	plain := New(tree(t, map[string]string{"a/b": "x", "c": "y"}), Ignore{}, time.Time{})
	if err := fstest.TestFS(plain, "a/b", "c"); err != nil {
		t.Error(err)
	}
}

func TestContextNamesLinksThatLeadOut(t *testing.T) {
	c := New(tree(t, map[string]string{"snippets/x": "-> /etc/passwd", "other": "y"}), Ignore{}, time.Time{})
	if _, err := fs.Stat(c, "snippets"); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "snippets/x: is a link to /etc/passwd") {
		t.Errorf("got %v", err)
	}
	if _, err := fs.Stat(c, "other"); err != nil {
		t.Errorf("a file that nobody links: %v", err)
	}
}

func TestPrintable(t *testing.T) {
	for name, want := range map[string]string{
		"plain name's (1).html": "plain name's (1).html", "снимок.png": "снимок.png", `back\slash`: `back\slash`,
		"caf\xe9": `"caf\xe9"`, "a\nb": `"a\nb"`, "\x1b[2J": `"\x1b[2J"`,
	} {
		if got := Printable(name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

// FuzzIgnore requires that no ignore file ends in a panic, and that what is accepted agrees
// with moby's own evaluation of all its patterns.
func FuzzIgnore(f *testing.F) {
	for _, text := range []string{"content/drafts\n**/*.draft.html\n!content/drafts/ready.html", "*\n!content", "# x\n\xef\xbb\xbf/a/", "[a-z]*\n\\!x", "a/**/b\n!a/**/c\n**"} {
		f.Add(text, "content/drafts/ready.html")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		i, err := parseIgnore(".dockerignore", []byte(text))
		if err != nil || !fs.ValidPath(name) || name == "." {
			return
		}
		want, err := wholeFile(i, name)
		if err != nil {
			return
		}
		if got := i.Match(name) != nil; got != want {
			t.Errorf("%q of %q: left out is %v, want %v", name, text, got, want)
		}
	})
}

// wholeFile evaluates an ignore file as moby does: all patterns at once.
func wholeFile(i Ignore, name string) (bool, error) {
	var patterns []string
	for _, r := range i.rules {
		patterns = append(patterns, r.pattern)
	}
	m, err := patternmatcher.New(patterns)
	if err != nil {
		return false, err
	}
	return m.MatchesOrParentMatches(name)
}
