package builder

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/planner"
	"github.com/romanatrashyonok/kiln/internal/kernel/record"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// privateKey stands for a key that signs modules.
const privateKey = "-----BEGIN PRIVATE KEY----- one that nobody else may have\n"

// filesFolder returns a folder with the fixture tree, a key, and the root of an initramfs.
func filesFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"keys", "root/proc"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(dir, "keys/ours.pem"), privateKey)
	writeFile(t, filepath.Join(dir, "root/init"), "#!/bin/sh\n")
	writeFile(t, filepath.Join(dir, "greeting"), "a greeting of ours\n")
	for name, mode := range map[string]fs.FileMode{"keys/ours.pem": 0o600, "root/init": 0o700} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/bin/busybox", filepath.Join(dir, "root/sh")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestFilesAreLaid builds with files that options name, and one that replaces a file of the
// source. The output tree has them too, as some of the kernel's Makefiles look there.
func TestFilesAreLaid(t *testing.T) {
	dir := filesFolder(t)
	b := newBuilder(t, report.New(t.Output(), t.Output(), ""), dir, t.TempDir())
	table := spec.Table{
		Arch:   []string{"amd64"},
		Config: []string{`CONFIG_SYSTEM_TRUSTED_KEYS="certs/ours.pem"`, `CONFIG_INITRAMFS_SOURCE="rootfs"`, "CONFIG_LAID=y"},
		Files:  map[string]string{"certs/ours.pem": "keys/ours.pem", "rootfs": "root", "greeting": "greeting"},
	}
	s := fixtureSpecs(t, b, dir, table)[0]
	built, err := b.Build(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	e, err := b.Folder.Extract(t.Context(), built)
	if err != nil {
		t.Fatal(err)
	}
	if image, err := os.ReadFile(filepath.Join(e.Folder, "bzImage")); string(image) != "a greeting of ours\n" {
		t.Errorf("built %q, %v", image, err)
	}
	listed, err := os.ReadFile(filepath.Join(e.Folder, "System.map"))
	for _, line := range []string{"certs/ours.pem f644 ", "rootfs/init f755 ", "rootfs/proc d755 ", "rootfs/sh l777 /bin/busybox"} {
		if n := strings.Count(string(listed), line+"\n"); n != 2 || err != nil {
			t.Errorf("%q is in %d trees, want 2: %v\n%s", line, n, err, listed)
		}
	}
	checkFileRecords(t, b, s, e.Folder)
	if r, err := b.Reproduce(t.Context(), s, e.Folder); err != nil || !r.Same {
		t.Errorf("%s, %v", r, err)
	}

	writeFile(t, filepath.Join(dir, "keys/ours.pem"), "a new key\n")
	if err := os.Remove(filepath.Join(dir, "root/init")); err != nil {
		t.Fatal(err)
	}
	again, err := b.Build(t.Context(), oneSpec(t, dir, spec.Table{
		Name: s.Name, Version: "6.12", Source: []string{"./tree"}, Arch: table.Arch, Config: append([]string{"tinyconfig"}, table.Config...), Files: table.Files,
	}))
	if err != nil || !again.Built || !strings.Contains(again.Why, "files: +certs/ours.pem 644 (") {
		t.Fatalf("%+v, %v", again, err)
	}
	if e, err = b.Folder.Extract(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	now, err := os.ReadFile(filepath.Join(e.Folder, "System.map"))
	if err != nil || strings.Contains(string(now), "rootfs/init") || bytes.Equal(now, listed) {
		t.Errorf("the changed files are not built in: %v\n%s", err, now)
	}
}

// checkFileRecords checks that the records of a build name the files by their sha256, and that
// nothing has the content of the key.
func checkFileRecords(t *testing.T, b *Builder, s spec.Spec, folder string) {
	t.Helper()
	list, err := record.Why(filepath.Dir(folder), filepath.Base(folder))
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"kernel:why": list[0].String(), "kernel:plan": planner.Text(p)} {
		if !strings.Contains(text, "certs/ours.pem 644 (") || !strings.Contains(text, "rootfs/sh link (") {
			t.Errorf("%s does not name the files:\n%s", what, text)
		}
	}
	if m := list[0].Manifest; len(m.Files) != 5 || m.Files[0].Path != "certs/ours.pem" || len(m.Files[0].SHA256) != 64 {
		t.Errorf("manifest: %+v", m.Files)
	}
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(strings.TrimSpace(privateKey))) {
			t.Errorf("%s has the content of the key", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestFilesInTheWay lays files where the source has folders, and the other way round.
func TestFilesInTheWay(t *testing.T) {
	dir := filesFolder(t)
	b := newBuilder(t, report.New(t.Output(), t.Output(), ""), dir, t.TempDir())
	for target, want := range map[string]string{
		"scripts":         `files: scripts is a folder of the source` + "\n  fix: to lay a file in it, write \"scripts/\"",
		"Makefile/config": "is in the way of a folder",
	} {
		s := fixtureSpecs(t, b, dir, spec.Table{Arch: []string{"amd64"}, Files: map[string]string{target: "greeting"}})[0]
		if _, err := b.Fetch(t.Context(), s); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", target, err)
		}
	}
}

// TestValuesThatFailABuild asks for values that the build would fail on after minutes: each
// is found before anything is compiled.
func TestValuesThatFailABuild(t *testing.T) {
	b := testBuilder(t)
	for _, tc := range []struct {
		options []string
		want    string // "" where the configuration is good
	}{
		{[]string{
			`CONFIG_SYSTEM_TRUSTED_KEYS="certs/none.pem"`, `CONFIG_MODULE_SIG_KEY="certs/signing_key.pem"`, `CONFIG_EXTRA_FIRMWARE="a.bin greeting"`, `CONFIG_EXTRA_FIRMWARE_DIR="."`,
			`CONFIG_INITRAMFS_SOURCE="/no/root"`, `CONFIG_IMA_X509_PATH="/etc/keys/x509_ima.der"`,
		}, "options name files that the build does not find:\n" +
			"kernels.toml, kernel fixture: CONFIG_EXTRA_FIRMWARE=\"a.bin greeting\": there is no a.bin\n" +
			"kernels.toml, kernel fixture: CONFIG_INITRAMFS_SOURCE=\"/no/root\": there is no /no/root\n" +
			"kernels.toml, kernel fixture: CONFIG_SYSTEM_TRUSTED_KEYS=\"certs/none.pem\": there is no certs/none.pem\n  fix: name a path in the source's tree and bring the file in: files = {"},
		{[]string{`CONFIG_LOCALVERSION="-` + strings.Repeat("x", 60) + `"`}, "has 67 characters: at most 64 fit\n  fix: change CONFIG_LOCALVERSION"},
		{[]string{`CONFIG_LOCALVERSION="-our kernel"`}, `release "6.12.1-our kernel" has the character ' '`},
		{[]string{`CONFIG_LOCALVERSION="-` + strings.Repeat("x", 57) + `"`, `CONFIG_INITRAMFS_SOURCE="scripts/kconfig greeting"`}, ""},
	} {
		_, err := b.Build(t.Context(), fixtureSpec(t, b, tc.options...))
		if tc.want == "" && err != nil || tc.want != "" && (fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%v:\ngot %v\nwant %s", tc.options, err, tc.want)
		}
	}
}

// TestVersionFilesOfTheSource checks the release with a file that a source adds to it.
func TestVersionFilesOfTheSource(t *testing.T) {
	dir := filesFolder(t)
	writeFile(t, filepath.Join(dir, "tree/localversion-rt"), "-rt9\n")
	writeFile(t, filepath.Join(dir, "tree/localversion-rt~"), "-backup\n")
	b := newBuilder(t, report.New(t.Output(), t.Output(), ""), dir, t.TempDir())
	s := fixtureSpecs(t, b, dir, spec.Table{Arch: []string{"amd64"}, Config: []string{`CONFIG_LOCALVERSION="-ours"`}})[0]
	c, err := b.Configure(t.Context(), s)
	if err != nil || c.Release != "6.12.1-rt9-ours" || c.Err() != nil {
		t.Errorf("release %q, %v, %v", c.Release, err, c.Err())
	}
}
