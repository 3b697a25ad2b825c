package fetch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// patchedTree is what patches are applied to in these tests.
const patchedTree = `mkdir -p kernel tools/include include; printf 'one\ntwo\nthree\n' > kernel/pid.c; echo old > include/x.h; echo tool > tools/include/x.h; echo gone > kernel/gone.c`

// change is a hunk for kernel/pid.c.
const change = "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"

// TestPatchesAreApplied applies patches in the forms that tools write them, each to the same
// tree.
func TestPatchesAreApplied(t *testing.T) {
	w := newWorkbench(t)
	pid := "cat kernel/pid.c"
	for name, c := range map[string]struct{ text, look, want string }{
		"git":                                  {"diff --git a/kernel/pid.c b/kernel/pid.c\n--- a/kernel/pid.c\n+++ b/kernel/pid.c\n" + change, pid, "one\n2\nthree"},
		"no prefix":                            {"--- kernel/pid.c\n+++ kernel/pid.c\n" + change, pid, "one\n2\nthree"},
		"whole path":                           {"--- /home/me/linux-6.12/kernel/pid.c.orig\t2026-01-01\n+++ /home/me/linux-6.12/kernel/pid.c\t2026-01-02\n" + change, pid, "one\n2\nthree"},
		"orig above":                           {"--- ../linux.orig/kernel/pid.c\n+++ ./kernel/pid.c\n" + change, pid, "one\n2\nthree"},
		"no prefix, a folder of the same name": {"--- tools/include/x.h\n+++ tools/include/x.h\n@@ -1 +1 @@\n-tool\n+new\n", "cat tools/include/x.h include/x.h", "new\nold"},
		"CR LF":                                {strings.ReplaceAll("--- a/kernel/pid.c\n+++ b/kernel/pid.c\n"+change, "\n", "\r\n"), pid, "one\n2\nthree"},
		"context":                              {"*** a/kernel/pid.c\tx\n--- b/kernel/pid.c\tx\n***************\n*** 1,3 ****\n  one\n! two\n  three\n--- 1,3 ----\n  one\n! 2\n  three\n", pid, "one\n2\nthree"},
		"mailbox": {"From 1 Mon Sep 17 00:00:00 2001\nFrom: a <a@example.test>\nSubject: [PATCH 1/2] a\n\n---\n kernel/pid.c | 2 +-\n\ndiff --git a/kernel/pid.c b/kernel/pid.c\nindex 1..2 100644\n--- a/kernel/pid.c\n+++ b/kernel/pid.c\n" + change +
			"-- \n2.47\n\nFrom 2 Mon Sep 17 00:00:00 2001\nSubject: [PATCH 2/2] b\n\n---\ndiff --git a/kernel/pid.c b/kernel/pid.c\nindex 2..3 100644\n--- a/kernel/pid.c\n+++ b/kernel/pid.c\n@@ -1,3 +1,3 @@\n one\n-2\n+two again\n three\n-- \n2.47\n", pid, "one\ntwo again\nthree"},
		"mail, quoted-printable": {"From: a <a@example.test>\nSubject: =?UTF-8?q?=C3=A4?=\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: quoted-printable\n\n---\n--- a/kernel/pid.c\n+++ b/kernel/pid.c\n@@ -1,3 +1,3 @@\n one\n-two\n+a =3D 2; /* a line that=\n goes on */\n three\n", pid, "one\na = 2; /* a line that goes on */\nthree"},
		"renamed":                {"diff --git a/kernel/pid.c b/kernel/ids.c\nsimilarity index 100%\nrename from kernel/pid.c\nrename to kernel/ids.c\n", "ls kernel", "gone.c\nids.c"},
		"removed":                {"diff --git a/kernel/gone.c b/kernel/gone.c\ndeleted file mode 100644\n--- a/kernel/gone.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n", "ls kernel", "pid.c"},
		"mode":                   {"diff --git a/kernel/pid.c b/kernel/pid.c\nold mode 100644\nnew mode 100755\n", "stat -c %a kernel/pid.c", "755"},
		"script, plain diff":     {"--- /dev/null\n+++ b/kernel/new.sh\n@@ -0,0 +1 @@\n+#!/bin/sh\n", "stat -c '%a %Y' kernel/new.sh", fmt.Sprintf("755 %d", settled)},
		"created, no prefix":     {"--- /dev/null\n+++ kernel/new.c\n@@ -0,0 +1 @@\n+int x;\n", "cat kernel/new.c", "int x;"},
		"binary": {"diff --git a/kernel/logo.bin b/kernel/logo.bin\nnew file mode 100644\nindex 0000000000000000000000000000000000000000..8352675d67aed6625ece79af41c27fdb4ee2e867\nGIT binary patch\nliteral 3\nKcmZQzWC8#H2LJ>B\n\nliteral 0\nHcmV?d00001\n\n-- \n2.39.5\n",
			"od -An -tx1 kernel/logo.bin | tr -d ' '; stat -c %Y kernel/logo.bin", fmt.Sprintf("000102\n%d", settled)},
	} {
		t.Run(name, func(t *testing.T) {
			w.run(t, "find . -mindepth 1 -delete; "+patchedTree)
			if err := w.f.apply(t.Context(), w.ctr, patchOf(t, c.text)); err != nil {
				t.Fatal(err)
			}
			if got := w.run(t, c.look+"; find . -name '*.orig' -o -name '*.rej'"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestPatchThatDoesNotFit also checks that one which the source has already is called that, and
// no other one.
func TestPatchThatDoesNotFit(t *testing.T) {
	w := newWorkbench(t)
	const pid = "--- a/kernel/pid.c\n+++ b/kernel/pid.c\n"
	const binary = "diff --git a/kernel/logo.bin b/kernel/logo.bin\nnew file mode 100644\nindex 0000000000000000000000000000000000000000..8352675d67aed6625ece79af41c27fdb4ee2e867\nGIT binary patch\nliteral 3\nKcmZQzWC8#H2LJ>B\n\nliteral 0\nHcmV?d00001\n\n-- \n2.39.5\n"
	link := func(to string) string {
		return "diff --git a/link b/link\nnew file mode 120000\nindex 0000000..1111111\n--- /dev/null\n+++ b/link\n@@ -0,0 +1 @@\n+" + to +
			"\n\\ No newline at end of file\ndiff --git a/link/x.c b/link/x.c\nnew file mode 100644\n--- /dev/null\n+++ b/link/x.c\n@@ -0,0 +1 @@\n+int x;\n"
	}
	for text, want := range map[string]string{
		pid + "@@ -1,3 +1,3 @@\n one\n-four\n+4\n three\n":                                                                  "fix: rebase the patch",
		pid + "@@ -1,3 +1,3 @@\n one\n-twoo\n+two\n three\n":                                                                "this source has it already",
		"--- a/kernel/none.c\n+++ b/kernel/none.c\n@@ -1,3 +1,3 @@\n one\n-twoo\n+two\n three\n":                            "fix: rebase the patch",
		"--- /dev/null\n+++ b/kernel/gone.c\n@@ -0,0 +1 @@\n+gone\n":                                                        "this source has it already",
		"--- a/kernel/was.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-was\n":                                                          "this source has it already",
		pid + change + "--- /dev/null\n+++ b/kernel/gone.c\n@@ -0,0 +1 @@\n+gone\n":                                         "this source has a part of it already",
		pid + "@@ -1,3 +1,3 @@\n one\n-twoo\n+two\n three\n--- a/include/x.h\n+++ b/include/x.h\n@@ -1 +1 @@\n-old\n+new\n": "this source has a part of it already",
		"--- a/kernel/tabs.c\n+++ b/kernel/tabs.c\n@@ -1,3 +1,3 @@\n {\n-        int x;\n+        int y;\n }\n":             "its tabs and blanks were changed",
		link("../.."): "through a link that leads out of the source",
		link("/tmp"):  "through a link that leads out of the source",
		link("none"):  "fix: rebase the patch",
		binary:        "this source has it already",
	} {
		w.run(t, "find . -mindepth 1 -delete; "+patchedTree+`; printf '\000\001\002' > kernel/logo.bin; printf '{\n\tint x;\n}\n' > kernel/tabs.c`)
		err := w.f.apply(t.Context(), w.ctr, patchOf(t, text))
		if fault.Code(err) != int(fault.Failed) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "apply patch a.patch") || !strings.Contains(want, "already") && strings.Contains(err.Error(), "already:") {
			t.Errorf("%s\ngot %v, want %s", text, err, want)
		}
	}
}

// patchOf writes a patch and reads it as kernels.toml names it.
func patchOf(t *testing.T, text string) source.Patch {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.patch"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	list, err := source.ReadPatches(dir, "a.patch")
	if err != nil {
		t.Fatal(err)
	}
	return list[0]
}
