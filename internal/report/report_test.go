package report

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestResultAsTextAndJSON(t *testing.T) {
	result := map[string]int{"size": 7}
	for format, want := range map[string]string{"": "seven\n", "json": "{\"size\":7}\n"} {
		var out bytes.Buffer
		if err := New(&out, &out, format).Result(result, "seven"); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("format %q: got %q, want %q", format, out.String(), want)
		}
	}
}

func TestLogsAreRedacted(t *testing.T) {
	var out, log bytes.Buffer
	c := New(&out, &log, "")
	c.AddSecret("t3st-p@ssword")
	c.AddSecret(`qu"ote\d-1`)
	c.Logf("login with %s and %q", "t3st-p@ssword", `qu"ote\d-1`)
	w := c.Lines("engine: ")
	w.Write([]byte("the password is t3st-p@"))
	w.Write([]byte("ssword\nno end: t3st-p@ssword"))
	w.Close()
	if strings.Contains(log.String(), "@ssword") || strings.Contains(log.String(), "ote") || strings.Count(log.String(), redacted) != 4 {
		t.Errorf("not redacted: %s", &log)
	}
}

// TestSecretsAlterNothing prints the same with secrets that are words, parts of words, parts of a
// digest and JSON.
func TestSecretsAlterNothing(t *testing.T) {
	print := func(secret, format string) string {
		var out bytes.Buffer
		c := New(&out, &out, format)
		c.AddSecret(secret)
		c.Logf("ok: pushed registry.example.com/me/site:latest as sha256:3c79a6 verified")
		if err := c.Result(map[string]string{"digest": "sha256:3c79a6", "t3st-p@ssword": "t3st-p@ssword"}, "site@sha256:3c79a6 t3st-p@ssword"); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	for _, format := range []string{"", "json"} {
		want := print("", format)
		for _, secret := range []string{"a", "ok", "3c", "79a", "latest", "verified", `"`, ":", "e", "me", "digest", "sha256", "\\", " ", "registry", "t3st-p@ssword"} {
			if got := print(secret, format); got != want {
				t.Errorf("secret %q: got %s, want %s", secret, got, want)
			}
		}
	}
}

func TestPasswordsOfURLs(t *testing.T) {
	c := New(io.Discard, io.Discard, "")
	for text, want := range map[string]string{
		"get https://me:a@host/x: refused":        "get https://***@host/x: refused",
		"proxy http://u:p@ss@10.0.0.1:3128 fails": "proxy http://***@10.0.0.1:3128 fails",
		`parse "https://tok3n@host/"`:             `parse "https://***@host/"`,
		"at tcp://me:ok@host:2375 (DOCKER_HOST)":  "at tcp://me:***@host:2375 (DOCKER_HOST)",
		"at ssh://me@host":                        "at ssh://me@host",
		"me/site@sha256:00":                       "me/site@sha256:00",
		"https://host/me/site@sha256:00":          "https://host/me/site@sha256:00",
		"mail me@example.com, see https://x/":     "mail me@example.com, see https://x/",
	} {
		if got := c.Redact(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestProgressInAPipe(t *testing.T) {
	var err bytes.Buffer
	c := New(&err, &err, "")
	clock := time.Unix(0, 0)
	c.now = func() time.Time { return clock }
	p := c.Progress("kernel micro")
	for i := range int64(61) {
		p.Set(i, 120, "sched.o")
		clock = clock.Add(time.Second)
	}
	p.End("built")
	want := `kernel micro ...
kernel micro  12 % (15/120), 1m45s left  sched.o
kernel micro  25 % (30/120), 1m30s left  sched.o
kernel micro  37 % (45/120), 1m15s left  sched.o
kernel micro  50 % (60/120), 1m00s left  sched.o
kernel micro: built (1m01s)
`
	if err.String() != want {
		t.Errorf("got:\n%swant:\n%s", err.String(), want)
	}
}

func TestDocumentIsReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "doc.json")
	var got map[string]string
	if err := Read(path, &got); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("missing document: %v", err)
	}
	if err := Write(path, map[string]string{"schema": "kiln/test/v1"}); err != nil {
		t.Fatal(err)
	}
	if err := Read(path, &got); err != nil || got["schema"] != "kiln/test/v1" {
		t.Errorf("read back %v, %v", got, err)
	}
}

func TestGitHubActions(t *testing.T) {
	var out bytes.Buffer
	c := New(&out, &out, "")
	annotation := Annotation{Level: "error", File: "kernel/pid.c", Line: 42, Title: "micro: gcc", Text: "100 %\nwrong"}
	c.Annotate(annotation)
	c.Fold("log", "a line\n")
	if out.Len() > 0 {
		t.Errorf("elsewhere it prints %q", out.String())
	}
	c.UseGitHubActions()
	c.Annotate(annotation)
	c.Fold("log", "a line\n")
	want := "::error file=kernel/pid.c,line=42,title=micro%3A gcc::100 %25%0Awrong\n::group::log\na line\n::endgroup::\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestSummaryIsATableOfArtefactsAndSteps(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary.md")
	c := New(io.Discard, io.Discard, "")
	if err := c.WriteSummary(path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was written without an outcome")
	}
	c.AddSecret("s3cret-password")
	c.RecordOutcome("micro-amd64", "build", "built in 2m")
	c.RecordOutcome("micro-arm64", "build", "failed: a|b\nwith s3cret-password")
	c.RecordOutcome("micro-amd64", "boot", "booted in 1.2 s")
	if err := c.WriteSummary(path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	const want = `
| | build | boot |
| --- | --- | --- |
| micro-amd64 | built in 2m | booted in 1.2 s |
| micro-arm64 | failed: a\|b<br>with *** |  |
`
	if err != nil || string(got) != want {
		t.Errorf("%v: got\n%s\nwant\n%s", err, got, want)
	}
}

func TestShareOfAnExceededTotalIsNotShown(t *testing.T) {
	for _, c := range []struct {
		done, total int64
		want        string
	}{{0, 0, "10.0s so far"}, {80, 71, "80, 10.0s so far"}, {50, 100, " 50 % (50/100), 10.0s left"}, {1, 100, "  1 % (1/100)"}, {5, 100, "  5 % (5/100), 3m10s left"}} {
		if got := share(c.done, c.total, 10*time.Second); got != c.want {
			t.Errorf("share(%d, %d) = %q, want %q", c.done, c.total, got, c.want)
		}
	}
}
