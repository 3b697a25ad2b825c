package unidiff

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

const hunk = "@@ -1,2 +1,2 @@\n a\n-b\n+c\n"

func TestFilesOfAPatch(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string // old>new
	}{
		"git":              {"diff --git a/x.c b/x.c\nindex 1..2 100644\n--- a/x.c\n+++ b/x.c\n" + hunk, []string{"a/x.c>b/x.c"}},
		"without a prefix": {"--- x.c\n+++ x.c\n" + hunk, []string{"x.c>x.c"}},
		"times":            {"--- linux.orig/x y.c\t2026-01-01 00:00:00 +0000\n+++ linux/x y.c\t2026-01-02\n" + hunk, []string{"linux.orig/x y.c>linux/x y.c"}},
		"created":          {"--- /dev/null\n+++ b/x.c\n@@ -0,0 +1 @@\n+x\n", []string{">b/x.c"}},
		"removed":          {"--- a/x.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", []string{"a/x.c>"}},
		"mailbox": {"From 1 Mon Sep 17 00:00:00 2001\nSubject: a\n---\n x | 2 +-\n\n--- a/x\n+++ b/x\n" + hunk + "-- \n2.39\n\nFrom 2\n---\n--- a/y\n+++ b/y\n" + hunk,
			[]string{"a/x>b/x", "a/y>b/y"}},
		"renamed":       {"diff --git a/old name.c b/new name.c\nsimilarity index 100%\nrename from old name.c\nrename to new name.c\n", []string{"a/old name.c>b/new name.c"}},
		"mode":          {"diff --git a/x.sh b/x.sh\nold mode 100644\nnew mode 100755\n", []string{"a/x.sh>b/x.sh"}},
		"empty file":    {"diff --git a/x b/x\nnew file mode 100644\nindex 0..e\n", []string{">b/x"}},
		"created, git":  {"diff --git a/x b/x\nnew file mode 100755\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+x\n", []string{">b/x"}},
		"quoted":        {"diff --git \"a/\\303\\244\" \"b/\\303\\244\"\n--- \"a/\\303\\244\"\n+++ \"b/\\303\\244\"\n" + hunk, []string{"a/ä>b/ä"}},
		"context":       {"*** x.c.orig\tthen\n--- x.c\tnow\n***************\n*** 1,2 ****\n! a\n--- 1,2 ----\n! b\n", []string{"x.c.orig>x.c"}},
		"CRLF":          {strings.ReplaceAll("--- a/x.c\n+++ b/x.c\n"+hunk, "\n", "\r\n"), []string{"a/x.c>b/x.c"}},
		"header in it":  {"--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- a/no\n+++ b/no\n a\n", []string{"a/x>b/x"}},
		"chopped lines": {"--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n-a\n+b\n", []string{"a/x>b/x"}},
		"no newline":    {"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n", []string{"a/x>b/x"}},
		"about one":     {"--- a/doc\n+++ b/doc\n@@ -1 +1 @@\n-Subproject commit 1\n+Subproject commit 2\n", []string{"a/doc>b/doc"}},
		"orig above":    {"--- ../linux.orig/x.c\n+++ ./x.c\n" + hunk, []string{"../linux.orig/x.c>./x.c"}},
	} {
		d, err := Parse(c.text)
		var got []string
		for _, f := range d.Files {
			got = append(got, f.Old+">"+f.New)
		}
		if err != nil || !slices.Equal(got, c.want) || d.Binary {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}

func TestBinaryPatch(t *testing.T) {
	d, err := Parse("diff --git a/x.bin b/x.bin\nnew file mode 100644\nindex 0000..1111\nGIT binary patch\nliteral 3\nKcmZ\n\n")
	if err != nil || !d.Binary || len(d.Files) != 1 || d.Files[0].New != "b/x.bin" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestBadPatch(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"outside":           {"--- a/x\n+++ b/../../x\n" + hunk, "line 1: it changes b/../../x, outside"},
		"removes outside":   {"--- a/../x\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", "it changes a/../x, outside"},
		"renamed outside":   {"diff --git a/x b/../x\nsimilarity index 100%\nrename from x\nrename to ../x\n", "line 1: it changes b/../x, outside"},
		"cut off":           {"--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n a\n-b\n+c\n", "cut off: the hunk of line 3 lacks 7 lines"},
		"cut off in a word": {"--- a/x\n+++ b/x\n@@ -1,9 +1,", "line 3: expected a hunk's header"},
		"broken hunk":       {"--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\nb\n", `line 5: malformed hunk: expected a line that begins with a blank, + or -, got "b"`},
		"no name":           {hunk, "a hunk without the name"},
		"merge":             {"diff --cc x\n--- a/x\n+++ b/x\n@@@ -1,2 -1,2 +1,2 @@@\n", "line 4: a combined diff"},
		"submodule":         {"diff --git a/x b/x\nindex 1111111..2222222 160000\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-Subproject commit 1\n+Subproject commit 2\n", "line 2: it changes a submodule"},
		"binary, no bytes":  {"diff --git a/x b/x\nBinary files a/x and b/x differ\n", "the patch lacks the content"},
	} {
		if _, err := Parse(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	for _, text := range []string{"", "\n", "hello\n", "diff --git a/x b/x\nindex 1..1\n", "--- a\n+++ b\n", "Subject: [PATCH 0/3] cover\n\n---\n"} {
		if _, err := Parse(text); !errors.Is(err, ErrNoChange) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestStrip(t *testing.T) {
	for _, c := range []struct {
		name string
		n    int
		want string
	}{
		{"a/kernel/pid.c", 1, "kernel/pid.c"}, {"kernel/pid.c", 0, "kernel/pid.c"}, {"./kernel/pid.c", 1, "kernel/pid.c"},
		{"/home/me/linux/kernel/pid.c", 4, "kernel/pid.c"}, {"pid.c", 1, ""}, {"", 0, ""}, {"a//kernel/pid.c", 1, "kernel/pid.c"},
	} {
		if got := Strip(c.name, c.n); got != c.want {
			t.Errorf("%s -p%d: got %q, want %q", c.name, c.n, got, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("diff --git a/x.c b/x.c\nindex 1..2 100644\n--- a/x.c\n+++ b/x.c\n" + hunk)
	f.Add("diff --git a/old b/new\nsimilarity index 100%\nrename from old\nrename to new\n")
	f.Add("*** x\n--- y\n***************\n*** 1 ****\n! a\n--- 1 ----\n! b\n")
	f.Add("--- \"a/\\303\"\n+++ b/../x\r\n@@ -1 +0,0 @@\r\n-x\\\n")
	f.Add("diff --git a/x b/x\nGIT binary patch\nliteral 3\nKcmZ\n\n@@ -1,4294967296 +1 @@\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Parse(text)
		if err != nil {
			return
		}
		if d.Files == nil && !d.Binary && !strings.Contains(text, "***************") {
			t.Error("a patch that changes no file was accepted")
		}
		for _, file := range d.Files {
			for n := range 4 {
				if strings.HasPrefix(Strip(file.New, n), "../") {
					t.Errorf("%q is outside", file.New)
				}
			}
		}
	})
}
