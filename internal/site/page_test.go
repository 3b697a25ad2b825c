package site_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
)

// axe is the release of axe-core that audits the pages.
const axe = "axe-core@4.10.3"

// chromium starts a browser, which ends with the test. Without one the test is skipped, and
// fails in CI.
func chromium(t *testing.T) context.Context {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		enginetest.Unavailable(t, "chromium is not installed (go tool mage test installs it): %v", err)
	}
	ctx, end := chromedp.NewContext(t.Context(), chromedp.WithAllocatorOptions(chromedp.ExecPath("chromium"), chromedp.NoSandbox))
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// auditor returns the text of axe-core, from npm, which verifies it; cached between runs.
func auditor(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	cached := filepath.Join(cache, "kiln", axe+".js")
	if text, err := os.ReadFile(cached); err == nil {
		return string(text)
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "npm", "pack", "--silent", axe)
	cmd.Dir = dir
	name, err := cmd.Output()
	if err != nil {
		enginetest.Unavailable(t, "npm pack %s: %v", axe, err)
	}
	text := inPackage(t, filepath.Join(dir, strings.TrimSpace(string(name))), "package/axe.min.js")
	if err := os.WriteFile(cached, text, 0o644); err != nil {
		t.Logf("axe-core is not cached: %v", err)
	}
	return string(text)
}

// inPackage reads a file of an npm package.
func inPackage(t *testing.T, file, name string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for in := tar.NewReader(unpacked); ; {
		head, err := in.Next()
		if err != nil {
			t.Fatalf("%s has no %s: %v", file, name, err)
		}
		if head.Name == name {
			text, err := io.ReadAll(in)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
	}
}

// page is a tab of the browser, with the messages that it reported.
type page struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	messages []string
}

func newPage(t *testing.T, browser context.Context) *page {
	t.Helper()
	p := &page{t: t}
	ctx, end := chromedp.NewContext(browser, chromedp.WithListener(p.listen))
	t.Cleanup(end)
	p.ctx = ctx
	p.run(command(log.Enable, cdp.Empty{}), command(runtime.Enable, cdp.Empty{}), command(network.Enable, network.EnableParams{}))
	return p
}

// command turns a command of the protocol into an action.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// listen records what the browser reports of the page.
func (p *page) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		p.note("console %s", e.Type)
	case *runtime.EventExceptionThrown:
		p.note("exception: %s", e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		p.note("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL)
	case *network.EventLoadingFailed:
		p.note("not loaded: %s", e.ErrorText)
	}
}

func (p *page) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages = append(p.messages, fmt.Sprintf(format, args...))
}

// checkQuiet fails the test if the browser reported anything.
func (p *page) checkQuiet(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.messages) > 0 {
		t.Errorf("the browser reports:\n%s", strings.Join(p.messages, "\n"))
	}
}

func (p *page) run(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// answer runs an action and returns its result.
func answer[T any](p *page, action chromedp.Action[T]) T {
	p.t.Helper()
	got, err := chromedp.Run(p.ctx, action)
	if err != nil {
		p.t.Fatal(err)
	}
	return got
}

func (p *page) open(url string, width int64, scheme string) {
	p.t.Helper()
	p.run(
		chromedp.EmulateViewport(width, 844),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}),
		chromedp.Navigate(url),
	)
}

func (p *page) text() string {
	p.t.Helper()
	return answer(p, chromedp.OuterHTML(chromedp.CSS("html")))
}

// screenshot keeps a picture of the whole page. A page wider than the window fails the test.
func (p *page) screenshot(t *testing.T, name string) {
	t.Helper()
	if answer(p, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > window.innerWidth`)) {
		t.Errorf("%s: the page is wider than the window", name)
	}
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name), answer(p, chromedp.FullScreenshot(100)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// audit runs axe-core on the page. Serious and critical violations fail the test.
func (p *page) audit(t *testing.T, axe string) {
	t.Helper()
	const script = `axe.run().then(r => JSON.stringify(r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help, at: v.nodes.map(n => n.target.join(" ")).slice(0, 5)}))))`
	answer(p, chromedp.Evaluate[int](axe+";0"))
	found := answer(p, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	var violations []struct {
		ID, Impact, Help string
		At               []string
	}
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		if v.Impact == "serious" || v.Impact == "critical" {
			t.Errorf("axe-core: %s (%s): %s: %s", v.ID, v.Impact, v.Help, strings.Join(v.At, "; "))
		} else {
			t.Logf("axe-core: %s (%s): %s: %s", v.ID, v.Impact, v.Help, strings.Join(v.At, "; "))
		}
	}
}
