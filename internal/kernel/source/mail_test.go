package source

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime/quotedprintable"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/unidiff"
)

// changed is a patch with the signs that an encoding changes.
const changed = "---\n x.c | 2 +-\n\n--- a/x.c\n+++ b/x.c\n@@ -1,4 +1,4 @@\n /* caf\u00e9 \u2192 x */\n \n-int a = 1; /* =3D */\n+int a = 2; /* a line that is so long that every encoding of a mail has to break it somewhere */\n \tend\n-- \n2.47\n"

// quoted returns a text in quoted-printable, with the line ends of a mail.
func quoted(t testing.TB, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := quotedprintable.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// base64Lines returns a text in base64, in lines of 76 characters.
func base64Lines(text string) (out string) {
	all := base64.StdEncoding.EncodeToString([]byte(text))
	for len(all) > 76 {
		out, all = out+all[:76]+"\n", all[76:]
	}
	return out + all + "\n"
}

// mailOf returns a mail.
func mailOf(kind, encoding, body string) string {
	return fmt.Sprintf("Return-Path: <a@example.test>\nFrom: =?UTF-8?q?Ren=C3=A9?= <a@example.test>\nSubject: [PATCH] change\n x\nContent-Type: %s\nContent-Transfer-Encoding: %s\n\n%s", kind, encoding, body)
}

const envelopeLine = "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n"

// TestMails reads a patch in the forms in which mail programs save it: each has the same lines.
func TestMails(t *testing.T) {
	dir := t.TempDir()
	crlf := func(text string) string {
		return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	}
	plain := "text/plain; charset=UTF-8"
	parts := "--b\nContent-Type: text/plain\n\nHello,\nhere it is.\n--b\nContent-Type: text/html\n\n<p>@@ -1 +1 @@</p>\n" +
		"--b\nContent-Type: text/x-patch; name=a.patch\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n" + base64Lines(changed) + "--b--\n"
	flowed := strings.ReplaceAll(strings.ReplaceAll(changed, "\n ", "\n  "), "so long that", "so long \nthat")
	for name, text := range map[string]string{
		"8bit":                    envelopeLine + mailOf(plain, "8bit", changed),
		"quoted-printable":        mailOf(plain, "quoted-printable", quoted(t, changed)),
		"quoted-printable, CRLF":  crlf(envelopeLine + mailOf(plain, "Quoted-Printable", quoted(t, changed))),
		"quoted CR LF":            mailOf(plain, "quoted-printable", quoted(t, crlf(changed))),
		"base64":                  envelopeLine + mailOf(plain, "base64", base64Lines(changed)),
		"base64 of CRLF, in CRLF": crlf(mailOf(plain, "BASE64", base64Lines(crlf(changed)))),
		"attachment":              mailOf("multipart/mixed; boundary=b", "7bit", parts),
		"attachment, CRLF":        crlf(mailOf("multipart/mixed; boundary=\"b\"", "7bit", parts)),
		"flowed":                  mailOf(plain+"; format=flowed", "8bit", flowed),
		"flowed, quoted":          mailOf(plain+"; format=flowed", "quoted-printable", quoted(t, flowed)),
		"decoded when saved":      mailOf(plain, "quoted-printable", changed),
	} {
		write(t, filepath.Join(dir, "a.patch"), text)
		got, diff, err := readPatch(filepath.Join(dir, "a.patch"))
		if err != nil || len(diff.Files) != 1 {
			t.Errorf("%s: %+v, %v", name, diff, err)
			continue
		}
		if _, body, _ := strings.Cut(string(got), "--- a/x.c"); body != changed[strings.Index(changed, "--- a/x.c")+len("--- a/x.c"):] {
			t.Errorf("%s: got\n%s", name, got)
		}
	}
}

// TestMailboxOfEncodedMails has a cover letter and mails of different encodings.
func TestMailboxOfEncodedMails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.mbox")
	other := strings.ReplaceAll(changed, "x.c", "y.c")
	third := strings.ReplaceAll(changed, "x.c", "z.c")
	write(t, path, envelopeLine+mailOf("text/plain", "quoted-printable", "Cover =3D letter\nFrom here on it changes.\n")+"\n"+
		envelopeLine+mailOf("text/plain", "quoted-printable", quoted(t, changed))+"\n"+
		envelopeLine+mailOf("text/plain", "base64", base64Lines(other))+"\n"+envelopeLine+mailOf("text/plain", "8bit", third))
	text, diff, err := readPatch(path)
	if err != nil || len(diff.Files) != 3 {
		t.Fatalf("%+v, %v", diff, err)
	}
	for i, name := range []string{"b/x.c", "b/y.c", "b/z.c"} {
		if diff.Files[i].New != name {
			t.Errorf("%d: got %+v", i, diff.Files[i])
		}
	}
	if n := strings.Count(string(text), "+int a = 2; /* a line"); n != 3 {
		t.Errorf("%d of 3 lines in\n%s", n, text)
	}
}

func TestMailThatCannotBeDecoded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.patch")
	for text, want := range map[string]string{
		mailOf("text/plain", "x-uuencode", "begin 644 x\n"):                                                                 `decode its Content-Transfer-Encoding: expected quoted-printable, base64 or 8bit, got "x-uuencode"`,
		mailOf("text/plain", "base64", "%%%%"):                                                                              "decode its Content-Transfer-Encoding: illegal base64",
		mailOf("multipart/mixed; boundary=b", "7bit", "--b\nContent-Type: text/plain\n\nHello"):                             "read the parts of the mail",
		envelopeLine + mailOf("text/plain", "8bit", changed) + "\n" + envelopeLine + mailOf("text/plain", "base64", "%%%%"): "mail 2 of 2: decode",
	} {
		write(t, path, text)
		if _, _, err := readPatch(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// FuzzDecodeMails checks that a patch that nobody mailed stays as it is.
func FuzzDecodeMails(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(envelopeLine + mailOf("text/plain", "quoted-printable", quoted(f, changed))))
	f.Add([]byte(envelopeLine + mailOf("multipart/mixed; boundary=b", "7bit", "--b\nContent-Transfer-Encoding: base64\n\n"+base64Lines(changed)+"--b--\n")))
	f.Add([]byte(mailOf("text/plain; format=flowed", "8bit", changed)))
	f.Fuzz(func(t *testing.T, text []byte) {
		out, err := decodeMails(text)
		if err == nil && bytes.HasPrefix(text, []byte("--- ")) && !envelope.Match(text) && !bytes.Equal(out, text) {
			t.Errorf("%q became %q", text, out)
		}
		if err == nil {
			unidiff.Parse(string(out))
		}
	})
}
