package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
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

func TestSecretsAreRedactedEverywhere(t *testing.T) {
	var out, err bytes.Buffer
	c := New(&out, &err, "json")
	c.AddSecret("hunter2")
	c.Logf("login with %s", "hunter2")
	w := c.Lines("engine: ")
	w.Write([]byte("the password is hun"))
	w.Write([]byte("ter2\nno end: hunter2"))
	w.Close()
	if e := c.Result(map[string]string{"password": "hunter2"}, ""); e != nil {
		t.Fatal(e)
	}
	if all := out.String() + err.String(); strings.Contains(all, "hunter2") || strings.Count(all, "***") != 4 {
		t.Errorf("not redacted: %s", all)
	}
}

// TestSecretsOfAllKinds prints secrets that are changed by quoting, and those that occur in the
// syntax of JSON.
func TestSecretsOfAllKinds(t *testing.T) {
	for _, secret := range []string{`pa"ss\word`, "p<a>&ss", "пароль\tx", "pass word/+%", "trailing\n", `"`, "e", ":", "name", `\`} {
		var out, log bytes.Buffer
		c := New(&out, &log, "json")
		c.AddSecret(secret)
		result := map[string]any{"name": "with " + secret, "list": []string{secret}, "n": 1, secret: 2}
		if err := c.Result(result, ""); err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Errorf("secret %q: %v: %s", secret, err, &out)
		} else if text := fmt.Sprint(got["name"], got["list"]); strings.Contains(text, strings.TrimSpace(secret)) {
			t.Errorf("secret %q: not redacted: %s", secret, &out)
		}
		c.Logf("%q %s https://me:%s@host/?p=%s", secret, secret, url.PathEscape(secret), url.QueryEscape(secret))
		if len(secret) > 1 && strings.Count(log.String(), redacted) != 4 {
			t.Errorf("secret %q: not redacted: %s", secret, &log)
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
	c.AddSecret("s3cret")
	c.RecordOutcome("micro-amd64", "build", "built in 2m")
	c.RecordOutcome("micro-arm64", "build", "failed: a|b\nwith s3cret")
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
