package settings

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
	Codes  []string          `toml:"codes"`
	Hosts  []host            `toml:"host"`
	Routes []route           `toml:"route"`
	Files  map[string]string `toml:"files"`
}

type host struct {
	Name string `toml:"name"`
}

type route struct {
	Path    string            `toml:"path"`
	Arch    []string          `toml:"arch"`
	Headers map[string]string `toml:"headers"`
}

// other is a different file.
type other struct {
	Base   string `toml:"base"`
	Hosts  bool   `toml:"hosts"` // has the name that people give to [[host]]
	Kernel []struct {
		Version string `toml:"version"`
	} `toml:"kernel"`
}

func (s server) Check(report func(key, format string, args ...any)) {
	if s.Port > 65535 {
		report("port", "expected at most 65535, got %d", s.Port)
	}
	for i, c := range s.Codes {
		if c == "bad" {
			report(fmt.Sprintf("codes[%d]", i), "bad item")
		}
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
	return Load("kiln.toml", "KILN_", server{Name: "default", Port: 80}, environ, OtherFile[other]("other.toml"))
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
		{"codes", "", "default"},
		{"route[0].path", "/a", "kiln.toml:6"},
		{"route[0].arch", "amd64", "KILN_ARCH"},
		{"route[0].headers", "", "default"},
		{"route[1].path", "/b", "kiln.toml:8"},
		{"route[1].arch", "amd64", "KILN_ARCH"},
		{"route[1].headers", "", "default"},
		{"files", "", "default"},
	}
	if rows := l.Rows(); !slices.Equal(rows, want) {
		t.Errorf("got %+v, want %+v", rows, want)
	}
}

func TestFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		text, environ, want string
	}{
		"all in one error, by line": {
			text: "prot = 1\nname = 7\ndebug = \"yes\"\nport = 70000\n[[route]]\narch = [1]\n[upstream]\nsums = [\"x\"]\n",
			want: `kiln.toml:1: unknown key "prot"; did you mean "port"?
kiln.toml:2: name: expected a string, got a whole number; write it in quotes
kiln.toml:3: debug: expected true or false, got a string
kiln.toml:4: port: expected at most 65535, got 70000
kiln.toml:5: route[0].path: expected a name
kiln.toml:6: route[0].arch: expected a list of strings, got a list with a whole number
kiln.toml:8: upstream.sums: expected a string, got a list`,
		},
		"nothing near":          {text: "x = 1\n", want: `kiln.toml:1: unknown key "x"; known are codes, debug, files, host, name, port, route, tags, upstream`},
		"of the other file":     {text: "base = 'x'\n", want: `kiln.toml:1: unknown key "base"; it belongs to other.toml`},
		"of a table elsewhere":  {text: "version = 'x'\n", want: `kiln.toml:1: unknown key "version"; it belongs to [[kernel]] of other.toml`},
		"of a different table":  {text: "path = '/'\n", want: `kiln.toml:1: unknown key "path"; it belongs to [[route]]`},
		"below a table":         {text: "[[route]]\npath = '/'\nport = 1\n", want: `kiln.toml:3: unknown key "port"; it belongs to the top of the file`},
		"string for a list":     {text: "tags = 'v1'\n", want: `kiln.toml:1: tags: expected a list of strings, got a string; write it as ["v1"]`},
		"string for a number":   {text: "port = '80'\n", want: `kiln.toml:1: port: expected a whole number, got a string; write it without quotes: 80`},
		"string for a boolean":  {text: "debug = 'true'\n", want: `kiln.toml:1: debug: expected true or false, got a string; write it without quotes: true`},
		"fraction for a string": {text: "name = 6.10\n", want: `kiln.toml:1: name: expected a string, got a number with a fraction; write it in quotes`},
		"values of a table":     {text: "[files]\n'a/b.pem' = 'x'\n'c.d' = 1\n'e' = []\n", want: "kiln.toml:3: files: \"c.d\": expected a string, got a whole number\nkiln.toml:4: files: \"e\""},
		"no table of strings":   {text: "files = 'x'\n", want: "kiln.toml:1: files: expected a table of strings, written [files], got a string"},
		"not UTF-8":             {text: "name = 'a'\n# caf\xe9\n", want: "kiln.toml:2: the byte 0xe9 is not UTF-8\n  fix: "},
		"UTF-16":                {text: "\xff\xfen\x00", want: "read kiln.toml: it is UTF-16\n  fix: "},
		"far too large":         {text: strings.Repeat("#\n", 3<<20), want: "read kiln.toml: it has more than 4 MiB"},
		"open quote":            {environ: `KILN_TAGS=a,"b`, want: `KILN_TAGS: expected a list of strings, got "a,\"b": a quote " has no end; write it as items with commas`},
		"a table without =":     {environ: "KILN_FILES=a", want: `KILN_FILES: expected a table of strings, got "a": an item has no =; write it as name=value`},
		"a name twice":          {environ: "KILN_FILES=a=1,a=2", want: "KILN_FILES: expected a table of strings"},
		"syntax":                {text: "name = \"a\"\nport = \n", want: "kiln.toml:2:8: "},
		"twice":                 {text: "port = 1\nport = 2\n", want: "kiln.toml:2:"},
		"not an array":          {text: "route = 3\n", want: "kiln.toml:1: route: expected an array of tables, written [[route]], got a whole number"},
		"table, not array":      {text: "[route]\npath = '/'\n", want: "kiln.toml:1: route: expected an array of tables, written [[route]], got a table, written [route]"},
		"array, not table":      {text: "[[upstream]]\nsums = 'x'\n", want: "kiln.toml:1: upstream: expected a table, written [upstream], got an array of tables, written [[upstream]]"},
		"table by its name":     {text: "port = 1\n[host.www]\n[host.mail]\n", want: `kiln.toml:2: host: expected an array of tables, written [[host]], got a table, written [host.mail]; write [[host]], and below it name = "mail"`},
		"plural of an array":    {text: "port = 1\n[[hosts]]\nname = 'www'\n", want: `kiln.toml:2: unknown table [[hosts]]; expected [[host]]`},
		"plural by its name":    {text: "port = 1\n[hosts.www]\n", want: `kiln.toml:2: unknown table [hosts.www]; write [[host]], and below it name = "www"`},
		"plural of a table":     {text: "port = 1\n[upstreams]\nsums = 'x'\n", want: `kiln.toml:2: unknown table [upstreams]; expected [upstream]`},
		"array below an array":  {text: "[[route]]\npath = '/'\n[[route.headers]]\n", want: `kiln.toml:3: route[0].headers: expected a table of strings, written [route.headers], got an array of tables, written [[route.headers]]`},
		"unknown table":         {text: "[x.y]\n", want: `kiln.toml:1: unknown table [x.y]; known are codes`},
		"wrong kind of a name":  {text: "[[route]]\npath = 7\n", want: "kiln.toml:2: route[0].path: expected a string, got a whole number; write it in quotes"},
		"item of a list":        {text: "codes = [\n  'a',\n\n  'bad',\n]\n", want: `kiln.toml:4: codes: bad item`},
		"item of a variable":    {environ: "KILN_CODES=a,bad", want: `KILN_CODES: codes: bad item`},
		"inline tables":         {text: "port = 1\nroute = [{path = 1, x = 2}]\n", want: `kiln.toml:2: `},
		"inline table":          {text: "port = 1\nupstream = {sums = 1, x = 2}\n", want: `kiln.toml:2: `},
		"not a table":           {text: "upstream = 3\n", want: "kiln.toml:1: upstream: expected a table, written [upstream], got a whole number"},
		"type of a variable":    {environ: "KILN_PORT=high", want: `KILN_PORT: expected a whole number, got "high"`},
		"value of a variable":   {environ: "KILN_PORT=70001", want: "KILN_PORT: port: expected at most 65535, got 70001"},
		"number too large":      {text: "port = 99999999999999999999\n", want: "kiln.toml:1:"},
		"unknown in nested":     {text: "[upstream.trust]\nkey = []\n", want: `kiln.toml:2: unknown key "key"; did you mean "keys"?`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tc.text, tc.environ)
			if fault.Code(err) != int(fault.Usage) || !strings.HasPrefix(err.Error(), tc.want) || tc.text != "" && strings.Count(err.Error(), "route[0].path") > 1 {
				t.Errorf("got:\n%v\nwant:\n%s", err, tc.want)
			}
		})
	}
}

