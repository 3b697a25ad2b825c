package reproduce

import (
	"fmt"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// Variation is what differs in how a second build of a plan runs. None of it may change an
// artefact.
type Variation struct {
	Root        string // the folder under which source and output are mounted
	Host        string // the container's host name
	ClockOffset int    // seconds by which its clock is ahead
}

// Rebuild is the variation of second builds. The number of jobs differs too, and every
// folder is read in the opposite order.
var Rebuild = Variation{Root: "/elsewhere", Host: "another-machine", ClockOffset: 400*24*3600 + 7*3600 + 1}

// Names lists what differs, for a report.
func (v Variation) Names() []string {
	return []string{"build folders", "host name", "clock", "number of jobs", "directory order"}
}

// The paths in the container of the library that varies a build, and of its source.
const (
	librarySource = plan.InputDir + "-vary.c"
	library       = "/usr/local/lib/kiln-vary.so"
)

// Apply returns the plan with the variation: with source and output under the root, and with
// a library in every program that sets the clock and the order of folders. The given plan
// is not changed.
func (v Variation) Apply(p plan.Plan) plan.Plan {
	p.Mounts, p.Steps = slices.Clone(p.Mounts), slices.Clone(p.Steps)
	for i := range p.Mounts {
		p.Mounts[i].Path = v.folder(p.Mounts[i].Path)
	}
	for i, s := range p.Steps {
		p.Steps[i] = v.step(s)
	}
	p.Make, p.Kconfig = v.words(p.Make), v.words(p.Kconfig)
	p.Env = append(slices.Clone(p.Env), "LD_PRELOAD="+library, fmt.Sprintf("%s=%d", clockOffsetVariable, v.ClockOffset))
	return p
}

// Files returns the files that the build's container needs: texts by path.
func (v Variation) Files() map[string]string {
	return map[string]string{librarySource: variationSource}
}

// Prepare returns the commands that prepare the container, to be run as root: they link the
// varied folders to the paths that Kiln itself uses, and compile the library.
func (v Variation) Prepare() [][]string {
	return [][]string{
		{"ln", "-s", v.Root + plan.SourceDir, plan.SourceDir},
		{"ln", "-s", v.Root + plan.OutputDir, plan.OutputDir},
		{"gcc", "-shared", "-fPIC", "-O1", "-o", library, librarySource},
	}
}

// Markers returns the traces that the variation may leave in a kernel with these options.
func (v Variation) Markers(options map[string]string) Markers {
	return Markers{Places: []string{v.Root}, Hosts: []string{v.Host}, Options: options}
}

// step returns a step with the paths of its command under the root. In and Out keep the paths
// that Prepare links.
func (v Variation) step(s plan.Step) plan.Step {
	s.Argv, s.Dir = v.words(s.Argv), v.word(s.Dir)
	return s
}

// words returns words of a command with their paths under the root.
func (v Variation) words(words []string) []string {
	words = slices.Clone(words)
	for i := range words {
		words[i] = v.word(words[i])
	}
	return words
}

// word returns a word of a command with its paths under the root.
func (v Variation) word(word string) string {
	source, output := plan.SourceDir, plan.OutputDir
	return strings.NewReplacer(source+"/", v.Root+source+"/", output+"/", v.Root+output+"/",
		"O="+output, "O="+v.Root+output, "srctree="+source, "srctree="+v.Root+source,
		"map="+source+"=", "map="+v.Root+source+"=", "map="+output+"=", "map="+v.Root+output+"=").Replace(v.folder(word))
}

// folder returns a word that is the path of source or output itself under the root, and
// any other unchanged.
func (v Variation) folder(word string) string {
	if word == plan.SourceDir || word == plan.OutputDir {
		return v.Root + word
	}
	return word
}
