package reproduce

import (
	"regexp"
	"strings"
)

// Markers are the conditions of the two builds that may show up in their results.
type Markers struct {
	Places  []string          // folders of the first and the second build: "/output", "/elsewhere/output"
	Hosts   []string          // names of the machines
	Options map[string]string // the kernel's configuration
}

// timestamp matches a date, a time of day, or seconds since 1970.
var timestamp = regexp.MustCompile(`\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d\b|\b\d{4}-\d\d-\d\d\b|\b\d\d:\d\d(?::\d\d)?\b|\b1[6-9]\d{8}(?:\.\d+)?\b`)

// The causes that the content at a place reveals. Source: Linux,
// Documentation/kbuild/reproducible-builds.rst, and experience.
const (
	causeSeed  = "each build generates its own seed for RANDSTRUCT: add scripts/basic/randstruct.seed to the source, by a patch"
	causeKey   = "each build generates a key to sign modules: set CONFIG_MODULE_SIG_KEY to an existing one, or turn CONFIG_MODULE_SIG off"
	causePath  = "it contains the path of the build's folder"
	causeDebug = "the debug information contains the path of the build's folder: something overrides the -ffile-prefix-map that Kiln compiles with"
	causeLines = "debug information of code that differs"
	causeTime  = "it contains the time of the build"
	causeHost  = "it contains the name of the machine"
	causeBTF   = "the order of BTF types differs: pahole before 1.27 causes that"
	causeID    = "the build id is a hash of the rest"
)

// cause returns why a place differs, as far as its content reveals that, or "".
func (m Markers) cause(d Difference) string {
	both := d.First + "\n" + d.Second
	debug := strings.HasPrefix(d.Section, ".debug_") || strings.HasPrefix(d.Section, ".rela.debug_")
	switch {
	case m.signs() && strings.Contains(d.Symbol, "certificate_list"):
		return causeKey
	case d.Section == ".BTF":
		return causeBTF
	case debug && containsAny(both, m.Places):
		return causeDebug
	case containsAny(both, m.Places):
		return causePath
	case containsAny(both, m.Hosts):
		return causeHost
	case timestamp.MatchString(d.First) && timestamp.MatchString(d.Second):
		return causeTime
	case debug:
		return causeLines
	case strings.HasPrefix(d.Section, ".note"):
		return causeID
	case m.Options["CONFIG_RANDSTRUCT"] == "y":
		return causeSeed
	}
	return ""
}

// signs reports whether the build generates a key and signs modules with it.
func (m Markers) signs() bool {
	return m.Options["CONFIG_MODULE_SIG"] == "y" && strings.Trim(m.Options["CONFIG_MODULE_SIG_KEY"], `"`) == generatedKey
}

// generatedKey is the path at which Kbuild generates a missing key (certs/Makefile).
const generatedKey = "certs/signing_key.pem"

// NonReproducible returns the options that make a build not reproducible byte by byte, with
// the reason. options is the final configuration.
func NonReproducible(options map[string]string) (list []string) {
	m := Markers{Options: options}
	if m.signs() {
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
