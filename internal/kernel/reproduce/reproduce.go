// Package reproduce compares what two builds of one plan gave, byte by byte, and says
// where they differ and why, where that is known.
//
//	differences, err := reproduce.Compare("first", "second", []string{"bzImage", "config"})
//
// A kernel's image is compressed, so that a difference in it says nothing: the place is
// looked up in vmlinux, which both folders hold too.
package reproduce

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// VariationSource is the source of a library that is loaded into every program of the second
// build (LD_PRELOAD): with it folders are read in the opposite order, and the clock is
// ahead by as many seconds as the variable LaterVariable says.
//
//go:embed vary/vary.c
var VariationSource string

// ClockOffsetVariable says how far ahead the clock is.
const ClockOffsetVariable = "KILN_LATER"

// Vmlinux is the kernel before it is packed: an ELF file with symbols.
const Vmlinux = "vmlinux"

// Difference is a place in which two builds differ.
type Difference struct {
	File    string `json:"file"`
	Section string `json:"section"` // of an ELF file; "" for another
	Symbol  string `json:"symbol"`  // what lies there; "" where it is not known
	Offset  int64  `json:"offset"`  // of the first byte, in the section or the file; -1 where only one build made the file
	First   string `json:"first"`   // what stands there, as far as it can be read
	Second  string `json:"second"`
	Cause   string `json:"cause"` // "" where it is not known
}

// String tells the difference.
func (d Difference) String() string {
	place := d.File
	if d.Section != "" {
		place += ", section " + d.Section
	}
	if d.Symbol != "" {
		place += ", symbol " + d.Symbol
	}
	text := place
	if d.Offset >= 0 {
		text += fmt.Sprintf(", byte %#x", d.Offset)
	}
	if d.First != "" || d.Second != "" {
		text += fmt.Sprintf(": %q and %q", d.First, d.Second)
	}
	if d.Cause != "" {
		text += ": " + d.Cause
	}
	return text
}

// Compare compares files of two folders. Of a file that differs it gives the places
// that are known, at least one; vmlinux is looked into where both folders have it and
// something differs. No difference is an empty list.
func Compare(first, second string, files []string, s Markers) (list []Difference, err error) {
	for _, name := range files {
		d, err := compareFile(first, second, name, s)
		if err != nil {
			return nil, err
		}
		list = append(list, d...)
	}
	if len(list) == 0 {
		return nil, nil
	}
	inside, err := compareELF(filepath.Join(first, Vmlinux), filepath.Join(second, Vmlinux), s)
	if os.IsNotExist(err) {
		return list, nil
	}
	return append(inside, list...), err
}

// compareFile compares one file by its bytes, or an archive by its members. Only what
// differs is held in memory.
func compareFile(first, second, name string, s Markers) ([]Difference, error) {
	left, right := filepath.Join(first, name), filepath.Join(second, name)
	for build, path := range map[string]string{"second": left, "first": right} {
		if _, err := os.Stat(path); os.IsNotExist(err) {
			return []Difference{{File: name, Offset: -1, Cause: "only the " + build + " build made it"}}, nil
		}
	}
	if same, err := sameContent(left, right); same || err != nil {
		return nil, err
	}
	a, err := os.ReadFile(left)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(right)
	if err != nil {
		return nil, err
	}
	if filepath.Ext(name) == ".zst" {
		return compareArchives(name, a, b, s)
	}
	return []Difference{difference(name, a, b, s)}, nil
}

// sameContent compares two files by their sums.
func sameContent(left, right string) (bool, error) {
	one, err := trust.HashFile(left)
	if err != nil {
		return false, err
	}
	other, err := trust.HashFile(right)
	return one == other, err
}

// difference finds the first byte in which two texts differ.
func difference(name string, a, b []byte, s Markers) Difference {
	at := firstDifference(a, b)
	d := Difference{File: name, Offset: int64(at), First: readable(a, at), Second: readable(b, at)}
	d.Cause = s.cause(d)
	return d
}

// firstDifference returns the place of the first byte that differs; the texts do.
func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// shown is how much of a text around a place is given.
const shown = 60

// readable returns the letters around a place, or "" where nothing can be read.
func readable(text []byte, at int) string {
	letter := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= ' ' && text[i] < 0x7f }
	if !letter(at) {
		return ""
	}
	from, to := at, at
	for letter(from-1) && at-from < shown/2 {
		from--
	}
	for letter(to) && to-at < shown {
		to++
	}
	if to-from < 4 {
		return ""
	}
	return string(text[from:to])
}
