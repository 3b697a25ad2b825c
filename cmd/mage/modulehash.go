package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// moduleHash gives the sha256, in hex, of all that decides what the module's commands
// are compiled to.
func moduleHash(root string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, name := range os.Environ() {
		if strings.HasPrefix(name, "GO") || strings.HasPrefix(name, "CGO_") || strings.HasPrefix(name, "CC=") {
			fmt.Fprintf(sum, "%q\n", name)
		}
	}
	if err := selfContained(root); err != nil {
		return "", err
	}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != root && outside(name):
			return fs.SkipDir
		case entry.IsDir() || !source(name):
			return nil
		}
		return hashSource(sum, name)
	})
	return fmt.Sprintf("%x", sum.Sum(nil)), err
}

// selfContained is an error where sources come from other folders of this machine.
func selfContained(root string) error {
	module, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	workspace := false
	for dir, _ := filepath.Abs(root); !workspace && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		_, err := os.Stat(filepath.Join(dir, "go.work"))
		workspace = err == nil
	}
	flags := os.Getenv("GOFLAGS")
	if workspace || os.Getenv("GOWORK") != "" || strings.Contains(flags, "-overlay") || strings.Contains(flags, "-modfile") || bytes.Contains(module, []byte("replace ")) {
		return fmt.Errorf("sources are not the module's alone")
	}
	return nil
}

// outside tells which folders hold nothing that is compiled: what go build leaves out,
// and dist, where results go.
func outside(dir string) bool {
	base := filepath.Base(dir)
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "dist"
}

func source(name string) bool {
	base := filepath.Base(name)
	return strings.HasSuffix(base, ".go") && !strings.HasSuffix(base, "_test.go") || base == "go.mod" || base == "go.sum"
}

// hashSource adds a file, and those that it embeds.
func hashSource(sum hash.Hash, name string) error {
	text, err := hashFile(sum, name)
	if err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		patterns, embeds := strings.CutPrefix(line, "//go:embed ")
		if !embeds {
			continue
		}
		for pattern := range strings.FieldsSeq(patterns) {
			if err := hashEmbedded(sum, filepath.Join(filepath.Dir(name), pattern)); err != nil {
				return err
			}
		}
	}
	return nil
}

func hashEmbedded(sum hash.Hash, pattern string) error {
	found, err := filepath.Glob(pattern)
	if err != nil {
		return err
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
