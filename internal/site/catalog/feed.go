package catalog

import (
	"encoding/xml"
	"fmt"
	"slices"
	"time"

	"github.com/romanatrashyonok/kiln/internal/report"
)

// The elements of an Atom feed that are used (RFC 4287).
type (
	atomFeed struct {
		XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		Title   string      `xml:"title"`
		ID      string      `xml:"id"`
		Updated string      `xml:"updated"`
		Author  string      `xml:"author>name"`
		Links   []atomLink  `xml:"link"`
		Entries []atomEntry `xml:"entry"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr"`
		Href string `xml:"href,attr"`
	}
	atomEntry struct {
		Title   string   `xml:"title"`
		ID      string   `xml:"id"`
		Updated string   `xml:"updated"`
		Link    atomLink `xml:"link"`
		Summary string   `xml:"summary"`
	}
)

// feedLength is the number of kernels in the feed, the newest first.
const feedLength = 50

// atom returns the feed. Its links are relative: the address of the site is not known when
// the feed is rendered.
func atom(kernels []Kernel) ([]byte, error) {
	newest := slices.Clone(kernels)
	slices.SortStableFunc(newest, func(a, b Kernel) int { return b.Built.Compare(a.Built) })
	newest = newest[:min(len(newest), feedLength)]
	feed := atomFeed{
		Title: "Kernels built by Kiln", ID: "urn:kiln:kernels", Updated: time.Unix(0, 0).UTC().Format(time.RFC3339), Author: "Kiln",
		Links: []atomLink{{"self", "application/atom+xml", "feed.atom"}, {"alternate", "text/html", "index.html"}},
	}
	for i, k := range newest {
		updated := k.Built.UTC().Format(time.RFC3339)
		if i == 0 {
			feed.Updated = updated
		}
		feed.Entries = append(feed.Entries, atomEntry{
			Title: fmt.Sprintf("%s %s for %s", k.Name, k.Version, k.Arch), ID: "urn:sha256:" + k.Image.SHA256, Updated: updated,
			Link: atomLink{"alternate", "text/html", "index.html#" + k.ID()}, Summary: k.summary(),
		})
	}
	text, err := xml.MarshalIndent(feed, "", "  ")
	return append([]byte(xml.Header), append(text, '\n')...), err
}

// summary returns the entry's text, in a line.
func (k Kernel) summary() string {
	boot := "not booted"
	if k.Boot.Verdict != "" {
		boot = k.Boot.Verdict
	}
	return fmt.Sprintf("%s, %s; %s; sha256 %s", report.Bytes(k.Image.Size), boot, plural(k.Warnings, "warning"), k.Image.SHA256)
}
