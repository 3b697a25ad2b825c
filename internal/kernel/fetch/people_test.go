package fetch

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// workbench is one container with an empty tree, in which many sources are unpacked one after
// the other.
type workbench struct {
	f   Fetcher
	ctr *engine.Container
}

func newWorkbench(t *testing.T) workbench {
	t.Helper()
	f := realFetcher(t)
	volume := fmt.Sprintf("kiln-test-fetch-%d", os.Getpid())
	if err := f.Engine.Volumes().Create(t.Context(), volume, engine.Scratch, nil); err != nil {
		t.Fatal(err)
	}
	ctr, err := f.container(t.Context(), source.Ref{Kind: source.Folder}, engine.Mount{Volume: volume, Path: tree})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctr.Remove()
		f.Engine.Volumes().Remove(context.Background(), volume)
	})
	return workbench{f, ctr}
}

// run runs a shell script in the emptied tree and returns its output.
func (w workbench) run(t *testing.T, script string) string {
	t.Helper()
	out, err := w.ctr.Output(t.Context(), engine.Command{Argv: []string{"sh", "-c", script}, Dir: tree})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func (w workbench) clear(t *testing.T) { w.run(t, "find "+tree+" -mindepth 1 -delete") }

// unpacked unpacks a source as Fetch does, and returns its files with their modes.
func (w workbench) unpacked(t *testing.T, from string) (string, error) {
	t.Helper()
	w.clear(t)
	p, err := w.f.providerOf(from)
	if err != nil {
		return "", err
	}
	ref, err := p.resolve(t.Context(), want(t, "6.12"))
	if err != nil {
		return "", err
	}
	to := source.Tree{Ref: ref}
	if _, err := p.unpack(t.Context(), w.ctr, &to); err != nil {
		return "", err
	}
	if err := w.f.prepare(t.Context(), w.ctr, ref); err != nil {
		return "", err
	}
	return w.run(t, `find . -mindepth 1 -not -type d -printf '%P %m %l\n' | LC_ALL=C sort | tr -s ' \n' ' '`), nil
}

// scriptTree writes a small tree whose script lost its x bit, with modes that only its owner
// can use.
func scriptTree(t *testing.T) string {
	t.Helper()
	dir := smallTree(t, 7)
	if err := os.MkdirAll(filepath.Join(dir, "scripts"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "scripts", "run.sh"), "#!/bin/sh\n")
	for _, name := range []string{"Makefile", "deep/file.c", "scripts/run.sh"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// scriptTreeFiles are its files in a tree that can be built, by any user.
const scriptTreeFiles = "Makefile 644 deep/file.c 644 link 777 deep/file.c scripts/run.sh 755"

func shell(t *testing.T, dir, script string) {
	t.Helper()
	cmd := exec.Command("sh", "-ec", script)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v %s", script, err, out)
	}
}

// TestTarballsAsPeoplePackThem unpacks tarballs of every compression, with any name, top
// folder and order: each is the same tree.
func TestTarballsAsPeoplePackThem(t *testing.T) {
	w := newWorkbench(t)
	dir := scriptTree(t)
	up := t.TempDir()
	shell(t, up, fmt.Sprintf(`cp -a %s linux-6.12.7
mkdir -p bsp/sources/tools; cp -a linux-6.12.7 bsp/sources/kernel-jammy; echo PATCHLEVEL > bsp/sources/tools/Makefile; echo x > bsp/sources/readme
tar cf linux.tar linux-6.12.7
tar cJf linux-source-6.12.tar.xz linux-6.12.7
tar czf linux.tgz ./linux-6.12.7
tar cjf v6.tar.bz2 -C linux-6.12.7 .
tar c -C linux-6.12.7 Makefile deep link scripts | zstd -q --long=31 > upper.tar.zst
tar cJf misnamed.tar.gz linux-6.12.7/deep linux-6.12.7/link linux-6.12.7/scripts linux-6.12.7/Makefile
tar czf 'bsp with a blank' bsp
tar cf - linux-6.12.7 | split -b 5000 - part.; for p in part.*; do xz -c $p; done > blocks.xz`, dir))
	for _, name := range []string{"linux.tar", "linux-source-6.12.tar.xz", "linux.tgz", "v6.tar.bz2", "upper.tar.zst", "misnamed.tar.gz", "bsp with a blank", "blocks.xz"} {
		if got, err := w.unpacked(t, filepath.Join(up, name)); err != nil || got != scriptTreeFiles {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}

// TestFolderAsPeopleHaveIt copies a worktree of git with what people have in such folders.
func TestFolderAsPeopleHaveIt(t *testing.T) {
	w := newWorkbench(t)
	dir := scriptTree(t)
	out := filepath.Join(t.TempDir(), "driver")
	shell(t, dir, fmt.Sprintf(`echo 'gitdir: /elsewhere' > .git; mkdir deep/.git; echo x > deep/.git/config
mkfifo pipe; ln -s nowhere dangling; ln -s "$PWD/deep/file.c" scripts/absolute; ln -s / root
mkdir -p %[1]s/sub; echo 'int d;' > %[1]s/sub/d.c; ln -s ../sub/d.c %[1]s/sub/e.c; ln -s %[1]s deep/driver; ln -s %[1]s/sub/d.c one.c
printf x > "$(printf 'latin1-\351')"`, out))
	l, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	before := modesOf(t, dir)
	got, err := w.unpacked(t, dir)
	files := "Makefile 644 dangling 777 nowhere deep/driver/sub/d.c 644 deep/driver/sub/e.c 777 ../sub/d.c deep/file.c 644 latin1-\xe9 644 link 777 deep/file.c " +
		"one.c 644 root 777 / scripts/absolute 777 ../deep/file.c scripts/run.sh 755"
	if err != nil || got != files {
		t.Errorf("%v\ngot  %q\nwant %q", err, got, files)
	}
	if after := modesOf(t, dir); after != before {
		t.Errorf("the folder was changed:\n%s\n%s", before, after)
	}
}

func modesOf(t *testing.T, dir string) string {
	t.Helper()
	out, err := exec.Command("find", dir, "-printf", "%P %m %T@\n").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestBadSourcesAreNamed checks sources that are none: each error is one of the call, names
// the user's file, and costs no container.
func TestBadSourcesAreNamed(t *testing.T) {
	f := newFetcher(t, newOrg(t)) // without an engine
	dir := t.TempDir()
	f.Dir = dir
	netfilter := "obj-y += xt_TCPMSS.o xt_tcpmss.o nf.o\n"
	kernel := "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 7\n"
	for name, text := range map[string]string{
		"empty.tar": "", "page.tar.xz": "<!DOCTYPE html>\n<html>", "x.zip": "PK\x03\x04aaaa", "x.deb": "!<arch>\ndebian-binary", "noise.tar": strings.Repeat("noise\x00", 500),
		"linux.tar.sign": "-----BEGIN PGP SIGNATURE-----\n\nx\n", "text.tar": strings.Repeat("text ", 500), "short.tar": "text", "x.patch": "diff --git a/x b/x\n",
		"cut.tar.xz": "\xfd7zXZ\x00\x00", "uboot/Makefile": "VERSION = 2026\nPATCHLEVEL = 01\n", "none/readme": "x",
		"above/linux-6.12.7/Makefile": kernel, "built/Makefile": kernel, "built/.config": "CONFIG_A=y\n",
		"built2/Makefile": kernel, "built2/arch/x86/include/generated/x.h": "", "case/Makefile": kernel, "case/net/netfilter/Makefile": netfilter,
		"case/net/netfilter/xt_tcpmss.c": "", "case/net/netfilter/nf.c": "", "good/Makefile": kernel, "good/net/netfilter/Makefile": netfilter,
		"good/net/netfilter/xt_tcpmss.c": "", "good/net/netfilter/xt_TCPMSS.c": "", "old/Makefile": "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 9\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), text)
	}
	shell(t, dir, "tar czf uboot.tar.gz uboot; tar cJf old.tar.xz old; tar cJf none.txz none; mkfifo pipe.tar; git init --quiet --bare bare.git; git init --quiet cloned; xz --keep x.patch")
	for from, text := range map[string]string{
		"./empty.tar": "the file is empty", "./page.tar.xz": "it is a web page", "./x.zip": "fix: unpack it, and name its folder", "./x.deb": "dpkg-deb",
		"./linux.tar.sign": "it is a signature", "./text.tar": "it is a text file", "./short.tar": "it is a text file", "./x.patch": "fix: name it in patches", "./x.patch.xz": "fix: name it in patches",
		"./bare.git": "nothing is checked out there; git -C " + filepath.Join(dir, "bare.git") + " worktree add", "./cloned": "nothing is checked out there",
		"./noise.tar": "no archive that is known", "./cut.tar.xz": "not complete", "./uboot.tar.gz": "no Makefile of a Linux kernel", "./none.txz": "no Makefile of a Linux kernel",
		"./uboot": "not that of a Linux kernel", "./none": "no such file", "./above": "name the folder below it that has one: " + filepath.Join(dir, "above/linux-6.12.7"),
		"./built": "it has .config", "./built2": "it has arch/x86/include/generated", "./case": "has net/netfilter/xt_tcpmss.c and lacks xt_TCPMSS.c",
		"./old": `has version 6.1.9 by its Makefile; kernels.toml asks for "6.12"`, "./old.tar.xz": `has version 6.1.9 by its Makefile; kernels.toml asks for "6.12"`,
		"./pipe.tar": "neither a file nor a folder", "~/linux": "only a shell knows", "./missing": "relative to the folder of kernels.toml",
	} {
		_, err := f.Resolve(t.Context(), from, want(t, "6.12"))
		if fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), text) || !strings.Contains(err.Error(), strings.TrimPrefix(from, "./")) {
			t.Errorf("%s: got %v, want %s", from, err, text)
		}
	}
	if _, err := f.Resolve(t.Context(), "./built", want(t, "6.12")); !strings.Contains(err.Error(), "make -C "+filepath.Join(dir, "built")+" mrproper") {
		t.Errorf("got %v", err)
	}
	if _, err := f.Resolve(t.Context(), "./good", want(t, "6.12")); err != nil {
		t.Error(err)
	}
}