func TestOrigin(t *testing.T) {
	l, err := load(t, `tags = [
  "a",
  "b"]
[[route]]
path = "/a"
[[route]]
path = "/b"
[route.headers]
A = "1"
"B.c" = "2"
`, "KILN_ARCH=amd64,arm64")
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"tags": "kiln.toml:1", "tags[0]": "kiln.toml:2", "tags[1]": "kiln.toml:3", "tags[7]": "kiln.toml:1", "port": "kiln.toml", "route[0].path": "kiln.toml:5",
		"route[1].path": "kiln.toml:7", "route[1]": "kiln.toml:6", "route[1].headers.B.c": "kiln.toml:10", "route[1].arch[1]": "KILN_ARCH", "route[0].headers.x": "kiln.toml:4",
	} {
		if got := l.Origin(key); got != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
}

func TestListsInVariables(t *testing.T) {
	for text, want := range map[string][]string{
		"a":           {"a"},
		" a , b ,":    {"a", "b"},
		"a\nb\n\nc\n": {"a", "b", "c"},
		`tinyconfig,CONFIG_CMDLINE="console=ttyS0,115200"`:          {"tinyconfig", `CONFIG_CMDLINE="console=ttyS0,115200"`},
		`CONFIG_CMDLINE="a \"b,c\" d",CONFIG_Y=y`:                   {`CONFIG_CMDLINE="a \"b,c\" d"`, "CONFIG_Y=y"},
		`"console=ttyS0,115200", b`:                                 {"console=ttyS0,115200", "b"},
		`"CONFIG_CMDLINE=""console=ttyS0,115200"""`:                 {`CONFIG_CMDLINE="console=ttyS0,115200"`},
		`["tinyconfig", "CONFIG_CMDLINE=\"console=ttyS0,115200\""]`: {"tinyconfig", `CONFIG_CMDLINE="console=ttyS0,115200"`},
		`['a,b', "c"]`:      {"a,b", "c"},
		`[]`:                {},
		`"",a`:              {"", "a"},
		"{version},{minor}": {"{version}", "{minor}"},
	} {
		l, err := load(t, "", "KILN_TAGS="+text)
		if err != nil || !slices.Equal(l.Value.Tags, want) {
			t.Errorf("%s: got %q, %v, want %q", text, l.Value.Tags, err, want)
		}
	}
	for _, text := range []string{`a,"b`, `"a" b`, `["a`, `["a", 1]`, `[a, b]`, `x="a,b`} {
		if l, err := load(t, "", "KILN_TAGS="+text); fault.Code(err) != int(fault.Usage) {
			t.Errorf("%s: got %q, %v", text, l.Value.Tags, err)
		}
	}
}

