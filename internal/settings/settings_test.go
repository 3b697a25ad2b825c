package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

type kiln struct {
	Name   string   `toml:"name"`
	Heat   int      `toml:"heat"`
	Gas    bool     `toml:"gas"`
	Glazes []string `toml:"glazes"`
	Up     struct {
		Sums  string `toml:"sums"`
		Trust struct {
			Keys []string `toml:"keys"`
		} `toml:"trust"`
	} `toml:"upstream"`
	Shelves []shelf `toml:"shelf"`
}

type shelf struct {
	Ware string   `toml:"ware"`
	Arch []string `toml:"arch"`
}

func (k kiln) Check(report func(key, format string, args ...any)) {
	if k.Heat > 1400 {
		report("heat", "expected at most 1400, got %d", k.Heat)
	}
	for i, s := range k.Shelves {
		if s.Ware == "" {
			report("shelf["+string(rune('0'+i))+"].ware", "expected a name")
		}
	}
}

// load reads text as a file with an environment.
func load(t *testing.T, text string, environ ...string) (Loaded[kiln], error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("kiln.toml", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return Load("kiln.toml", "KILN_", kiln{Name: "anagama", Heat: 900}, environ)
}

func TestValuesAndTheirOrigins(t *testing.T) {
	l, err := load(t, `heat = 1200
glazes = ["ash", "celadon"]
[upstream.trust]
keys = ["a"]
[[shelf]]
ware = "jar"
[[shelf]]
ware = "bowl"
arch = ["arm64"]
`, "KILN_GLAZES=tenmoku, ash", "KILN_ARCH=amd64", "KILN_UPSTREAM_SUMS=x", "HOME=/")
	if err != nil {
		t.Fatal(err)
	}
	want := []Row{
		{"name", "anagama", "default"},
		{"heat", "1200", "kiln.toml:1"},
		{"gas", "false", "default"},
		{"glazes", "tenmoku, ash", "KILN_GLAZES"},
		{"upstream.sums", "x", "KILN_UPSTREAM_SUMS"},
		{"upstream.trust.keys", "a", "kiln.toml:4"},
		{"shelf[0].ware", "jar", "kiln.toml:6"},
		{"shelf[0].arch", "amd64", "KILN_ARCH"},
		{"shelf[1].ware", "bowl", "kiln.toml:8"},
		{"shelf[1].arch", "amd64", "KILN_ARCH"},
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
		"all at once, by line": {
			text: "haet = 1\nname = 7\ngas = \"yes\"\nheat = 2000\n[[shelf]]\narch = [1]\n[upstream]\nsums = [\"x\"]\n",
			want: `kiln.toml:1: unknown key "haet"; did you mean "heat"?
kiln.toml:2: name: expected a string, got a whole number
kiln.toml:3: gas: expected true or false, got a string
kiln.toml:4: heat: expected at most 1400, got 2000
kiln.toml:5: shelf[0].ware: expected a name
kiln.toml:6: shelf[0].arch: expected a list of strings, got a list
kiln.toml:8: upstream.sums: expected a string, got a list`,
		},
		"nothing near":      {text: "x = 1\n", want: `kiln.toml:1: unknown key "x"; known are gas, glazes, heat, name, shelf, upstream`},
		"syntax":            {text: "name = \"a\"\nheat = \n", want: "kiln.toml:2:8: "},
		"twice":             {text: "heat = 1\nheat = 2\n", want: "kiln.toml:2:"},
		"no array":          {text: "shelf = 3\n", want: "kiln.toml:1: shelf: expected an array of tables, got a whole number"},
		"no table":          {text: "upstream = 3\n", want: "kiln.toml:1: upstream: expected a table, got a whole number"},
		"variable's type":   {environ: "KILN_HEAT=hot", want: `KILN_HEAT: expected a whole number, got "hot"`},
		"variable's value":  {environ: "KILN_HEAT=1500", want: "KILN_HEAT: heat: expected at most 1400, got 1500"},
		"number too large":  {text: "heat = 99999999999999999999\n", want: "kiln.toml:1:"},
		"unknown in nested": {text: "[upstream.trust]\nkey = []\n", want: `kiln.toml:2: unknown key "key"; did you mean "keys"?`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tc.text, tc.environ)
			if fault.Code(err) != int(fault.Usage) || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("got:\n%v\nwant:\n%s", err, tc.want)
			}
		})
	}
}

func TestMissingFileIsEmpty(t *testing.T) {
	l, err := Load(filepath.Join(t.TempDir(), "none.toml"), "KILN_", kiln{Name: "anagama"}, nil)
	if err != nil || l.Value.Name != "anagama" {
		t.Errorf("%+v, %v", l.Value, err)
	}
}

func TestUnknownVariables(t *testing.T) {
	known := append(Names[kiln]("KILN_"), "KILN_REGISTRY_PASSWORD")
	err := CheckEnviron([]string{"KILN_HAET=1", "KILN_REGISTRY_PASWORD=hunter2", "KILN_WARE=jar", "HOME=/"}, known)
	want := `unknown variable KILN_HAET; did you mean "KILN_HEAT"?
unknown variable KILN_REGISTRY_PASWORD; did you mean "KILN_REGISTRY_PASSWORD"?`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{"heat = 1\n", "[[shelf]]\nware='x'\n[upstream]\n", "a.b.c = [1, {x=2}]", "shelf = [{ware='x'}, 3]", "[shelf.x]\ny=1"} {
		f.Add(seed)
	}
	path := filepath.Join(f.TempDir(), "kiln.toml")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path, "KILN_", kiln{}, nil); err != nil && fault.Code(err) != int(fault.Usage) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
