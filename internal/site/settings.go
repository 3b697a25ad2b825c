package site

import (
	"reflect"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/site/gitinfo"
)

// Settings is site.toml.
type Settings struct {
	Repository string   `toml:"repository"` // where the image is pushed: registry/name
	Tags       []string `toml:"tags"`       // of the image; see ResolveTags for the parts that git decides
	Base       string   `toml:"base"`       // image with Nginx that the site is put on
	Port       int      `toml:"port"`       // that serve listens on, on loopback
	Content    string   `toml:"content"`    // folder of the pages, relative to that of site.toml
	Kernels    bool     `toml:"kernels"`    // adds pages of the kernels in dist/, at /kernels/
	Artefacts  bool     `toml:"artefacts"`  // adds the kernels themselves, to download there
	Mirrors    []string `toml:"mirrors"`    // repositories that the image is pushed to as well, with the same tags
	Platforms  []string `toml:"platforms"`  // of the pushed image, as "linux/arm64"; empty for the engine's alone
	Missing    string   `toml:"missing"`    // what happens to a platform without a base: MissingFails or MissingIsLeftOut
	Dirty      bool     `toml:"dirty"`      // allows a push with uncommitted changes
	Strict     bool     `toml:"strict"`     // verify fails where a check cannot be judged
	Health     string   `toml:"health"`     // path that answers 200 once the server has started; empty for the one of the Dockerfile's HEALTHCHECK

	Expect []Expect `toml:"expect" env:"-"` // answers that the site must give, whatever nginx.conf says
}

// The values of Missing: what happens to a platform that the base is not published for.
const (
	MissingFails     = "fail"
	MissingIsLeftOut = "leave out"
)

// Defaults returns the settings of a site.toml that sets nothing. They name no repository.
func Defaults() Settings {
	return Settings{
		Tags: []string{"latest"}, Base: "nginx:1.30-alpine-slim", Port: 8080, Content: "content",
		Missing: MissingFails,
	}
}

// Check reports every invalid value. Settings that set nothing are those of a project
// without a site, and are valid.
func (s Settings) Check(report func(key, format string, args ...any)) {
	if withAccount(s.Repository) {
		report("repository", "%s", noAccount)
	} else if s.Repository == "" && !reflect.DeepEqual(s, Defaults()) {
		report("repository", "expected registry/name, where the image is published; set it in site.toml or in KILN_SITE_REPOSITORY")
	} else if s.Repository != "" && !isRepository(s.Repository) {
		report("repository", "expected registry/name without a tag, got %q", s.Repository)
	}
	for _, m := range s.Mirrors {
		if withAccount(m) {
			report("mirrors", "%s", noAccount)
		} else if !isRepository(m) || m == s.Repository {
			report("mirrors", "expected registry/name without a tag, different from repository; got %q", m)
		}
	}
	if withAccount(s.Base) {
		report("base", "%s", noAccount)
	} else if _, err := reference.ParseNormalizedNamed(s.Base); err != nil {
		report("base", "expected the name of an image, got %q", s.Base)
	}
	s.checkTags(report)
	for _, p := range s.Platforms {
		if parts := strings.Split(p, "/"); len(parts) < 2 || slices.Contains(parts, "") {
			report("platforms", "expected a form like linux/arm64, got %q", p)
		}
	}
	s.checkExpect(report)
	if s.Missing != MissingFails && s.Missing != MissingIsLeftOut {
		report("missing", "expected %q or %q, got %q", MissingFails, MissingIsLeftOut, s.Missing)
	}
	if s.Artefacts && !s.Kernels {
		report("artefacts", "expected false where kernels is false: their pages link to the artefacts")
	}
	if s.Port < 1 || s.Port > 65535 {
		report("port", "expected 1 to 65535, got %d", s.Port)
	}
}

// noAccount is the message about a name with a user name or password, and does not show it.
const noAccount = "expected registry/name without user name or password: those come from docker login, or KILN_REGISTRY_USERNAME and KILN_REGISTRY_PASSWORD"

// withAccount reports whether the name of an image has a user name or password.
func withAccount(name string) bool {
	_, rest, ok := strings.Cut(name, "@")
	return ok && !strings.HasPrefix(rest, "sha256:") && !strings.HasPrefix(rest, "sha512:")
}

// isRepository reports whether a name is that of a repository, without tag and digest.
func isRepository(name string) bool {
	named, err := reference.ParseNormalizedNamed(name)
	return err == nil && reference.IsNameOnly(named)
}

// checkTags reports tags that no image can have, whatever git decides.
func (s Settings) checkTags(report func(key, format string, args ...any)) {
	if len(s.Tags) == 0 {
		report("tags", "expected at least one")
	}
	name, _ := reference.WithName("x") // a valid name, to try the tags on
	sample := tagParts(gitinfo.Commit{ID: "0123456789ab", Version: "v1.2.3", Branch: "main"})
	for _, t := range s.Tags {
		filled, _ := fillTag(t, sample)
		if len(filled) > maxTag {
			report("tags", "expected at most %d characters, got %q", maxTag, t)
		} else if _, err := reference.WithTag(name, filled); err != nil {
			report("tags", "expected letters, digits, _ . and -, or {version}, {minor}, {major}, {commit}, {branch}; got %q", t)
		}
	}
}

// checkRepository returns a usage error where no repository is set.
func (s Settings) checkRepository() error {
	if s.Repository != "" {
		return nil
	}
	return fault.New(fault.Usage, `set repository = "registry/name" in site.toml, or KILN_SITE_REPOSITORY`, "open the site: no repository is set")
}
