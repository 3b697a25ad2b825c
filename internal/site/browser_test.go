package site

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/site/catalog"
)

// axe is the release of axe-core that audits the pages.
const axe = "axe-core@4.10.3"

// TestKernelPagesInABrowser serves the pages of none, one and a hundred kernels by the
// real image and looks at them in Chromium: at a phone's and a desktop's width, dark and
// light, and without scripts. Nothing is to be said on the console, and axe-core is to
// find nothing serious. The screenshots are kept: go test -artifacts.
func TestKernelPagesInABrowser(t *testing.T) {
	browser, auditor := chromium(t), auditor(t)
	for _, n := range []int{0, 1, 100} {
		t.Run(fmt.Sprintf("%d kernels", n), func(t *testing.T) {
			kernels := published(n)
			at := serveKernels(t, kernels)
			for _, width := range []int64{390, 1280} {
				for _, scheme := range []string{"light", "dark"} {
					p := newPage(t, browser)
					p.open(at+"/kernels/", width, scheme)
					p.shot(t, fmt.Sprintf("kernels-%d-%d-%s.png", n, width, scheme))
					p.audit(t, auditor)
					p.quiet(t)
				}
			}
			p := newPage(t, browser)
			p.run(command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
			p.open(at+"/kernels/", 1280, "light")
			if text := p.text(); n > 0 && !strings.Contains(text, kernels[0].Version) || !strings.Contains(text, "ernels") {
				t.Errorf("without scripts the page says %.300q", text)
			}
			p.quiet(t)
			for _, k := range kernels {
				for _, f := range k.Files {
					if got := sumAt(t, at+"/kernels/"+f.Path); f.Path != "" && got != f.SHA256 {
						t.Errorf("%s: the download has the sha256 %s, the page says %s", f.Path, got, f.SHA256)
					}
				}
			}
		})
	}
}

// TestShippedPagesInABrowser audits the pages that Kiln ships.
func TestShippedPagesInABrowser(t *testing.T) {
	browser, auditor := chromium(t), auditor(t)
	at := serveKernels(t, nil)
	for _, path := range []string{"/", "/how.html", "/not-there"} {
		for _, scheme := range []string{"light", "dark"} {
			p := newPage(t, browser)
			p.open(at+path, 390, scheme)
			p.audit(t, auditor)
			if path != "/not-there" { // which the browser itself says is not there
				p.quiet(t)
			}
		}
	}
}

// published makes so many kernels, with files to download.
func published(n int) (list []catalog.Kernel) {
	for i := range n {
		body := []byte(fmt.Sprintf("kernel %d", i))
		f := catalog.File{Name: "bzImage", SHA256: fmt.Sprintf("%x", sha256.Sum256(body)), Size: int64(len(body))}
		k := catalog.Kernel{
			Name: fmt.Sprintf("team%d", i/20), Version: fmt.Sprintf("6.12.%d", 100+i%20), Arch: []string{"amd64", "arm64"}[i%2],
			Status:  catalog.Status{Word: []string{catalog.Current, catalog.Behind, catalog.Ending, catalog.Over, catalog.Unknown}[i%5]},
			Boot:    catalog.Boot{Verdict: []string{"booted", "panic", ""}[i%3], Seconds: 0.5, How: "QEMU 10.0.2, kvm"},
			Rebuild: catalog.Rebuild{Tried: i%2 == 0, Same: i%4 == 0}, Signature: "verified", Signer: "Greg Kroah-Hartman",
			Source: "kernel.org", Plan: strings.Repeat("ab", 32), Warnings: i % 3, Image: f, Seconds: 300 + float64(i),
			Built: time.Date(2026, 11, 1+i%20, 9, 0, 0, 0, time.UTC),
		}
		f.Path = k.ID() + "/bzImage"
		k.Files = []catalog.File{f}
		list = append(list, k)
	}
	return list
}

// serveKernels serves the shipped site with the pages of kernels and gives its address.
func serveKernels(t *testing.T, kernels []catalog.Kernel) string {
	t.Helper()
	pages, err := catalog.Render(kernels)
	if err != nil {
		t.Fatal(err)
	}
	var made []File
	for _, p := range pages {
		made = append(made, File{Name: "kernels/" + p.Name, Body: p.Body})
	}
	for i, k := range kernels {
		made = append(made, File{Name: "kernels/" + k.Files[0].Path, Body: []byte(fmt.Sprintf("kernel %d", i))})
	}
	s := shopFor(t, "browser", "registry.invalid")
	bundle, err := s.Settings.ReadBundle(s.Dir, made...)
	if err != nil {
		t.Fatal(err)
	}
	s.Bundle = bundle.WithTimes(s.Commit)
	return serve(t, s)
}

// serve builds a shop's image, runs it until the test ends, and gives its address.
func serve(t testing.TB, s Site) string {
	t.Helper()
	_, at := serveBox(t, s)
	return at
}

// serveBox is serve that gives the container too.
func serveBox(t testing.TB, s Site) (*engine.Container, string) {
	t.Helper()
	image, err := s.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctr, err := s.Engine.Run(t.Context(), production(image.ID, s.Bundle, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ctr.Remove() })
	at, err := s.await(t.Context(), ctr)
	if err != nil {
		t.Fatal(err)
	}
	return ctr, at.String()
}

func sumAt(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, response.Body); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// chromium starts a browser until the test ends. Without one the test is skipped for a
// person and fails in CI.
func chromium(t *testing.T) context.Context {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		enginetest.Unavailable(t, "it needs what go tool mage test installs: %v", err)
	}
	ctx, end := chromedp.NewContext(t.Context(), chromedp.WithAllocatorOptions(chromedp.ExecPath("chromium"), chromedp.NoSandbox))
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// auditor gives the text of axe-core, by npm, which checks it; kept between runs.
func auditor(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(cache, "kiln", axe+".js")
	if text, err := os.ReadFile(kept); err == nil {
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
	if err := os.WriteFile(kept, text, 0o644); err != nil {
		t.Logf("axe-core is not kept: %v", err)
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

// page is a tab of the browser, and what was said in it.
type page struct {
	t   *testing.T
	ctx context.Context

	mu   sync.Mutex
	said []string
}

func newPage(t *testing.T, browser context.Context) *page {
	t.Helper()
	p := &page{t: t}
	ctx, end := chromedp.NewContext(browser, chromedp.WithListener(p.hear))
	t.Cleanup(end)
	p.ctx = ctx
	p.run(command(log.Enable, cdp.Empty{}), command(runtime.Enable, cdp.Empty{}), command(network.Enable, network.EnableParams{}))
	return p
}

// command makes an action of a command of the protocol.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// hear takes down what the browser says of the page.
func (p *page) hear(event any) {
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
	p.said = append(p.said, fmt.Sprintf(format, args...))
}

// quiet wants that nothing was said.
func (p *page) quiet(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.said) > 0 {
		t.Errorf("the browser says:\n%s", strings.Join(p.said, "\n"))
	}
}

func (p *page) run(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// answer runs an action that gives something.
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

// shot keeps a screenshot of the whole page, and wants that it is no wider than the window.
func (p *page) shot(t *testing.T, name string) {
	t.Helper()
	if answer(p, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > window.innerWidth`)) {
		t.Errorf("%s: the page is wider than the window", name)
	}
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name), answer(p, chromedp.FullScreenshot(100)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// audit has axe-core look at the page.
func (p *page) audit(t *testing.T, axe string) {
	t.Helper()
	const ask = `axe.run().then(r => JSON.stringify(r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help, at: v.nodes.map(n => n.target.join(" ")).slice(0, 5)}))))`
	answer(p, chromedp.Evaluate[int](axe+";0"))
	found := answer(p, chromedp.Evaluate[string](ask, chromedp.EvalAwaitPromise))
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
