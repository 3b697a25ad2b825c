package source

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// good is a patch that can be applied to some source.
const good = "--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// packed returns a text as a program compresses it.
func packed(t testing.TB, program, text string) string {
	t.Helper()
	cmd := exec.Command(program)
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.Output()
	if err != nil {
		enginetest.Unavailable(t, "%s: %v", program, err)
	}
	return string(out)
}

// powershell returns an ASCII text in UTF-16 with a byte order mark, as PowerShell writes it.
func powershell(text string) string {
	var out bytes.Buffer
	out.WriteString("\xff\xfe")
	for _, c := range []byte(text) {
		out.Write([]byte{c, 0})
	}
	return out.String()
}

// TestPatchesAsPeopleBringThem reads one patch in many forms: each is the same patch.
func TestPatchesAsPeopleBringThem(t *testing.T) {
	dir := t.TempDir()
	dos := strings.ReplaceAll(good, "\n", "\r\n")
	for name, text := range map[string]string{
		"a.patch": good, "a.patch.gz": packed(t, "gzip", good), "a.patch.xz": packed(t, "xz", good), "a.patch.bz2": packed(t, "bzip2", good),
		"a.patch.zst": packed(t, "zstd", good), "packed without an ending": packed(t, "xz", good), "dos.patch": dos, "bom.patch": "\xef\xbb\xbf" + good,
		"powershell.patch": powershell(dos), "with a blank.patch": good, "two..dots.patch": good, "latin1-\xe9.patch": good, "../outside.patch": good,
	} {
		write(t, filepath.Join(dir, "patches", name), text)
		p, err := ReadPatches(filepath.Join(dir, "patches"), name)
		if err != nil || len(p) != 1 || p[0].SHA256 != trust.Hash([]byte(good)) || p[0].Name != filepath.Base(name) {
			t.Errorf("%q: %+v, %v", name, p, err)
		}
	}
}

func TestFoldersAndSeriesOfPatches(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"folder/0002-b.patch": good, "folder/0001-a.diff": good, "folder/0003-c.patch.xz": packed(t, "xz", good), "folder/README": "no patch",
		"quilt/series":  "\ufeff# first\n\nbugfix/z.patch -p1\na.patch # why\n",
		"quilt/a.patch": good, "quilt/bugfix/z.patch": good, "quilt/unused.patch": "no patch",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	for entry, want := range map[string]string{
		"folder": "0001-a.diff 0002-b.patch 0003-c.patch.xz", "folder/": "0001-a.diff 0002-b.patch 0003-c.patch.xz",
		"quilt": "z.patch a.patch", "quilt/series": "z.patch a.patch",
	} {
		list, err := ReadPatches(dir, entry)
		var got []string
		for _, p := range list {
			got = append(got, p.Name)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v; want %s", entry, got, err, want)
		}
	}
}

func TestBadPatchesAreNamed(t *testing.T) {
	dir := t.TempDir()
	truncated := packed(t, "xz", good)
	for name, c := range map[string]struct{ text, want string }{
		"empty.patch":       {"", "empty.patch: it is empty"},
		"nothing.patch":     {"Subject: [PATCH 0/2] cover letter\n", "it changes nothing"},
		"page.patch":        {"<!DOCTYPE html>\n<html>", "begins with \"<!DOCTYPE html>"},
		"truncated.xz":      {truncated[:len(truncated)-9], "decompress it (xz)"},
		"cut.patch":         {good[:len(good)-3], "cut off"},
		"outside.patch":     {"--- a/x\n+++ b/../../x\n@@ -1 +1 @@\n-a\n+b\n", "outside of the source"},
		"none/README":       {"x", "README"},
		"list/series":       {"# first\nmissing.patch\n", "series:2"},
		"nested/series":     {".\n", "series:1"},
		"archive.patch":     {strings.Repeat("a", 257) + "ustar\x00", "tar archive"},
		"empty-list/series": {"# none\n", "lists no patch"},
		"reverse/series":    {"a.patch -R\n", "series:1"},
	} {
		write(t, filepath.Join(dir, name), c.text)
		entry := name
		if base := filepath.Base(name); base == "series" || base == "README" {
			entry = filepath.Dir(name)
		}
		if name == "none/README" {
			c.want = "neither a file"
		}
		if _, err := ReadPatches(dir, entry); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), entry) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.patch"), 0o600); err != nil {
		t.Fatal(err)
	}
	for entry, want := range map[string]string{"/dev/zero": "expected a file", "pipe.patch": "expected a file", "": "expected the name", " ": "expected the name", "*.patch": "no pattern is expanded"} {
		if _, err := ReadPatches(dir, entry); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", entry, err, want)
		}
	}
	if _, err := ReadPatches(dir, "https://example.com/x.patch"); err == nil || !strings.Contains(err.Error(), "download it") {
		t.Errorf("a URL: %v", err)
	}
}

func TestSamePatchTwice(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.patch"), good)
	write(t, filepath.Join(dir, "b.patch"), strings.ReplaceAll(good, "\n", "\r\n"))
	write(t, filepath.Join(dir, "c.patch"), strings.ReplaceAll(good, "x.c", "y.c"))
	list, err := ReadPatches(dir, "a.patch")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"b.patch": "b.patch has the same changes as " + filepath.Join(dir, "a.patch"), "c.patch": ""} {
		more, err := ReadPatches(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		got := CheckTwice(append(list, more...))
		if (got == nil) != (want == "") || got != nil && !strings.Contains(got.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, got, want)
		}
	}
}
