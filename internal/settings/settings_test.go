package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

type server struct {
	Name  string   `toml:"name"`
	Port  int      `toml:"port"`
	Debug bool     `toml:"debug"`
	Tags  []string `toml:"tags"`
	Up    struct {
		Sums  string `toml:"sums"`
		Trust struct {
			Keys []string `toml:"keys"`
		} `toml:"trust"`
	} `toml:"upstream"`
	Routes []route `toml:"route"`
}

type route struct {
	Path string   `toml:"path"`
	Arch []string `toml:"arch"`
}

// copies has a table of strings.
type copies struct {
	Route []struct {
		Files map[string]string `toml:"files"`
	} `toml:"route"`
}

func TestTableOfStrings(t *testing.T) {
	for text, want := range map[string]string{
		"[[route]]\nfiles = { \"a/b.pem\" = \"c\", d = \"e\" }\n": "a/b.pem=c, d=e",
		"[[route]]\n[route.files]\n\"a.b\" = \"c\"\n":             "a.b=c",
		"[[route]]\nfiles = { a = 1 }\n":                          "kiln.toml:2: route[0].files: expected a table of strings, got a table",
		"[[route]]\nfiles = [\"a\"]\n":                            "kiln.toml:2: route[0].files: expected a table of strings, got a list",
	} {
		t.Chdir(t.TempDir())
		if err := os.WriteFile("kiln.toml", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		l, err := Load("kiln.toml", "KILN_", copies{}, nil)
		got := ""
		if err != nil {
			got = err.Error()
		} else if rows := l.Rows(); len(rows) == 1 {
			got = rows[0].Value
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func (s server) Check(report func(key, format string, args ...any)) {
	if s.Port > 65535 {
		report("port", "expected at most 65535, got %d", s.Port)
	}
	for i, r := range s.Routes {
		if r.Path == "" {
			report("route["+string(rune('0'+i))+"].path", "expected a name")
		}
	}
}

// load loads text as kiln.toml, with an environment.
func load(t *testing.T, text string, environ ...string) (Loaded[server], error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("kiln.toml", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return Load("kiln.toml", "KILN_", server{Name: "default", Port: 80}, environ)
}

func TestValuesAndOrigins(t *testing.T) {
	l, err := load(t, `port = 8080
tags = ["a", "b"]
[upstream.trust]
keys = ["a"]
[[route]]
path = "/a"
[[route]]
path = "/b"
arch = ["arm64"]
`, "KILN_TAGS=latest, a", "KILN_ARCH=amd64", "KILN_UPSTREAM_SUMS=x", "HOME=/")
	if err != nil {
		t.Fatal(err)
	}
	want := []Row{
		{"name", "default", "default"},
		{"port", "8080", "kiln.toml:1"},
		{"debug", "false", "default"},
		{"tags", "latest, a", "KILN_TAGS"},
		{"upstream.sums", "x", "KILN_UPSTREAM_SUMS"},
		{"upstream.trust.keys", "a", "kiln.toml:4"},
		{"route[0].path", "/a", "kiln.toml:6"},
		{"route[0].arch", "amd64", "KILN_ARCH"},
		{"route[1].path", "/b", "kiln.toml:8"},
		{"route[1].arch", "amd64", "KILN_ARCH"},
	}
	for i, row := range l.Rows() {
		if row != want[i] {
			t.Errorf("row %d: %+v, want %+v", i, row, want[i])
		}
	}
}

func TestFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		text, environ, want string
	}{
		"all in one error, by line": {
			text: "prot = 1\nname = 7\ndebug = \"yes\"\nport = 70000\n[[route]]\narch = [1]\n[upstream]\nsums = [\"x\"]\n",
			want: `kiln.toml:1: unknown key "prot"; did you mean "port"?
kiln.toml:2: name: expected a string, got a whole number
kiln.toml:3: debug: expected true or false, got a string
kiln.toml:4: port: expected at most 65535, got 70000
kiln.toml:5: route[0].path: expected a name
kiln.toml:6: route[0].arch: expected a list of strings, got a list with a whole number
kiln.toml:8: upstream.sums: expected a string, got a list`,
		},
		"nothing near":        {text: "x = 1\n", want: `kiln.toml:1: unknown key "x"; known are debug, name, port, route, tags, upstream`},
		"syntax":              {text: "name = \"a\"\nport = \n", want: "kiln.toml:2:8: "},
		"twice":               {text: "port = 1\nport = 2\n", want: "kiln.toml:2:"},
		"not an array":        {text: "route = 3\n", want: "kiln.toml:1: route: expected an array of tables, written [[route]], got a whole number"},
		"table, not array":    {text: "[route]\npath = '/'\n", want: "kiln.toml:1: route: expected an array of tables, written [[route]], got a table"},
		"inline tables":       {text: "port = 1\nroute = [{path = 1, x = 2}]\n", want: `kiln.toml:2: `},
		"inline table":        {text: "port = 1\nupstream = {sums = 1, x = 2}\n", want: `kiln.toml:2: `},
		"not a table":         {text: "upstream = 3\n", want: "kiln.toml:1: upstream: expected a table, got a whole number"},
		"type of a variable":  {environ: "KILN_PORT=high", want: `KILN_PORT: expected a whole number, got "high"`},
		"value of a variable": {environ: "KILN_PORT=70001", want: "KILN_PORT: port: expected at most 65535, got 70001"},
		"number too large":    {text: "port = 99999999999999999999\n", want: "kiln.toml:1:"},
		"unknown in nested":   {text: "[upstream.trust]\nkey = []\n", want: `kiln.toml:2: unknown key "key"; did you mean "keys"?`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tc.text, tc.environ)
			if fault.Code(err) != int(fault.Usage) || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("got:\n%v\nwant:\n%s", err, tc.want)
			}
		})
	}
}

