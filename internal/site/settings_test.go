package site

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/settings"
	"github.com/romanatrashyonok/kiln/internal/site/gitinfo"
)

// faults returns the keys that Check reports.
func faults(s Settings) (keys []string) {
	s.Check(func(key, format string, args ...any) { keys = append(keys, key+": "+fmt.Sprintf(format, args...)) })
	return keys
}

func TestCheck(t *testing.T) {
	if got := faults(Defaults()); len(got) > 0 {
		t.Errorf("a project without a site: %q", got)
	}
	for key, change := range map[string]func(*Settings){
		"repository": func(s *Settings) { s.Repository = "example.com/me/site:1" },
		"base":       func(s *Settings) { s.Base = "Nginx" },
		"tags":       func(s *Settings) { s.Tags = []string{"{release}"} },
		"mirrors":    func(s *Settings) { s.Mirrors = []string{s.Repository} },
		"platforms":  func(s *Settings) { s.Platforms = []string{"arm64"} },
		"missing":    func(s *Settings) { s.Missing = "skip" },
		"artefacts":  func(s *Settings) { s.Artefacts = true },
		"port":       func(s *Settings) { s.Port = 70000 },
	} {
		s := Defaults()
		s.Repository = "example.com/me/site"
		if got := faults(s); len(got) > 0 {
			t.Errorf("valid settings: %q", got)
		}
		change(&s)
		if got := faults(s); len(got) != 1 || !strings.HasPrefix(got[0], key+": expected") {
			t.Errorf("%s: %q", key, got)
		}
	}
}

func TestSiteWithoutRepository(t *testing.T) {
	s := Defaults()
	s.Port = 8081
	if got := faults(s); len(got) != 1 || !strings.Contains(got[0], "KILN_SITE_REPOSITORY") {
		t.Errorf("got %q", got)
	}
	_, err := Defaults().ReadSource(t.TempDir(), gitinfo.Commit{})
	if fault.Code(err) != int(fault.Usage) || !strings.Contains(fmt.Sprintf("%v", err), "no repository") {
		t.Errorf("got %v", err)
	}
}

// load reads the text of a site.toml.
func load(t testing.TB, text string, environ ...string) (Settings, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "site.toml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := settings.Load(path, "KILN_SITE_", Defaults(), environ)
	return l.Value, err
}

const good = "repository = \"example.com/me/site\"\n"

func TestExpectations(t *testing.T) {
	s, err := load(t, good+"strict = true\nhealth = \"/up?a=b\"\n[[expect]]\npath = \"/\"\nheaders = { X-A = \"b, c\" }\n[[expect]]\npath = \"/a%20b\"\nstatus = 404\n[expect.headers]\nVary = \"Cookie\"\n")
	if err != nil || !s.Strict || s.Health != "/up?a=b" || len(s.Expect) != 2 || s.Expect[0].Headers["X-A"] != "b, c" || s.Expect[1].Status != 404 || s.Expect[1].Headers["Vary"] != "Cookie" {
		t.Errorf("%+v, %v", s, err)
	}
	s, err = load(t, good, "KILN_SITE_STRICT=true", "KILN_SITE_HEALTH=/up")
	if err != nil || !s.Strict || s.Health != "/up" {
		t.Errorf("by variables: %+v, %v", s, err)
	}
	for text, want := range map[string]string{
		"health = \"up\"\n":                                                "site.toml:2: health: expected a path, as \"/healthz\", got \"up\", which does not begin with a slash",
		"[[expect]]\npath = \"/a b\"\n":                                    "site.toml:3: expect[0].path: expected a path, as \"/index.html\", got \"/a b\", which has a blank or a #; write %20 or %23",
		"[[expect]]\npath = \"https://x/\"\n":                              "site.toml:3: expect[0].path",
		"[[expect]]\npath = \"/%zz\"\n":                                    "site.toml:3: expect[0].path",
		"[[expect]]\nstatus = 200\n":                                       "site.toml:2: expect[0].path",
		"[[expect]]\npath = \"/\"\nstatus = 42\n":                          "site.toml:4: expect[0].status: expected a status of HTTP, 100 to 599, got 42",
		"[[expect]]\npath = \"/\"\n[[expect]]\npath = \"/\"\nstatus = 600": "site.toml:6: expect[1].status",
		"[[expect]]\npath = \"/\"\nheaders = { \"a b\" = \"c\" }\n":        "site.toml:4: expect[0].headers: expected names of headers, of letters, digits and -, got \"a b\"",
		"[[expect]]\npath = \"/\"\nheaders = { A = \"b\\nc\" }\n":          "site.toml:4: expect[0].headers: expected the value of a header, got \"b\\nc\" for \"A\", which has a line break",
		"[[expect]]\npath = \"/\"\n[[expect]]\npath = \"/a\\r\\nb\"\n":     "site.toml:5: expect[1].path: expected a path, as \"/index.html\", got \"/a\\r\\nb\", which has a line break",
		"[[expect]]\npath = \"/\"\nheaders = { \"A\\r\\n\" = \"b\" }\n":    "site.toml:4: expect[0].headers: expected names of headers, of letters, digits and -, got \"A\\r\\n\"",
		"[[expect]]\npath = \"/\"\nheaders = { A = \"b\\r\" }\n":           "site.toml:4: expect[0].headers: expected the value of a header, got \"b\\r\" for \"A\", which has a line break",
		"[[expect]]\npath = \"/\"\nheader = { A = \"b\" }\n":               "site.toml:4: unknown table [expect.header]; expected [expect.headers]",
		"strict = \"yes\"\n":                                               "site.toml:2: strict: expected true or false, got a string",
	} {
		if _, err := load(t, good+text); fault.Code(err) != int(fault.Usage) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// FuzzSettings reads anything as site.toml: it is valid, or a usage error.
func FuzzSettings(f *testing.F) {
	for _, seed := range []string{
		good, good + "[[expect]]\npath = \"/\"\nheaders = { X-A = \"b\" }\n", "tags = [\"{version}\"]\nport = 1\n", "expect = [{path=\"/\"}, 1]", "[expect]\npath=1",
		"[[expect]]\n[expect.headers]\na.b = \"c\"\n", "health = \"\\u0000\"", "mirrors = [\"a/b:c\"]\nplatforms = [\"linux/\"]",
	} {
		f.Add(seed, "/x", "a,b")
	}
	f.Fuzz(func(t *testing.T, text, path, tags string) {
		_, err := load(t, text, "KILN_SITE_TAGS="+tags, "KILN_SITE_HEALTH="+path)
		if err != nil && fault.Code(err) != int(fault.Usage) {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func TestUncommittedChangesAreNotPublishable(t *testing.T) {
	s := Site{Settings: Defaults(), Source: Source{Dir: "site", Commit: gitinfo.Commit{ID: "abc", Dirty: true}}}
	if err := s.Publishable(); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "KILN_SITE_DIRTY") {
		t.Errorf("got %v", err)
	}
	s.Settings.Dirty = true
	if err := s.Publishable(); err != nil {
		t.Error(err)
	}
}

func TestTagsOfGit(t *testing.T) {
	for tag, want := range map[string]bool{"latest": false, "{version}": true, "edge-{commit}": true} {
		if got := (Settings{Tags: []string{"v1", tag}}).TagsOfGit(); got != want {
			t.Errorf("%s: got %v", tag, got)
		}
	}
}
