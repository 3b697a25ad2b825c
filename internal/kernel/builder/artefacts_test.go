package builder

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// allParts has a kernel for arm64 come with everything that it can come with.
var allParts = []string{
	"CONFIG_MODULES=y", "CONFIG_CRC7=m", "CONFIG_CRC_ITU_T=m", "CONFIG_ARCH_VEXPRESS=y",
	"CONFIG_HEADERS_INSTALL=y", "CONFIG_DEBUG_KERNEL=y", "CONFIG_DEBUG_INFO_DWARF5=y",
}

// TestArtefactsBesideTheKernel builds a small real kernel with modules, device trees,
// headers and debug information, and looks into each.
func TestArtefactsBesideTheKernel(t *testing.T) {
	s := brokenSpec(t, spec.Table{Arch: []string{"arm64"}, Config: allParts}, "")
	startFromScratch(t, testBuilder(t), s)
	_, folder := buildAndExtract(t, s)
	if n := checkParts(t, folder); n != 2 {
		t.Errorf("it has %d modules, want two", n)
	}
}

// checkParts looks into what lies beside a kernel for arm64 and gives the number of its
// modules.
func checkParts(t *testing.T, folder string) (modules int) {
	t.Helper()
	m, err := result.CheckFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	files := unpacked(t, filepath.Join(folder, "modules.tar.zst"))
	root := path.Join("lib/modules", m.Release)
	for name, text := range files {
		if path.Ext(name) != ".ko" {
			continue
		}
		modules++
		if !bytes.Contains(text, []byte("vermagic="+m.Release+" ")) {
			t.Errorf("%s is not of %s", name, m.Release)
		}
		if dep := "\n" + strings.TrimPrefix(name, root+"/") + ":"; !strings.Contains("\n"+string(files[root+"/modules.dep"]), dep) {
			t.Errorf("modules.dep does not know %s", name)
		}
	}
	headers := unpacked(t, filepath.Join(folder, "headers.tar.zst"))
	for name := range headers {
		if path.Ext(name) != ".h" {
			t.Errorf("no header: %s", name)
		}
	}
	if !bytes.Contains(headers["include/linux/version.h"], []byte("LINUX_VERSION_CODE")) || headers["include/asm/unistd.h"] == nil {
		t.Error("headers of the version or the architecture are missing")
	}
	if trees := deviceTreesOf(t, folder); len(trees) == 0 {
		t.Error("it has no device trees")
	}
	checkDebug(t, filepath.Join(folder, "vmlinux.debug"))
	return modules
}

// unpacked reads the files of a tar.zst. It holds nothing but files and folders, all of
// them root's and of one time.
func unpacked(t *testing.T, file string) map[string][]byte {
	t.Helper()
	packed, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	plain, err := zstd.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	files := map[string][]byte{}
	for in := tar.NewReader(plain); ; {
		head, err := in.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains([]byte{tar.TypeReg, tar.TypeDir}, head.Typeflag) || head.Uid != 0 || head.Gid != 0 || head.ModTime.Unix() != 0 {
			t.Errorf("%s has %s of type %c, owner %d:%d, time %s", file, head.Name, head.Typeflag, head.Uid, head.Gid, head.ModTime)
		}
		if head.Typeflag != tar.TypeReg {
			continue
		}
		if files[head.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
	}
}

// deviceTreesOf gives the device trees of a kernel, each by how it begins (the
// Devicetree Specification, 5.2).
func deviceTreesOf(t *testing.T, folder string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(folder, "dtbs"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if !bytes.HasPrefix(text, []byte{0xd0, 0x0d, 0xfe, 0xed}) {
			t.Errorf("%s is no device tree", path)
		}
		list = append(list, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// checkDebug wants debug information and symbols, and none of the code.
func checkDebug(t *testing.T, file string) {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil || !slices.ContainsFunc(symbols, func(s elf.Symbol) bool { return s.Name == "start_kernel" }) {
		t.Errorf("%d symbols without start_kernel, %v", len(symbols), err)
	}
	if s := f.Section(".debug_info"); s == nil || s.Size == 0 {
		t.Error("it has no debug information")
	}
	if s := f.Section(".text"); s == nil || s.Type != elf.SHT_NOBITS {
		t.Errorf("its code is still in it: %+v", s)
	}
}
