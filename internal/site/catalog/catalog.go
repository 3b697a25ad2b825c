// Package catalog makes the pages on which a team publishes its kernels: HTML that
// needs no script, a feed, and kernels.json.
//
//	[]Kernel -> Render -> []File
//
// It knows nothing of how kernels are built: whoever does fills in the values.
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

// Schema names the form of kernels.json.
const Schema = "kiln/kernels/v1"

// Kernel is one build of a kernel as it is published.
type Kernel struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Arch    string `json:"arch"`

	Status    Status  `json:"standing"`
	Boot      Boot    `json:"boot"`
	Rebuild   Rebuild `json:"twice"`
	Signature string  `json:"signature"` // what became of the source's: "verified", "none", ...
	Signer    string  `json:"signer"`
	Source    string  `json:"source"` // where it is from
	Plan      string  `json:"plan"`   // sha256
	Warnings  int     `json:"warnings"`

	Image   File      `json:"image"`   // the kernel itself
	Files   []File    `json:"files"`   // all artefacts, the image among them
	Seconds float64   `json:"seconds"` // that the build took
	Built   time.Time `json:"built"`
	// Change is by how many bytes the image differs from that of the build before; nil
	// where none is known.
	Change *int64 `json:"change,omitempty"`
}

// The words for how a kernel stands.
const (
	Current = "current"
	Behind  = "behind"      // newer point releases are out
	Ending  = "ending"      // its line gets no more fixes soon
	Over    = "end of life" // or none any more
	Unknown = "not tracked" // or nothing could be asked
)

// Status is how the kernel's line of releases stands.
type Status struct {
	Word string `json:"word"` // one of the words above
	Text string `json:"text"` // more about it; may be empty
}

// Boot is what became of the kernel's boot.
type Boot struct {
	Verdict string  `json:"verdict"` // "booted", "panic", ...; "" where it was not tried
	Seconds float64 `json:"seconds"` // until the first program ran
	How     string  `json:"how"`     // in what: "QEMU 10.0.2, tcg"
}

// Rebuild tells whether a second build gave the same bytes.
type Rebuild struct {
	Tried bool `json:"tried"`
	Same  bool `json:"same"`
}

// File is a file of a kernel.
type File struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // bytes
	// Path is where the page leads to, from its own folder; "" where it is not offered.
	Path string `json:"path,omitempty"`
}

// Page is one file of the site that is made.
type Page struct {
	Name string // within the catalog's folder
	Body []byte
}

// ID is the kernel's name among all: NAME-VERSION-ARCH.
func (k Kernel) ID() string { return k.Name + "-" + k.Version + "-" + k.Arch }

//go:embed page.html kernels.css icon.svg
var texts embed.FS

var page = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"bytes": report.Bytes, "change": change, "seconds": seconds, "date": date, "short": short, "class": class,
}).ParseFS(texts, "page.html"))

// Render gives the pages: index.html, kernels.css, icon.svg, feed.atom and kernels.json. The same
// kernels give the same bytes.
func Render(kernels []Kernel) ([]Page, error) {
	kernels = ordered(kernels)
	var html bytes.Buffer
	if err := page.Execute(&html, view{Kernels: kernels, Groups: groups(kernels), Counts: count(kernels)}); err != nil {
		return nil, fmt.Errorf("render the kernels' page: %w", err)
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

// ordered sorts by name, then by architecture, the youngest build first, and fills in by
// how much the images differ.
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

// view is what the template shows.
type view struct {
	Kernels []Kernel
	Groups  []group
	Counts  []counted
}

// group is the kernels of a name.
type group struct {
	Name    string
	Kernels []Kernel
	Charts  []chart
}

// groups parts ordered kernels by their names.
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

// counted is how many kernels something is true of.
type counted struct {
	What  string
	Count int
}

// count sums up what a visitor wants to know first.
func count(kernels []Kernel) []counted {
	how := func(is func(Kernel) bool) (n int) {
		for _, k := range kernels {
			if is(k) {
				n++
			}
		}
		return n
	}
	return []counted{
		{"booted", how(func(k Kernel) bool { return k.Boot.Verdict == "booted" })},
		{"from a verified source", how(func(k Kernel) bool { return k.Signature == "verified" })},
		{"built twice, the same bytes", how(func(k Kernel) bool { return k.Rebuild.Tried && k.Rebuild.Same })},
		{"want attention", how(Kernel.attention)},
	}
}

// attention tells whether somebody should look at a kernel.
func (k Kernel) attention() bool {
	return k.Status.Word == Behind || k.Status.Word == Ending || k.Status.Word == Over ||
		k.Boot.Verdict != "" && k.Boot.Verdict != "booted" || k.Rebuild.Tried && !k.Rebuild.Same
}
