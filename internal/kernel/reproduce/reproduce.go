// Package reproduce compares the results of two builds of one plan, byte by byte, and
// reports where they differ and, if known, why.
//
//	differences, err := reproduce.Compare("first", "second", []string{"bzImage", "config"}, markers)
//
// A kernel's image is compressed, so the place of a difference in it is meaningless: Compare
// looks for it in vmlinux, which both folders have too.
package reproduce

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// variationSource is the C source of a library that is loaded into every program of the
// second build (LD_PRELOAD): programs then read folders in the opposite order, and their clock
// is ahead by ClockOffsetVariable.
//
//go:embed vary/vary.c
var variationSource string

// clockOffsetVariable is the environment variable with the offset of the clock in seconds.
const clockOffsetVariable = "KILN_LATER"

// Vmlinux is the file name of the uncompressed kernel: an ELF file with symbols.
const Vmlinux = "vmlinux"

// Difference is a place where two builds differ.
type Difference struct {
	File    string `json:"file"`
	Section string `json:"section"` // of an ELF file; "" for other files
	Symbol  string `json:"symbol"`  // function or object at the place; "" if unknown
	Offset  int64  `json:"offset"`  // of the first byte, in the section or the file; -1 if only one build has the file
	First   string `json:"first"`   // the text at the place, if readable
	Second  string `json:"second"`
	Cause   string `json:"cause"` // "" if unknown
}

// String returns the difference in one line.
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

// Compare compares files of two folders. For a file that differs it returns at least one
// place; if any differs it also looks into vmlinux where both folders have it. The list is
// empty if nothing differs.
func Compare(first, second string, files []string, m Markers) (list []Difference, err error) {
	for _, name := range files {
		d, err := compareFile(first, second, name, m)
		if err != nil {
			return nil, err
		}
		list = append(list, d...)
	}
	if len(list) == 0 {
		return nil, nil
	}
	inside, err := compareELF(filepath.Join(first, Vmlinux), filepath.Join(second, Vmlinux), m)
	if os.IsNotExist(err) {
		return list, nil
	}
	return append(inside, list...), err
}

// compareFile compares one file by its bytes, or an archive by its members. It reads only
// files that differ into memory.
func compareFile(first, second, name string, m Markers) ([]Difference, error) {
	left, right := filepath.Join(first, name), filepath.Join(second, name)
	for build, path := range map[string]string{"second": left, "first": right} {
		if _, err := os.Stat(path); os.IsNotExist(err) {
			return []Difference{{File: name, Offset: -1, Cause: "only the " + build + " build has it"}}, nil
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
		return compareArchives(name, a, b, m)
	}
	return []Difference{difference(name, a, b, m)}, nil
}

// sameContent reports whether two files have the same sha256.
func sameContent(left, right string) (bool, error) {
	one, err := trust.HashFile(left)
	if err != nil {
		return false, err
	}
	other, err := trust.HashFile(right)
	return one == other, err
}

// difference returns the first difference of two files that differ.
func difference(name string, a, b []byte, m Markers) Difference {
	at := firstDifference(a, b)
	d := Difference{File: name, Offset: int64(at), First: readable(a, at), Second: readable(b, at)}
	d.Cause = m.cause(d)
	return d
}

// firstDifference returns the offset of the first byte that differs.
func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// shown is the maximum number of bytes shown around a place.
const shown = 60

// readable returns the printable ASCII text around an offset, or "" if there is none.
func readable(text []byte, at int) string {
	printable := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= ' ' && text[i] < 0x7f }
	if !printable(at) {
		return ""
	}
	from, to := at, at
	for printable(from-1) && at-from < shown/2 {
		from--
	}
	for printable(to) && to-at < shown {
		to++
	}
	if to-from < 4 {
		return ""
	}
	return string(text[from:to])
}
