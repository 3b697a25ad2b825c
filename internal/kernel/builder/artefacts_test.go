package builder

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// allArtefacts are options for arm64 with which a build makes every kind of artefact.
var allArtefacts = []string{
	"CONFIG_MODULES=y", "CONFIG_CRC7=m", "CONFIG_CRC_ITU_T=m", "CONFIG_ARCH_VEXPRESS=y",
	"CONFIG_HEADERS_INSTALL=y", "CONFIG_DEBUG_KERNEL=y", "CONFIG_DEBUG_INFO_DWARF5=y",
	"CONFIG_BPF_SYSCALL=y", "CONFIG_DEBUG_INFO_BTF=y",
}

// TestOptionalArtefacts builds a small real kernel with modules, device trees, headers and
// debug information, and checks the content of each.
func TestOptionalArtefacts(t *testing.T) {
	s := smallSpec(t, spec.Table{Arch: []string{"arm64"}, Config: allArtefacts}, "")
	startFromScratch(t, testBuilder(t), s)
	b, folder := buildAndExtract(t, s)
	if n := checkOptionalArtefacts(t, folder); n != 2 {
		t.Errorf("got %d modules, want 2", n)
	}
	checkTypes(t, filepath.Join(folder, "vmlinux.debug"))
	compareTypes(t, b, s, filepath.Join(folder, "vmlinux.debug"))
}

// checkTypes checks that a file has the kernel's types, in the format BTF: a header that adds
// up (Documentation/bpf/btf.rst in the kernel tree), and the name of a type.
func checkTypes(t *testing.T, file string) {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	section := f.Section(".BTF")
	if section == nil || section.Type != elf.SHT_PROGBITS {
		t.Fatalf("no content of .BTF: %+v", section)
	}
	data, err := section.Data()
	if err != nil {
		t.Fatal(err)
	}
	var head struct {
		Magic                                      uint16
		Version, Flags                             uint8
		Length, TypesAt, Types, StringsAt, Strings uint32
	}
	if err := binary.Read(bytes.NewReader(data), f.ByteOrder, &head); err != nil {
		t.Fatal(err)
	}
	if head.Magic != 0xeb9f || int(head.Length+head.StringsAt+head.Strings) != len(data) || !bytes.Contains(data, []byte("\x00task_struct\x00")) {
		t.Errorf("%+v in %d bytes", head, len(data))
	}
}

// compareTypes checks that a file has the same types, byte by byte, as vmlinux of the kernel's
// output tree, and that pahole(1) reads them.
func compareTypes(t *testing.T, b *Builder, s spec.Spec, file string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	ctr := outputContainer(t, b, s)
	defer ctr.Remove()
	if err := ctr.Put(t.Context(), "/tmp", engine.File{Name: "debug", Mode: 0o644, Size: info.Size(), Body: f}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{plan.OutputDir + "/vmlinux", "/tmp/debug"} {
		argv := []string{s.Compiler.Tools + "objcopy", "--dump-section", ".BTF=/tmp/" + path.Base(name) + ".btf", name, "/dev/null"}
		if _, err := ctr.Output(t.Context(), engine.Command{Argv: argv}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ctr.Output(t.Context(), engine.Command{Argv: []string{"cmp", "/tmp/vmlinux.btf", "/tmp/debug.btf"}}); err != nil {
		t.Error(err)
	}
	out, err := ctr.Output(t.Context(), engine.Command{Argv: []string{"pahole", "--format_path=btf", "--class_name=task_struct", "/tmp/debug"}})
	if err != nil || !strings.HasPrefix(strings.TrimSpace(out), "struct task_struct {") {
		t.Errorf("%v: %.200s", err, out)
	}
}

// checkOptionalArtefacts checks the artefacts beside a kernel for arm64 and returns the
// number of its modules.
func checkOptionalArtefacts(t *testing.T, folder string) (modules int) {
	t.Helper()
	m, err := result.CheckFolder(folder)
	if err != nil {
		t.Fatal(err)
	}
	files := unpack(t, filepath.Join(folder, "modules.tar.zst"))
	root := path.Join("lib/modules", m.Release)
	for name, text := range files {
		if path.Ext(name) != ".ko" {
			continue
		}
		modules++
		if !bytes.Contains(text, []byte("vermagic="+m.Release+" ")) {
			t.Errorf("%s is not for release %s", name, m.Release)
		}
		if dep := "\n" + strings.TrimPrefix(name, root+"/") + ":"; !strings.Contains("\n"+string(files[root+"/modules.dep"]), dep) {
			t.Errorf("modules.dep does not list %s", name)
		}
	}
	headers := unpack(t, filepath.Join(folder, "headers.tar.zst"))
	for name := range headers {
		if path.Ext(name) != ".h" {
			t.Errorf("not a header: %s", name)
		}
	}
	if !bytes.Contains(headers["include/linux/version.h"], []byte("LINUX_VERSION_CODE")) || headers["include/asm/unistd.h"] == nil {
		t.Error("linux/version.h or asm/unistd.h is missing")
	}
	if trees := deviceTrees(t, folder); len(trees) == 0 {
		t.Error("no device trees")
	}
	checkDebugInfo(t, filepath.Join(folder, "vmlinux.debug"))
	return modules
}

// unpack returns the files of a tar.zst. It checks that every entry is a file or a folder,
// belongs to root and has time 0.
func unpack(t *testing.T, file string) map[string][]byte {
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

// deviceTrees returns the paths of a kernel's device trees, and checks the magic number of
// each (Devicetree Specification, 5.2).
func deviceTrees(t *testing.T, folder string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(folder, "dtbs"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if !bytes.HasPrefix(text, []byte{0xd0, 0x0d, 0xfe, 0xed}) {
			t.Errorf("%s is not a device tree", path)
		}
		list = append(list, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// checkDebugInfo checks that a file has debug information and symbols, but no code.
func checkDebugInfo(t *testing.T, file string) {
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
		t.Error("no debug information")
	}
	if s := f.Section(".text"); s == nil || s.Type != elf.SHT_NOBITS {
		t.Errorf("the file contains code: %+v", s)
	}
}
