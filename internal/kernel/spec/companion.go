package spec

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/buildkit/util/suggest"

	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
)

// companions returns the files NAME.*.config beside the file NAME.config, by the part of their
// names in between.
func companions(dir, entry string) (map[string]string, error) {
	files, err := os.ReadDir(pathIn(dir, filepath.Dir(entry)))
	if err != nil {
		return nil, fmt.Errorf("config %q: %w", entry, err)
	}
	found := map[string]string{}
	prefix := strings.TrimSuffix(filepath.Base(entry), ".config") + "."
	for _, file := range files {
		between, isCompanion := strings.CutSuffix(strings.TrimPrefix(file.Name(), prefix), ".config")
		if isCompanion && strings.HasPrefix(file.Name(), prefix) && !strings.Contains(between, ".") {
			found[between] = strings.TrimSuffix(entry, filepath.Base(entry)) + file.Name()
		}
	}
	return found, nil
}

// companionOf returns the companion of a file of options for an architecture, which is in any
// of its spellings, or "". Several are an error.
func companionOf(dir, entry string, a arch.Arch) (string, error) {
	found, err := companions(dir, entry)
	if err != nil {
		return "", err
	}
	var fitting []string
	for between, name := range found {
		if slices.ContainsFunc(arch.Meanings(between), func(m arch.Arch) bool { return m.Name == a.Name }) {
			fitting = append(fitting, name)
		}
	}
	slices.Sort(fitting)
	switch len(fitting) {
	case 0:
		return "", nil
	case 1:
		return fitting[0], nil
	}
	return "", fmt.Errorf("config %q: %s are both for %s: keep one of them", entry, strings.Join(fitting, " and "), a.Name)
}

// unread warns of files beside a file of options that look like its companions, fit no
// architecture, and are listed in no kernel's config.
func unread(dir, entry string, listed []string) (warnings []string) {
	found, _ := companions(dir, entry) // an error is reported where the file itself is read
	for between, name := range found {
		if len(arch.Meanings(between)) > 0 || slices.Contains(listed, name) {
			continue
		}
		hint := ""
		if near, ok := suggest.Search(between, arch.Names(), false); ok {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		warnings = append(warnings, fmt.Sprintf("%s is not read: %q is no architecture that kernels are built for%s", name, between, hint))
	}
	slices.Sort(warnings)
	return warnings
}
