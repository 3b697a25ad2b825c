//go:build linux

package configcheck

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// missingFiles returns the files that the final configuration names and that are neither in
// the source's tree nor in the output tree.
func (c Check) missingFiles(final map[string]string, options []kconfig.Verdict) []kconfig.FileRef {
	missing := []kconfig.FileRef{}
	for _, file := range kconfig.Files(final, SourceArch(c.Plan)) {
		if !slices.ContainsFunc(file.Paths, c.exists) {
			file.Where = askedAt(options, file.Option)
			missing = append(missing, file)
		}
	}
	return missing
}

// exists reports whether a path that an option names is at one of the places where it can be.
func (c Check) exists(name string) bool {
	places := []string{filepath.Join(c.dir(plan.SourceRole), name), filepath.Join(c.dir(plan.OutputRole), name)}
	if filepath.IsAbs(name) {
		places = []string{name}
	}
	return slices.ContainsFunc(places, func(place string) bool {
		_, err := os.Stat(place)
		return err == nil
	})
}

// askedAt returns where an option is asked for, or "".
func askedAt(options []kconfig.Verdict, name string) string {
	for _, v := range options {
		if v.Name == name {
			return v.Where
		}
	}
	return ""
}
