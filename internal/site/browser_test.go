package site_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"

	"github.com/romanatrashyonok/kiln/internal/site/bundle"
	"github.com/romanatrashyonok/kiln/internal/site/catalog"
	"github.com/romanatrashyonok/kiln/internal/site/sitetest"
)

// TestKernelPagesInABrowser serves the pages of none, one and a hundred kernels with the
// real image and opens them in Chromium: at a phone's and a desktop's width, dark and
// light, and without scripts. The browser must report nothing, and axe-core nothing
// serious. The screenshots are kept with go test -artifacts.
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
					p.screenshot(t, fmt.Sprintf("kernels-%d-%d-%s.png", n, width, scheme))
					p.audit(t, auditor)
					p.checkQuiet(t)
				}
			}
			p := newPage(t, browser)
			p.run(command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
			p.open(at+"/kernels/", 1280, "light")
			if text := p.text(); n > 0 && !strings.Contains(text, kernels[0].Version) || !strings.Contains(text, "ernels") {
				t.Errorf("without scripts the page has %.300q", text)
			}
			p.checkQuiet(t)
			for _, k := range kernels {
				for _, f := range k.Files {
					if got := sumAt(t, at+"/kernels/"+f.Path); f.Path != "" && got != f.SHA256 {
						t.Errorf("%s: the download has the sha256 %s, the page lists %s", f.Path, got, f.SHA256)
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
			if path != "/not-there" { // whose 404 the browser itself reports
				p.checkQuiet(t)
			}
		}
	}
}

// published returns n kernels with files to download.
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

// serveKernels serves the shipped site with the pages of kernels, and returns its address.
func serveKernels(t *testing.T, kernels []catalog.Kernel) string {
	t.Helper()
	pages, err := catalog.Render(kernels)
	if err != nil {
		t.Fatal(err)
	}
	var generated []bundle.File
	for _, p := range pages {
		generated = append(generated, bundle.File{Name: "kernels/" + p.Name, Body: p.Body})
	}
	for i, k := range kernels {
		generated = append(generated, bundle.File{Name: "kernels/" + k.Files[0].Path, Body: []byte(fmt.Sprintf("kernel %d", i))})
	}
	s := sitetest.Open(t, "browser", sitetest.NoRegistry)
	return sitetest.Offer(t, sitetest.Serve(t, sitetest.Read(t, s, generated...)))
}

// sumAt returns the sha256 of what is downloaded from a URL, in hex.
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
