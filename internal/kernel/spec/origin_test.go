package spec

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/settings"
)

// load reads the text of a kernels.toml in dir, as a project does, and its specs.
func load(t *testing.T, dir, text string, environ ...string) ([]Spec, error) {
	t.Helper()
	path := filepath.Join(dir, "kernels.toml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := settings.Load(path, "KILN_KERNEL_", Defaults(), environ)
	if err != nil {
		return nil, err
	}
	return l.Value.WithDefaults().Specs(dir, Choice{}, l.Origin)
}

// TestEachFaultNamesItsLine has one invalid entry of each kind, on the line whose number is in
// the text after "# ".
func TestEachFaultNamesItsLine(t *testing.T) {
	dir := kernels(t)
	const head = "[[kernel]]\nname = 'k'\narch = ['amd64', 'arm64']\n"
	mark := regexp.MustCompile(`# (\d+)`)
	for name, text := range map[string]string{
		"name":                 "[[kernel]]\narch = ['amd64']\nname = 'K-1' # 3\n",
		"no name":              "\n[[kernel]] # 2\narch = ['amd64']\n",
		"no arch":              "[[kernel]]\nname = 'a'\narch = ['amd64']\n[[kernel]] # 4\nname = 'k'\n",
		"two of a name":        head + "[[kernel]]\nname = 'k' # 5\narch = ['arm']\n",
		"arch":                 "[[kernel]]\nname = 'k'\narch = [\n'amd64',\n'vax', # 5\n]\n",
		"arch twice":           "[[kernel]]\nname = 'k'\narch = [\n'amd64',\n'x86_64', # 5\n]\n",
		"version":              head + "\nversion = 'newest' # 5\n",
		"toolchain":            head + "toolchain = 'tcc' # 4\n",
		"source":               head + "source = [\n'debian',\n'kernel.com', # 6\n]\n",
		"source with password": head + "source = [\n'git+https://me:secret@host.example/linux.git', # 5\n]\n",
		"allow":                head + "allow = ['A', 'B C'] # 4\n",
		"target":               head + "config = [\n'tinyconfig',\n'oldconfig', # 6\n]\n",
		"option":               head + "config = [\n'tinyconfig',\n'CONFIG_A = y', # 6\n]\n",
		"options of a text":    head + "config = [\n'tinyconfig',\n\"\"\" # 6\nCONFIG_A=y\nCONFIG_B=Y\n\"\"\"]\n",
		"no such file":         head + "config = [\n'tinyconfig',\n'config/none.config', # 6\n]\n",
		"~ of a patch":         head + "patches = [\n'~/a.patch', # 5\n]\n",
		"~ of a config":        head + "config = [\n'~/a.config', # 5\n]\n",
		"~ of a file":          head + "files = { a = '~/a.pem' } # 4\n",
		"no such patch":        head + "patches = [\n'a.patch',\n'none.patch', # 6\n]\n",
		"bad patch":            head + "patches = [\n'a.patch',\n'config/a.config', # 6\n]\n",
		"bad series":           head + "patches = [\n'a.patch',\n'bad', # 6\n]\n",
		"patch twice":          head + "patches = ['a.patch', 'a.patch'] # 4\n",
		"file is missing":      head + "[kernel.files]\n'a' = 'a.patch'\n'certs/b.pem' = 'none' # 6\n",
		"file outside":         head + "[kernel.files]\n'a' = 'a.patch'\n'../b.pem' = 'a.patch' # 6\n",
		"files in each other":  head + "files = { 'a' = 'a.patch', 'a/b' = 'a.patch' } # 4\n",
		"unknown key":          head + "confg = [] # 4\n",
		"wrong type":           head + "config = 'tinyconfig' # 4\n",
		"item of a wrong type": head + "config = [1] # 4\n",
		"plural":               "\n[[kernels]] # 2\nname = 'k'\n",
		"by its name":          "\n[kernel.micro] # 2\narch = ['amd64']\n",
		"jobs":                 "[build]\njobs = -1 # 2\n",
		"memory":               "[build]\n\nmemory = '1MiB' # 3\n",
		"size":                 "[build]\n\nsources = 'all' # 3\n",
		"mirror":               "[upstream]\nmirrors = [\n'https://host.example/',\n'host.example', # 4\n]\n",
		"no mirror":            "[upstream]\nmirrors = [] # 2\n",
		"releases":             "[upstream]\nreleases = 'x' # 2\n",
		"signer":               "[upstream.trust]\nsums = ['x'] # 2\n",
		"no folder of keys":    head + "[upstream]\nkeys = 'none' # 5\n",
		"file of keys":         head + "[upstream]\nkeys = 'a.patch' # 5\n",
		"table of upstream":    "[[upstream]] # 1\n",
	} {
		_, err := load(t, dir, text)
		if fault.Code(err) != int(fault.Usage) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := filepath.Join(dir, "kernels.toml") + ":" + mark.FindStringSubmatch(text)[1] + ": "
		for line := range strings.Lines(err.Error()) {
			if strings.HasPrefix(name, "~") && !strings.Contains(line, "only a shell knows") {
				t.Errorf("%s: got %s", name, line)
			}
			if !strings.HasPrefix(line, want) || strings.Contains(line, "secret") {
				t.Errorf("%s: want %s, got %s", name, want, line)
			}
		}
	}
}

// TestFaultsAreSortedByLine has faults of two kernels that other files show, for two
// architectures each, one of them from a variable.
func TestFaultsAreSortedByLine(t *testing.T) {
	dir := kernels(t)
	const text = "[[kernel]]\nname = 'a'\narch = ['amd64', 'arm64']\npatches = ['none.patch']\nconfig = ['config/none.config']\n\n\n[[kernel]]\nname = 'b'\narch = ['amd64', 'arm64']\nfiles = { a = 'none' }\n"
	_, err := load(t, dir, text, "KILN_KERNEL_PATCHES=a.patch,no.patch")
	var got []string
	for line := range strings.Lines(err.Error()) {
		got = append(got, strings.Join(strings.SplitN(strings.TrimPrefix(line, dir+"/"), ": ", 3)[:2], " "))
	}
	if want := "KILN_KERNEL_PATCHES kernel a; KILN_KERNEL_PATCHES kernel b; kernels.toml:5 kernel a; kernels.toml:11 kernel b"; strings.Join(got, "; ") != want {
		t.Errorf("got %s in\n%v", strings.Join(got, "; "), err)
	}
}

// TestOptionsOfTheFileKnowTheirLines reads options that are written in kernels.toml itself.
func TestOptionsOfTheFileKnowTheirLines(t *testing.T) {
	dir := kernels(t)
	specs, err := load(t, dir, "[[kernel]]\nname = 'k'\narch = ['amd64']\nsource = ['debian',\n  './linux']\nconfig = ['tinyconfig',\n'CONFIG_A=y',\n'CONFIG_B=y',\n'config/a.config', 'CONFIG_C=y']\n")
	if err != nil {
		t.Fatal(err)
	}
	asked, err := specs[0].Asked()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range asked {
		got = append(got, o.Name+" "+strings.TrimPrefix(o.Where, dir+"/"))
	}
	if want := "CONFIG_A kernels.toml:7; CONFIG_B kernels.toml:8; CONFIG_A config/a.config:1; CONFIG_C kernels.toml:9"; strings.Join(got, "; ") != want {
		t.Errorf("got %s", strings.Join(got, "; "))
	}
	if at := specs[0].SourceAt("./linux"); at != filepath.Join(dir, "kernels.toml")+":5" {
		t.Errorf("the source is at %s", at)
	}
}
