package reproduce

import (
	"regexp"
	"strings"
)

// Markers is what the second build had that the first had not.
type Markers struct {
	Places  []string          // folders of the first and the second build: "/output", "/elsewhere/output"
	Hosts   []string          // names of the machines
	Options map[string]string // the kernel's configuration
}

// What a timestamp looks like: a date, a time of day, or seconds since 1970.
var timestamp = regexp.MustCompile(`\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d\b|\b\d{4}-\d\d-\d\d\b|\b\d\d:\d\d(?::\d\d)?\b|\b1[6-9]\d{8}(?:\.\d+)?\b`)

// The causes that are told by what lies at a place. Source: Linux,
// Documentation/kbuild/reproducible-builds.rst, and what others met.
const (
	causeSeed  = "the seed of RANDSTRUCT is made anew by each build: keep scripts/basic/randstruct.seed in the source, as a patch"
	causeKey   = "a key to sign modules is made anew by each build: set CONFIG_MODULE_SIG_KEY to one that is given, or turn CONFIG_MODULE_SIG off"
	causePath  = "the build's folder stands in it"
	causeDebug = "the build's folder stands in the debug information: something sets aside the -ffile-prefix-map that Kiln compiles with"
	causeLines = "the debug information follows the rest"
	causeTime  = "the time of the build stands in it"
	causeHost  = "the name of the machine stands in it"
	causeBTF   = "the types of BTF come in another order: pahole before 1.27 does that"
	causeID    = "the build's id sums up the rest"
)

// cause names why a place differs, as far as that can be told from what stands there.
func (s Markers) cause(d Difference) string {
	both := d.First + "\n" + d.Second
	debug := strings.HasPrefix(d.Section, ".debug_") || strings.HasPrefix(d.Section, ".rela.debug_")
	switch {
	case s.signs() && strings.Contains(d.Symbol, "certificate_list"):
		return causeKey
	case d.Section == ".BTF":
		return causeBTF
	case debug && containsAny(both, s.Places):
		return causeDebug
	case containsAny(both, s.Places):
		return causePath
	case containsAny(both, s.Hosts):
		return causeHost
	case timestamp.MatchString(d.First) && timestamp.MatchString(d.Second):
		return causeTime
	case debug:
		return causeLines
	case strings.HasPrefix(d.Section, ".note"):
		return causeID
	case s.Options["CONFIG_RANDSTRUCT"] == "y":
		return causeSeed
	}
	return ""
}

// signs reports whether the build makes a key of its own to sign modules with.
func (s Markers) signs() bool {
	return s.Options["CONFIG_MODULE_SIG"] == "y" && strings.Trim(s.Options["CONFIG_MODULE_SIG_KEY"], `"`) == generatedKey
}

// generatedKey is where the kernel makes a key if none is there (certs/Makefile).
const generatedKey = "certs/signing_key.pem"

// NonReproducible names what in a configuration keeps a build from being repeated byte by
// byte, before it is built.
func NonReproducible(options map[string]string) (list []string) {
	s := Markers{Options: options}
	if s.signs() {
		list = append(list, "CONFIG_MODULE_SIG: "+causeKey)
	}
	if options["CONFIG_RANDSTRUCT"] == "y" {
		list = append(list, "CONFIG_RANDSTRUCT: "+causeSeed)
	}
	return list
}

func containsAny(text string, parts []string) bool {
	for _, p := range parts {
		if p != "" && strings.Contains(text, p) {
			return true
		}
	}
	return false
}
