package main

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// moduleHash gives the sha256, in hex, of all that decides what the module's commands
// are compiled to. It is an error where that cannot be told from the module alone.
func moduleHash(root string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	settings := goSettings()
	fmt.Fprintf(sum, "%q\n", settings)
	if err := selfContained(root, settings); err != nil {
		return "", err
	}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != root && outside(root, name):
			return fs.SkipDir
		case entry.IsDir() || !source(name):
			return nil
		}
		return hashSource(sum, name)
	})
	return fmt.Sprintf("%x", sum.Sum(nil)), err
}

// goSettings gives what Go is told by the environment and by go env -w, a line each.
func goSettings() (lines []string) {
	for _, line := range os.Environ() {
		if strings.HasPrefix(line, "GO") || strings.HasPrefix(line, "CGO_") || strings.HasPrefix(line, "CC=") {
			lines = append(lines, line)
		}
	}
	file := os.Getenv("GOENV")
	if dir, err := os.UserConfigDir(); err == nil && file == "" {
		file = filepath.Join(dir, "go", "env")
	}
	text, _ := os.ReadFile(file) // "off", or none: nothing is set
	return append(lines, strings.Split(string(text), "\n")...)
}

// selfContained is an error where sources may come from other folders of this machine.
func selfContained(root string, settings []string) error {
	module, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	other := slices.ContainsFunc(settings, func(line string) bool {
		return strings.HasPrefix(line, "GOWORK=") || strings.Contains(line, "-overlay") || strings.Contains(line, "-modfile")
	})
	for dir, _ := filepath.Abs(root); !other && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		_, err := os.Stat(filepath.Join(dir, "go.work"))
		other = err == nil
	}
	if other || strings.Contains(string(module), "replace ") {
		return fmt.Errorf("sources are not the module's alone")
	}
	return nil
}

// outside tells which folders hold nothing that is compiled: what go build leaves out,
// and dist, where results go.
func outside(root, dir string) bool {
	base := filepath.Base(dir)
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || dir == filepath.Join(root, "dist")
}

// compiled is how the names of files end that go build may take, besides go.mod and go.sum.
var compiled = []string{".go", ".s", ".S", ".c", ".h", ".syso"}

func source(name string) bool {
	base := filepath.Base(name)
	return base == "go.mod" || base == "go.sum" || slices.Contains(compiled, filepath.Ext(base)) && !strings.HasSuffix(base, "_test.go")
}

// hashSource adds a file, and those that it embeds.
func hashSource(sum hash.Hash, name string) error {
	text, err := hashFile(sum, name)
	if err != nil || filepath.Ext(name) != ".go" {
		return err
	}
	for line := range strings.Lines(text) {
		patterns, embeds := strings.CutPrefix(strings.TrimSpace(line), "//go:embed")
		if !embeds {
			continue
		}
		for pattern := range strings.FieldsSeq(patterns) {
			pattern = strings.TrimPrefix(strings.Trim(pattern, "\"`"), "all:")
			if err := hashEmbedded(sum, filepath.Join(filepath.Dir(name), pattern)); err != nil {
				return err
			}
		}
	}
	return nil
}

// hashEmbedded adds what a pattern means. One that means nothing is not understood.
func hashEmbedded(sum hash.Hash, pattern string) error {
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		return fmt.Errorf("embed %s: nothing fits (%v)", pattern, err)
	}
	for _, top := range found {
		err := filepath.WalkDir(top, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			_, err = hashFile(sum, name)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func hashFile(sum hash.Hash, name string) (string, error) {
	text, err := os.ReadFile(name)
	fmt.Fprintf(sum, "%q %d\n%s", name, len(text), text)
	return string(text), err
}
