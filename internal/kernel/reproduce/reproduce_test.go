package reproduce

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
)

// pair returns two folders with one file each.
func pair(t *testing.T, name string, first, second []byte) (a, b string) {
	t.Helper()
	a, b = t.TempDir(), t.TempDir()
	for dir, text := range map[string][]byte{a: first, b: second} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return a, b
}

func TestCauses(t *testing.T) {
	markers := Markers{Places: []string{"/elsewhere"}, Hosts: []string{"another-machine"}}
	for name, tc := range map[string]struct{ first, second, cause string }{
		"same":    {"a kernel", "a kernel", ""},
		"time":    {"made 2026-11-25 10:00:01", "made 2027-12-30 17:00:02", causeTime},
		"folder":  {"in /output/x", "in /elsewhere/output/x", causePath},
		"host":    {"by 4f3a", "by another-machine", causeHost},
		"unknown": {"seed 81f3", "seed 77aa", ""},
	} {
		a, b := pair(t, "System.map", []byte(tc.first), []byte(tc.second))
		list, err := Compare(a, b, []string{"System.map"}, markers)
		if err != nil || (len(list) == 0) != (name == "same") {
			t.Fatalf("%s: %v, %v", name, list, err)
		}
		if len(list) > 0 && list[0].Cause != tc.cause {
			t.Errorf("%s: the cause is %q, want %q", name, list[0].Cause, tc.cause)
		}
	}
}

func TestFileOfOnlyOneBuild(t *testing.T) {
	a, b := pair(t, "System.map", []byte("same"), []byte("same"))
	if err := os.WriteFile(filepath.Join(b, "board.dtb"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := Compare(a, b, []string{"System.map", "board.dtb"}, Markers{})
	if err != nil || len(list) != 1 || list[0].String() != "board.dtb: only the second build has it" {
		t.Errorf("%v, %v", list, err)
	}
}

// packed returns an archive with one member.
func packed(t *testing.T, name, text string) []byte {
	t.Helper()
	var file bytes.Buffer
	z, err := zstd.NewWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	out := tar.NewWriter(z)
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestModulesAreComparedOneByOne(t *testing.T) {
	key := Markers{Options: map[string]string{"CONFIG_MODULE_SIG": "y", "CONFIG_MODULE_SIG_KEY": `"` + kconfig.GeneratedKey + `"`}}
	a, b := pair(t, "modules.tar.zst", packed(t, "lib/loop.ko", "code 1111"+signature), packed(t, "lib/loop.ko", "code 2222"+signature))
	list, err := Compare(a, b, []string{"modules.tar.zst"}, key)
	if err != nil || len(list) != 1 || list[0].File != "lib/loop.ko" || list[0].Cause != kconfig.CauseKey {
		t.Errorf("%v, %v", list, err)
	}
	if got := kconfig.NonReproducible(key.Options); len(got) != 1 || !strings.Contains(got[0], "CONFIG_MODULE_SIG") {
		t.Errorf("got %v", got)
	}
}

// TestSectionsOfVmlinux changes a byte in a section of an ELF file: this test program.
func TestSectionsOfVmlinux(t *testing.T) {
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(text))
	if err != nil {
		t.Skipf("SKIPPED, programs on this system are not ELF files: %v", err)
	}
	other := bytes.Clone(text)
	other[f.Section(".rodata").Offset+7]++
	a, b := pair(t, Vmlinux, text, other)
	for dir, image := range map[string]string{a: "packed one", b: "packed two"} {
		if err := os.WriteFile(filepath.Join(dir, "bzImage"), []byte(image), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	list, err := Compare(a, b, []string{"bzImage"}, Markers{})
	if err != nil || len(list) != 2 || list[0].Section != ".rodata" || list[0].Offset != 7 || list[1].File != "bzImage" {
		t.Errorf("%v, %v", list, err)
	}
}
