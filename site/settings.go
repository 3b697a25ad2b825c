package site

import (
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
		if _, err := reference.WithTag(plain(), t); err != nil {
			report("tags", "expected letters, digits, _ . and -, got %q", t)
		}
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
