package catalog

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// many returns kernels of several names, architectures and versions.
func many(names, versions int) (list []Kernel) {
	for n := range names {
		for _, arch := range []string{"amd64", "arm64"} {
			for v := range versions {
				k := Kernel{
					Name: fmt.Sprintf("kernel%d", n), Version: fmt.Sprintf("6.12.%d", 100+v), Arch: arch,
					Status: Status{Word: Behind, Text: fmt.Sprintf("By %d point releases.", versions-v-1)},
					Boot:   Boot{Verdict: "booted", Seconds: 0.4, How: "QEMU 10.0.2, tcg"}, Rebuild: Rebuild{Tried: v == 0, Same: true},
					Signature: "verified", Signer: "Greg Kroah-Hartman", Source: "kernel.org", Plan: strings.Repeat("ab", 32), Warnings: v,
					Image: File{Name: "Image", SHA256: fmt.Sprintf("%064x", n*1000+v), Size: 6<<20 + int64(v)<<10}, Seconds: 330 + float64(v),
					Built: time.Date(2026, 11, 1+v, 9, 0, 0, 0, time.UTC),
				}
				if v == versions-1 {
					k.Status = Status{Word: Current, Text: "longterm, until 2028-12-31."}
				}
				k.Files = []File{k.Image, {Name: "config", SHA256: strings.Repeat("0c", 32), Size: 40960}}
				list = append(list, k)
			}
		}
	}
	return list
}

func rendered(t *testing.T, kernels []Kernel) map[string]string {
	t.Helper()
	pages, err := Render(kernels)
	if err != nil {
		t.Fatal(err)
	}
	text := map[string]string{}
	for _, p := range pages {
		text[p.Name] = string(p.Body)
	}
	return text
}

var (
	idOf   = regexp.MustCompile(` id="([^"]*)"`)
	linkOf = regexp.MustCompile(`(?:href="#|aria-labelledby=")([^"]*)"`)
)

// TestPageIsConsistent renders none, one and a hundred kernels: each id is unique, and what
// a link or a label refers to exists.
func TestPageIsConsistent(t *testing.T) {
	main := many(1, 2)
	for i := range main {
		main[i].Name = "main"
	}
	for _, kernels := range [][]Kernel{nil, many(1, 1)[:1], main, many(5, 10)} {
		page := rendered(t, kernels)["index.html"]
		ids := map[string]bool{}
		for _, m := range idOf.FindAllStringSubmatch(page, -1) {
			if ids[m[1]] {
				t.Errorf("%d kernels: two elements have the id %q", len(kernels), m[1])
			}
			ids[m[1]] = true
		}
		for _, m := range linkOf.FindAllStringSubmatch(page, -1) {
			for id := range strings.FieldsSeq(m[1]) {
				if !ids[id] {
					t.Errorf("%d kernels: no element has the id %q", len(kernels), id)
				}
			}
		}
		for _, k := range kernels {
			if !ids[k.ID()] || !strings.Contains(page, k.Image.SHA256) {
				t.Errorf("%s is not on the page", k.ID())
			}
		}
		if style := regexp.MustCompile(`<style| style=|<script| on\w+=`).FindString(page); style != "" {
			t.Errorf("the Content-Security-Policy of the site forbids %q", style)
		}
	}
}

// TestOrderDoesNotMatter renders the same kernels in a different order to the same bytes.
func TestOrderDoesNotMatter(t *testing.T) {
	kernels := many(3, 4)
	one := rendered(t, kernels)
	slices.Reverse(kernels)
	for name, text := range rendered(t, kernels) {
		if text != one[name] {
			t.Errorf("%s differs", name)
		}
	}
}

// TestPageContent looks for what a visitor needs to know.
func TestPageContent(t *testing.T) {
	kernels := many(1, 3)
	kernels[0].Boot = Boot{Verdict: "panic"}
	kernels[1].Signature, kernels[1].Rebuild = "none", Rebuild{Tried: true}
	kernels[2].Files[1].Path = "kernel0-6.12.102-amd64/config"
	kernels[2].Signer = `<b>"Mallory"</b>`
	page := rendered(t, kernels)["index.html"]
	for _, want := range []string{
		"<strong>6</strong> published", "<strong>5</strong> booted", "<strong>5</strong> from a verified source", "<strong>4</strong> need attention",
		`<li class="bad">panic</li>`, `<li class="bad">not reproducible</li>`, `<li class="good">booted in 0.40s</li>`, "not signed",
		`<a href="kernel0-6.12.102-amd64/config" download>config</a>`, "&lt;b&gt;&#34;Mallory&#34;&lt;/b&gt;", "&#43;1.0 KiB",
		"6.12.100: 6.0 MiB; 6.12.101: 6.0 MiB; 6.12.102: 6.0 MiB",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if empty := rendered(t, nil)["index.html"]; !strings.Contains(empty, "No kernel is published here yet") {
		t.Error("the empty page does not state that it is empty")
	}
}

// TestFeedAndList parses both as programs do.
func TestFeedAndList(t *testing.T) {
	kernels := many(5, 10)
	text := rendered(t, kernels)
	var feed atomFeed
	if err := xml.Unmarshal([]byte(text["feed.atom"]), &feed); err != nil {
		t.Fatal(err)
	}
	if len(feed.Entries) != feedLength || feed.Updated != "2026-11-10T09:00:00Z" || feed.Entries[0].Updated != feed.Updated {
		t.Errorf("the feed has %d entries, updated %s", len(feed.Entries), feed.Updated)
	}
	var list struct {
		Schema  string
		Kernels []Kernel
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text["kernels.json"])))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&list); err != nil || list.Schema != Schema || len(list.Kernels) != len(kernels) {
		t.Errorf("%d kernels of schema %q, %v", len(list.Kernels), list.Schema, err)
	}
}

var (
	headerOf = regexp.MustCompile(`(?s)<header.*</header>`)
	varying  = regexp.MustCompile(` aria-current="page"|src="[^"]*"`)
)

// TestAllPagesHaveTheSameHeader compares the catalog's header with those of the shipped
// pages, apart from the current page and the icon's address.
func TestAllPagesHaveTheSameHeader(t *testing.T) {
	header := func(page string) string { return varying.ReplaceAllString(headerOf.FindString(page), "") }
	want := header(rendered(t, nil)["index.html"])
	pages, err := filepath.Glob("../../../site/content/*.html")
	if err != nil || len(pages) < 3 || !strings.Contains(want, "<nav") {
		t.Fatalf("pages %q, header %q, %v", pages, want, err)
	}
	for _, path := range pages {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := header(string(text)); got != want {
			t.Errorf("%s: header %s\nwant %s", path, got, want)
		}
	}
}
