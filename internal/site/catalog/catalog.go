// Package catalog renders the pages on which a team publishes its kernels: HTML without
// scripts, an Atom feed, and kernels.json. It does not know how kernels are built: the
// caller fills in the values.
//
//	[]Kernel -> Render -> []Page
package catalog

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/report"
)

// Schema names the format of kernels.json.
const Schema = "kiln/kernels/v1"

// Kernel is one build of a kernel as it is published.
type Kernel struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Arch    string `json:"arch"`

	Status    Status  `json:"standing"`
	Boot      Boot    `json:"boot"`
	Rebuild   Rebuild `json:"twice"`
	Signature string  `json:"signature"` // status of the source's: "verified", "none", ...
	Signer    string  `json:"signer"`
	Source    string  `json:"source"` // provider of the source
	Plan      string  `json:"plan"`   // sha256
	Warnings  int     `json:"warnings"`

	Image   File      `json:"image"`   // the kernel itself
	Files   []File    `json:"files"`   // all artefacts, including the image
	Seconds float64   `json:"seconds"` // duration of the build
	Built   time.Time `json:"built"`
	// Change is the growth of the image in bytes since the build before; nil without one.
	Change *int64 `json:"change,omitempty"`
}

// The words for the status of a kernel.
const (
	Current = "current"
	Behind  = "behind"      // there are newer point releases
	Ending  = "ending"      // its line soon gets no more fixes
	Over    = "end of life" // its line gets no more fixes
	Unknown = "not tracked" // or the status is not known
)

// Status is the status of the kernel's line of releases.
type Status struct {
	Word string `json:"word"` // one of the words above
	Text string `json:"text"` // more about it; may be empty
}

// Boot is the result of booting the kernel.
type Boot struct {
	Verdict  string  `json:"verdict"`  // "booted", "panic", ...; "" where it was not booted
	Warnings int     `json:"warnings"` // errors that the kernel reported and survived
	Seconds  float64 `json:"seconds"`  // until the first program ran
	How      string  `json:"how"`      // the machine: "QEMU 10.0.2, tcg"
}

// Rebuild is the result of a second build: Same if its bytes are the same.
type Rebuild struct {
	Tried bool `json:"tried"`
	Same  bool `json:"same"`
}

// File is a file of a kernel.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // bytes
	// Path is the link for the download, relative to the page; "" where there is none.
	Path string `json:"path,omitempty"`
}

// Page is one rendered file of the site.
type Page struct {
	Name string // within the catalog's folder
	Body []byte
}

// ID identifies the kernel: NAME-VERSION-ARCH.
func (k Kernel) ID() string { return k.Name + "-" + k.Version + "-" + k.Arch }

//go:embed page.html kernels.css icon.svg
var texts embed.FS

var page = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"bytes": report.Bytes, "change": change, "seconds": seconds, "date": date, "class": class, "plural": plural,
}).ParseFS(texts, "page.html"))

// Render returns index.html, kernels.css, icon.svg, feed.atom and kernels.json. The same
// kernels, in any order, give the same bytes.
func Render(kernels []Kernel) ([]Page, error) {
	kernels = ordered(kernels)
	var html bytes.Buffer
	if err := page.Execute(&html, view{Kernels: kernels, Groups: groups(kernels), Counts: count(kernels)}); err != nil {
		return nil, fmt.Errorf("render the page of the kernels: %w", err)
	}
	style, err := texts.ReadFile("kernels.css")
	if err != nil {
		return nil, err
	}
	icon, err := texts.ReadFile("icon.svg")
	if err != nil {
		return nil, err
	}
	feed, err := atom(kernels)
	if err != nil {
		return nil, err
	}
	list, err := json.MarshalIndent(struct {
		Schema  string   `json:"schema"`
		Kernels []Kernel `json:"kernels"`
	}{Schema, kernels}, "", "  ")
	return []Page{
		{"index.html", html.Bytes()}, {"kernels.css", style}, {"icon.svg", icon}, {"feed.atom", feed}, {"kernels.json", append(list, '\n')},
	}, err
}

// ordered sorts by name, then by architecture, then by time, the newest build first, and
// fills in the growth of the images.
func ordered(kernels []Kernel) []Kernel {
	kernels = slices.Clone(kernels)
	slices.SortStableFunc(kernels, func(a, b Kernel) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Arch, b.Arch), b.Built.Compare(a.Built))
	})
	for i := range kernels[:max(0, len(kernels)-1)] {
		if k, before := &kernels[i], kernels[i+1]; k.Name == before.Name && k.Arch == before.Arch {
			change := k.Image.Size - before.Image.Size
			k.Change = &change
		}
	}
	return kernels
}

// view is the data of the template.
type view struct {
	Kernels []Kernel
	Groups  []group
	Counts  []counted
}

// group is the kernels of one name.
type group struct {
	Name    string
	Kernels []Kernel
	Charts  []chart
}

// groups splits ordered kernels by name.
func groups(kernels []Kernel) (list []group) {
	for _, k := range kernels {
		if len(list) == 0 || list[len(list)-1].Name != k.Name {
			list = append(list, group{Name: k.Name})
		}
		g := &list[len(list)-1]
		g.Kernels = append(g.Kernels, k)
	}
	for i := range list {
		list[i].Charts = charts(list[i].Kernels)
	}
	return list
}

// counted is a line of the summary: a statement and the number of kernels that it is true of.
type counted struct {
	What  string
	Count int
}

// count returns the summary at the top of the page.
func count(kernels []Kernel) []counted {
	number := func(is func(Kernel) bool) (n int) {
		for _, k := range kernels {
			if is(k) {
				n++
			}
		}
		return n
	}
	return []counted{
		{"booted", number(func(k Kernel) bool { return k.Boot.Verdict == "booted" })},
		{"from a verified source", number(func(k Kernel) bool { return k.Signature == "verified" })},
		{"reproduced bit for bit", number(func(k Kernel) bool { return k.Rebuild.Tried && k.Rebuild.Same })},
		{"need attention", number(Kernel.attention)},
	}
}

// attention reports whether somebody should look at a kernel.
func (k Kernel) attention() bool {
	return k.Status.Word == Behind || k.Status.Word == Ending || k.Status.Word == Over ||
		k.Boot.Verdict != "" && k.Boot.Verdict != "booted" || k.Rebuild.Tried && !k.Rebuild.Same
}
