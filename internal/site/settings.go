package site

import (
	"slices"
	"strings"

	"github.com/distribution/reference"
)

// Check reports every value of site.toml that cannot be.
func (s Settings) Check(report func(key, format string, args ...any)) {
	if named, err := reference.ParseNormalizedNamed(s.Repository); err != nil || !reference.IsNameOnly(named) {
		report("repository", "expected registry/name without a tag, got %q", s.Repository)
	}
	if _, err := reference.ParseNormalizedNamed(s.Base); err != nil {
		report("base", "expected an image's name, got %q", s.Base)
	}
	if len(s.Tags) == 0 {
		report("tags", "expected at least one")
	}
	for _, t := range s.Tags {
		sample := Commit{ID: "0123456789ab", Version: "v1.2.3", Branch: "main"}
		resolved, _ := Resolve([]string{t}, sample)
		if _, err := reference.WithTag(plain(), strings.Join(resolved, "")); err != nil {
			report("tags", "expected letters, digits, _ . and -, or {version}, {minor}, {major}, {commit}, {branch}; got %q", t)
		}
	}
	for _, m := range s.Mirrors {
		if named, err := reference.ParseNormalizedNamed(m); err != nil || !reference.IsNameOnly(named) || m == s.Repository {
			report("mirrors", "expected registry/name without a tag, and another than repository; got %q", m)
		}
	}
	for _, p := range s.Platforms {
		if parts := strings.Split(p, "/"); len(parts) < 2 || slices.Contains(parts, "") {
			report("platforms", "expected them as linux/arm64, got %q", p)
		}
	}
	if s.Missing != MissingFails && s.Missing != MissingIsLeftOut {
		report("missing", "expected %q or %q, got %q", MissingFails, MissingIsLeftOut, s.Missing)
	}
	if s.Artefacts && !s.Kernels {
		report("artefacts", "expected false where kernels is: their pages lead to them")
	}
	if s.Port < 1 || s.Port > 65535 {
		report("port", "expected 1 to 65535, got %d", s.Port)
	}
}

// plain is a name to try a tag on.
func plain() reference.Named {
	named, _ := reference.WithName("x") // a constant that is a name
	return named
}
