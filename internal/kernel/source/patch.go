package source

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/kernel/unidiff"
)

// Patch is a change that is applied to a source, in order.
type Patch struct {
	Name   string `json:"name"` // its file's name
	SHA256 string `json:"sha256"`
	Path   string `json:"-"` // where it is on this machine
}

// ReadPatches reads an entry of patches in kernels.toml, which is relative to dir unless it
// is absolute: a patch, a quilt(1) series, or a folder. Of a folder it takes the patches that
// its file "series" lists, or else all, in the order of their names. Every patch is read to
// its end: one that cannot be applied to any source is an error.
func ReadPatches(dir, entry string) ([]Patch, error) {
	if strings.TrimSpace(entry) == "" {
		return nil, fmt.Errorf("read patch %q: expected the name of a file or folder", entry)
	}
	path := entry
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	paths, err := patchFiles(path)
	if err != nil {
		return nil, fmt.Errorf("read patch %s: %w", entry, err)
	}
	var patches []Patch
	var errs []error
	for _, each := range paths {
		p := Patch{Name: filepath.Base(each), Path: each}
		text, _, err := readPatch(each)
		if err != nil {
			errs = append(errs, fmt.Errorf("read patch %s: %w", each, err))
			continue
		}
		p.SHA256 = trust.Hash(text)
		patches = append(patches, p)
	}
	return patches, errors.Join(errs...)
}

// CheckTwice returns an error that names a patch that follows itself in a list: no source
// takes it a second time.
func CheckTwice(patches []Patch) error {
	for i := 1; i < len(patches); i++ {
		if p, before := patches[i], patches[i-1]; p.SHA256 == before.SHA256 {
			return fmt.Errorf("patches: %s has the same changes as %s, which is applied just before it; remove one of them", p.Path, before.Path)
		}
	}
	return nil
}

// patchFiles returns the files that an entry names.
func patchFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil && strings.Contains(path, ":/"):
		return nil, errors.New("expected a file on this machine; download it first")
	case err != nil && strings.ContainsAny(path, "*?["):
		return nil, fmt.Errorf("%w; no pattern is expanded: name the folder, of which each .patch and .diff is applied", err)
	case err != nil:
		return nil, err
	case filepath.Base(path) == seriesFile && !info.IsDir():
		return readSeries(path)
	case !info.IsDir():
		return []string{path}, nil
	}
	if series := filepath.Join(path, seriesFile); isFile(series) {
		return readSeries(series)
	}
	entries, err := os.ReadDir(path) // sorted by name
	var files []string
	for _, e := range entries {
		if isPatchName(e.Name()) {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	if err == nil && len(files) == 0 {
		err = errors.New(`the folder has neither a file "series" nor one whose name ends in .patch or .diff`)
	}
	return files, err
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// isPatchName reports whether a file in a folder of patches is one of them by its name.
func isPatchName(name string) bool {
	for _, packed := range []string{".gz", ".xz", ".bz2", ".zst"} {
		name = strings.TrimSuffix(name, packed)
	}
	return slices.Contains([]string{".patch", ".diff"}, filepath.Ext(name))
}

// Read returns the patch as it is applied, and what it changes. A file that was changed
// since ReadPatches is an error.
func (p Patch) Read() (text []byte, diff unidiff.Diff, err error) {
	text, diff, err = readPatch(p.Path)
	if err == nil && trust.Hash(text) != p.SHA256 {
		err = errors.New("it was changed while it was being read")
	}
	if err != nil {
		return nil, diff, fault.New(fault.Usage, "run it again", "read patch %s: %w", p.Path, err)
	}
	return text, diff, nil
}

// readPatch reads a patch: decompressed, in UTF-8 or whichever bytes it has, with the line ends
// of the kernel's files, and as it was before a mail program encoded it.
func readPatch(path string) (text []byte, diff unidiff.Diff, err error) {
	if text, err = ReadText(path); err != nil {
		return nil, diff, err
	}
	switch {
	case len(text) == 0:
		return nil, diff, errors.New("it is empty")
	case isTar(text):
		return nil, diff, errors.New("it is a tar archive: unpack it, and name its folder")
	}
	if text, err = decodeMails(text); err != nil {
		return nil, diff, err
	}
	diff, err = unidiff.Parse(string(text))
	if errors.Is(err, unidiff.ErrNoChange) {
		err = fmt.Errorf("%w; it begins with %.40q", err, text)
	}
	return text, diff, err
}

// isTar reports whether a file is a tar archive, by the magic of its first header.
func isTar(text []byte) bool {
	const magic = 257
	return len(text) > magic && bytes.HasPrefix(text[magic:], []byte("ustar"))
}