func TestByteOrderMarkAndWindowsLineEnds(t *testing.T) {
	l, err := load(t, "\uFEFFport = 8080\r\ndebug = true\r\n")
	if err != nil || l.Value.Port != 8080 || !l.Value.Debug {
		t.Errorf("%+v, %v", l.Value, err)
	}
	if rows := l.Rows(); rows[2].Origin != "kiln.toml:2" {
		t.Errorf("%+v", rows[2])
	}
}

func TestFileThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	closed := filepath.Join(dir, "closed.toml")
	if err := os.WriteFile(closed, []byte("port = 1\n"), 0o000); err != nil {
		t.Fatal(err)
	}
	for path, class := range map[string]fault.Class{dir: fault.Usage, filepath.Join(closed, "kiln.toml"): fault.Usage, closed: fault.Environment} {
		if path == closed && os.Getuid() == 0 {
			continue // root can read everything
		}
		_, err := Load(path, "KILN_", server{}, nil)
		if fault.Code(err) != int(class) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "\n  fix: ") {
			t.Errorf("%s: exit code %d, want %d: %v", path, fault.Code(err), class, err)
		}
	}
}

func TestMissingFileCountsAsEmpty(t *testing.T) {
	l, err := Load(filepath.Join(t.TempDir(), "none.toml"), "KILN_", server{Name: "default"}, nil)
	if err != nil || l.Value.Name != "default" {
		t.Errorf("%+v, %v", l.Value, err)
	}
}

func TestUnknownVariables(t *testing.T) {
	known := append(Names[server]("KILN_"), "KILN_REGISTRY_PASSWORD")
	err := CheckEnviron([]string{"KILN_PROT=1", "KILN_REGISTRY_PASWORD=hunter2", "KILN_PATH=/a", "HOME=/"}, known)
	want := `unknown variable KILN_PROT; did you mean "KILN_PORT"?
unknown variable KILN_REGISTRY_PASWORD; did you mean "KILN_REGISTRY_PASSWORD"?`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{"port = 1\n", "[[route]]\npath='x'\n[upstream]\n", "a.b.c = [1, {x=2}]", "route = [{path='x'}, 3]", "[route.x]\ny=1"} {
		f.Add(seed)
	}
	path := filepath.Join(f.TempDir(), "kiln.toml")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path, "KILN_", server{}, nil); err != nil && fault.Code(err) != int(fault.Usage) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
