package runner

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// State is what an output tree was made from. It is stored in the tree.
type State struct {
	Toolchain string `json:"toolchain"` // its identity
	Series    string `json:"series"`    // as "6.12"
	Source    string `json:"source"`    // Job.SourceID
	Files     string `json:"files"`     // sha256 of the list of files laid in the source; "" for none
	Since     string `json:"since"`     // sources of earlier builds that did not succeed: some objects may be from them
	Commands  string `json:"commands"`  // sha256 of what compiles: environment and steps
	Asked     string `json:"asked"`     // sha256 of how the configuration is made
	Final     string `json:"final"`     // sha256 of the final configuration; "" until it is made
	Open      bool   `json:"open"`      // a build is in progress, or was interrupted
}

// StateFile is its file, in the output tree.
const StateFile = ".kiln.json"

// ReadState reads the content of a StateFile. It returns a zero State where it cannot be parsed.
func ReadState(text []byte) State {
	var s State
	if json.Unmarshal(text, &s) != nil {
		return State{}
	}
	return s
}

// Others returns the sources, except now, that objects in the tree may be from.
func (s State) Others(now string) (list []string) {
	for _, source := range append(strings.Fields(s.Since), s.Source) {
		if source != "" && source != now && !slices.Contains(list, source) {
			list = append(list, source)
		}
	}
	return list
}

// RebuildReason returns why a build of a plan cannot go on in the tree, whatever its source, or "".
func (s State) RebuildReason(p plan.Plan) string {
	switch series := plan.Series(p.Source.Version); {
	case s == State{}:
		return "no earlier build"
	case s.Toolchain != p.Toolchain.Identity():
		return "toolchain changed"
	case s.Commands != p.CommandsHash(): // make does not see all of what they leave
		return "the commands of a build changed"
	case s.Files != p.FilesHash(): // their times are part of an initramfs
		return "files changed"
	case s.Series != series:
		return fmt.Sprintf("series changed from %s to %s", s.Series, series)
	}
	return ""
}
