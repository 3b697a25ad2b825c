package spec

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
)

// folder returns a folder with these texts by their paths.
func folder(t testing.TB, texts map[string]string) string {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range texts {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, tree); err != nil {
		t.Fatal(err)
	}
	return dir
}

// find returns an architecture of the table.
func find(t testing.TB, name string) arch.Arch {
	t.Helper()
	a, err := arch.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestEntries reads entries of config as people write them.
func TestEntries(t *testing.T) {
	dir := folder(t, map[string]string{"config/base.config": "CONFIG_A=y\n", "config_x86": "CONFIG_B=y\n", "defconfig": "CONFIG_C=y\n"})
	for entry, want := range map[string]string{
		"tinyconfig": "{tinyconfig   }", "kvm_guest.config": "{kvm_guest.config   }", "multi_v7_defconfig": "{multi_v7_defconfig   }",
		"44x/akebono_defconfig": "{44x/akebono_defconfig   }", "olddefconfig": "{olddefconfig   }",
		"randconfig:42": "{randconfig 42  }", "rv64_randconfig:0x2a": "{rv64_randconfig 0x2a  }",
		"config/base.config": "{  config/base.config CONFIG_A=y\n}", "config_x86": "{  config_x86 CONFIG_B=y\n}", "defconfig": "{  defconfig CONFIG_C=y\n}",
		"CONFIG_A=y": "{  kernels.toml CONFIG_A=y\n}", " CONFIG_A=y # why": "{  kernels.toml CONFIG_A=y\n}", "# CONFIG_A is not set": "{  kernels.toml # CONFIG_A is not set\n}",
		"\nCONFIG_A=y\n# why\nCONFIG_B=m\n": "{  kernels.toml CONFIG_A=y\n# why\nCONFIG_B=m\n}",

		"# CONFIG_FOO=y": "is a comment", "#CONFIG_A is not set": `config: expected "# CONFIG_A is not set"`, "CONFIG_A": "did you mean CONFIG_A=y?",
		"config_a=y": "did you mean CONFIG_A=y?", "EXT4_FS=y": "did you mean CONFIG_EXT4_FS=y?", "CONFIG_A=y\nCONFIG_B=Y": "config: its line 2: CONFIG_B: expected y",
		"randconfig": `"randconfig:42"`, "randconfig:x": "expected a seed", "tinyconfig:42": "only randconfig has a seed", "localmodconfig": "reads which modules this machine uses",
		"oldconfig": `"olddefconfig" takes their defaults`, "menuconfig": "asks at a terminal", "listnewconfig": "makes no configuration", "savedefconfig": "makes no configuration",
		"tinyconfg": `did you mean "tinyconfig"?`, "config/bse.config": `did you mean "config/base.config"?`, "config/ours_defconfig": "a file in", "defconfig ": "expected a target", "": "expected a target", " ": "expected a target",
	} {
		items, err := readItems(dir, entry, find(t, "amd64"))
		got := fmt.Sprint(err)
		if err == nil {
			i := items[0]
			got = fmt.Sprintf("{%s %s %s %s}", i.Target, i.Seed, i.Fragment, i.Text)
		}
		if !strings.Contains(got, want) || len(items) > 1 {
			t.Errorf("%q: got %q, want %q", entry, got, want)
		}
	}
}

// TestCompanions finds the companion of a file of options in every spelling of its
// architecture.
func TestCompanions(t *testing.T) {
	for name, tc := range map[string]struct {
		files string // beside base.config
		want  string // by architecture, or the error
	}{
		"none":              {"", "amd64: 386: arm64:"},
		"Go":                {"base.amd64.config", "amd64:base.amd64.config 386: arm64:"},
		"kernel":            {"base.x86_64.config base.i386.config base.aarch64.config", "amd64:base.x86_64.config 386:base.i386.config arm64:base.aarch64.config"},
		"shared folder":     {"base.x86.config", "amd64:base.x86.config 386:base.x86.config arm64:"},
		"two":               {"base.amd64.config base.x86_64.config", "base.amd64.config and base.x86_64.config are both for amd64"},
		"two, one shared":   {"base.386.config base.x86.config", "base.386.config and base.x86.config are both for 386"},
		"a different name":  {"other.amd64.config base.debug.config base.arm64.debug.config", "amd64: 386: arm64:"},
		"the name's prefix": {"base-amd64.config baseamd64.config", "amd64: 386: arm64:"},
	} {
		texts := map[string]string{"base.config": "CONFIG_A=y\n"}
		for _, file := range strings.Fields(tc.files) {
			texts[file] = "CONFIG_B=y\n"
		}
		dir := folder(t, texts)
		var got []string
		for _, archName := range []string{"amd64", "386", "arm64"} {
			companion, err := companionOf(dir, "base.config", find(t, archName))
			if err != nil {
				got = append(got, err.Error())
				continue
			}
			got = append(got, archName+":"+companion)
		}
		if text := strings.Join(got, " "); !strings.Contains(text, tc.want) {
			t.Errorf("%s: got %s, want %s", name, text, tc.want)
		}
	}
}

// TestWarnings names what is odd about files of options.
func TestWarnings(t *testing.T) {
	const complete = "# Automatically generated file; DO NOT EDIT.\n# Linux/arm64 6.12.1 Kernel Configuration\nCONFIG_A=y\n"
	dir := folder(t, map[string]string{
		"config/base.config": "CONFIG_A=y\nCONFIG_B=y\nCONFIG_A=m\nCONFIG_B=y\n", "config/base.amd46.config": "", "config/base.debug.config": "CONFIG_C=y\n",
		"config/full.config": complete,
	})
	f := File{Kernels: []Table{table(func(t *Table) {
		t.Config = []string{"config/base.config", "config/base.debug.config", "config/full.config"}
	})}}
	specs, err := f.Specs(dir, Choice{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"config/base.config:3: CONFIG_A=m replaces y of config/base.config:1",
		`config/base.amd46.config is not read: "amd46" is no architecture that kernels are built for; did you mean "amd64"?`,
		"config/full.config is a complete configuration for arm64, and the kernel is for amd64",
	}
	if got := strings.Join(specs[0].Warnings, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("amd64: got\n%s", got)
	}
	if got := strings.Join(specs[1].Warnings, "\n"); got != strings.Join(want[:2], "\n") {
		t.Errorf("arm64: got\n%s", got)
	}
}

// TestFragmentsAsPeopleBringThem reads one fragment in many forms.
func TestFragmentsAsPeopleBringThem(t *testing.T) {
	const text = "CONFIG_A=y\nCONFIG_B=m\n"
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(text))
	z.Close()
	utf16 := "\xff\xfe"
	for _, c := range strings.ReplaceAll(text, "\n", "\r\n") {
		utf16 += string(c) + "\x00"
	}
	dir := folder(t, map[string]string{"config.gz": zipped.String(), "powershell.config": utf16, "dos.config": strings.ReplaceAll(text, "\n", "\r\n"), "config-6.1.0-18-amd64": text})
	for _, name := range []string{"config.gz", "powershell.config", "dos.config", "config-6.1.0-18-amd64"} {
		items, err := readItems(dir, name, find(t, "amd64"))
		if err != nil || len(items) != 1 || items[0].Text != text {
			t.Errorf("%s: %q, %v", name, items, err)
		}
	}
	whole := filepath.Join(dir, "dos.config")
	if items, err := readItems("elsewhere", whole, find(t, "amd64")); err != nil || len(items) != 1 || items[0].Fragment != "dos.config" || items[0].Local != whole {
		t.Errorf("a whole path: %q, %v", items, err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.config"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readItems(dir, "pipe.config", find(t, "amd64")); err == nil || !strings.Contains(err.Error(), "expected a file") {
		t.Errorf("a pipe: %v", err)
	}
}

func FuzzReadEntry(f *testing.F) {
	for _, entry := range []string{"tinyconfig", "CONFIG_A=y", "# CONFIG_A is not set", "randconfig:42", "config/a.config", "\nCONFIG_A=\"x\"\n", "44x/a_defconfig", ""} {
		f.Add(entry)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		item, ok, err := readEntry(entry)
		if err == nil && ok != (item.Target != "" || item.Text != "") {
			t.Errorf("%q: %+v, %v", entry, item, ok)
		}
	})
}
