package diagnose

import (
	"path"
	"slices"
	"strings"
)

// Carry returns the warnings of an incremental build together with those of the build
// before about files that were not compiled this time. made reports whether an object
// ("kernel/pid.o") was compiled.
func Carry(now, before []Finding, made func(object string) bool) []Finding {
	all := slices.Clone(now)
	for _, old := range before {
		ext := path.Ext(old.File)
		if ext != ".c" && ext != ".S" || made(strings.TrimSuffix(old.File, ext)+".o") || has(now, old) {
			continue
		}
		all = append(all, old)
	}
	return all
}

// Added returns the warnings that the build before did not have.
func Added(now, before []Finding) (fresh []Finding) {
	for _, f := range now {
		if !has(before, f) {
			fresh = append(fresh, f)
		}
	}
	return fresh
}

func has(list []Finding, f Finding) bool { return slices.ContainsFunc(list, f.same) }