func TestTablesOfStrings(t *testing.T) {
	want := map[string]string{"certs/ours.pem": "keys/ours.pem", "a.b": "x, y"}
	for text, environ := range map[string]string{
		`files = { "certs/ours.pem" = "keys/ours.pem", "a.b" = "x, y" }`: "",
		"[files]\n'certs/ours.pem' = 'keys/ours.pem'\n'a.b' = 'x, y'\n":  "",
		"":                  `KILN_FILES=certs/ours.pem=keys/ours.pem,"a.b=x, y"`,
		"files = {x = 'y'}": `KILN_FILES={ "certs/ours.pem" = "keys/ours.pem", "a.b" = "x, y" }`,
	} {
		l, err := load(t, text, environ)
		if err != nil || !maps.Equal(l.Value.Files, want) {
			t.Errorf("%s %s: got %q, %v", text, environ, l.Value.Files, err)
		}
	}
	l, err := load(t, "[[route]]\npath = '/'\n[route.headers]\nA = '1'\n[[route]]\npath = '/b'\nheaders.B = '2'\n", "KILN_PORT= 8080 ")
	if err != nil || l.Value.Routes[0].Headers["A"] != "1" || l.Value.Routes[1].Headers["B"] != "2" || l.Value.Port != 8080 {
		t.Errorf("got %+v, %v", l.Value, err)
	}
	for _, row := range l.Rows() {
		if row.Key == "route[0].headers" && (row.Value != "A=1" || row.Origin != "kiln.toml:3") {
			t.Errorf("got %+v", row)
		}
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
	err := CheckEnviron([]string{"KILN_PROT=1", "KILN_REGISTRY_PASWORD=hunter2", "KILN_PATH=/a", "HOME=/"}, known, nil)
	want := `unknown variable KILN_PROT; did you mean "KILN_PORT"?
unknown variable KILN_REGISTRY_PASWORD; did you mean "KILN_REGISTRY_PASSWORD"?`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

// fixed has tables that no variable sets: one that the environment happens to have would
// change all of them.
type fixed struct {
	Name   string  `toml:"name"`
	Expect []route `toml:"expect" env:"-"`
}

func TestTablesThatOnlyTheFileSets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kiln.toml")
	if err := os.WriteFile(path, []byte("[[expect]]\npath = '/a'\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	environ := []string{"KILN_PATH=/b", "KILN_NAME=n"}
	l, err := Load(path, "KILN_", fixed{}, environ)
	if err != nil || l.Value.Expect[0].Path != "/a" || l.Value.Name != "n" || slices.Contains(Names[fixed]("KILN_"), "KILN_PATH") {
		t.Errorf("%+v, %v", l.Value, err)
	}
	err = CheckEnviron(environ, Names[fixed]("KILN_"), FileOnly[fixed]("KILN_"))
	if fault.Code(err) != int(fault.Usage) || err.Error() != "unknown variable KILN_PATH; only the file sets [[expect]]" {
		t.Errorf("got %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{"port = 1\n", "[[route]]\npath='x'\n[upstream]\n", "a.b.c = [1, {x=2}]", "route = [{path='x'}, 3]", "[route.x]\ny=1",
		"files = {'a.b' = 'c'}", "[[route]]\nheaders.x = 1\n[route.headers]", "[files.x]\ny = 2", "upstream.trust.keys = 'x'", "'' = 1", "[[upstream]]", "name = \"\xff\""} {
		f.Add(seed, `a,"b,c"`)
		f.Add(seed, `{x = "y"}`)
		f.Add(seed, `["a", 'b']`)
	}
	path := filepath.Join(f.TempDir(), "kiln.toml")
	f.Fuzz(func(t *testing.T, text, variable string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var environ []string
		for _, name := range Names[server]("KILN_") {
			environ = append(environ, name+"="+variable)
		}
		for _, environ := range [][]string{nil, environ} {
			l, err := Load(path, "KILN_", server{}, environ)
			if err != nil && fault.Code(err) != int(fault.Usage) {
				t.Errorf("%q: %v", text, err)
			}
			l.Rows()
		}
	})
}
