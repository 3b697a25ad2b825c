package reproduce

import (
	"regexp"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
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
	case kconfig.GeneratesKey(m.Options) && strings.Contains(d.Symbol, "certificate_list"):
		return kconfig.CauseKey
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
		return kconfig.CauseSeed
	}
	return ""
}

func containsAny(text string, parts []string) bool {
	for _, p := range parts {
		if p != "" && strings.Contains(text, p) {
			return true
		}
	}
	return false
}
