package reproduce

import (
	"fmt"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// Variation is what differs in a second build of a plan. None of it may show in what the
// build makes.
type Variation struct {
	Root  string // the folder below which source and output are mounted
	Host  string // the machine's name
	Later int    // seconds that its clock is ahead
}

// Rebuild is the variation that second builds are made with. The number of jobs differs
// too, and every folder is read in the opposite order.
var Rebuild = Variation{Root: "/elsewhere", Host: "another-machine", Later: 400*24*3600 + 7*3600 + 1}

// Names lists what differs, in words.
func (v Variation) Names() []string {
	return []string{"folder", "machine's name", "time", "number of jobs", "order of folders"}
}

// Where the library that varies a build is in its container.
const (
	librarySource = plan.InputDir + "-vary.c"
	library       = "/usr/local/lib/kiln-vary.so"
)

// Apply returns a plan with the variation: its folders below a different root, and a
// library loaded into every program that sets the clock and the order of folders.
func (v Variation) Apply(p plan.Plan) plan.Plan {
	p.Mounts, p.Steps = slices.Clone(p.Mounts), slices.Clone(p.Steps)
	for i := range p.Mounts {
		p.Mounts[i].Path = v.folder(p.Mounts[i].Path)
	}
	for i, s := range p.Steps {
		p.Steps[i] = v.step(s)
	}
	p.Env = append(slices.Clone(p.Env), "LD_PRELOAD="+library, fmt.Sprintf("%s=%d", ClockOffsetVariable, v.Later))
	return p
}

// Files are the texts that the build's container needs, by their paths.
func (v Variation) Files() map[string]string {
	return map[string]string{librarySource: VariationSource}
}

// Prepare are the commands that ready the container, as root: they link the folders of
// the variation to where Kiln itself looks for them, and compile the library.
func (v Variation) Prepare() [][]string {
	return [][]string{
		{"ln", "-s", v.Root + plan.SourceDir, plan.SourceDir},
		{"ln", "-s", v.Root + plan.OutputDir, plan.OutputDir},
		{"gcc", "-shared", "-fPIC", "-O1", "-o", library, librarySource},
	}
}

// Markers are the traces that the variation may leave, in a kernel with these options.
func (v Variation) Markers(options map[string]string) Markers {
	return Markers{Places: []string{v.Root}, Hosts: []string{v.Host}, Options: options}
}

// step moves a step to the folders of the variation.
func (v Variation) step(s plan.Step) plan.Step {
	s.Argv = slices.Clone(s.Argv)
	for i := range s.Argv {
		s.Argv[i] = v.word(s.Argv[i])
	}
	s.Dir = v.word(s.Dir)
	return s
}

// word moves a word of a command to the folders of the variation.
func (v Variation) word(word string) string {
	source, output := plan.SourceDir, plan.OutputDir
	return strings.NewReplacer(source+"/", v.Root+source+"/", output+"/", v.Root+output+"/",
		"O="+output, "O="+v.Root+output,
		"map="+source+"=", "map="+v.Root+source+"=", "map="+output+"=", "map="+v.Root+output+"=").Replace(v.folder(word))
}

// folder moves a word that is one of the folders itself.
func (v Variation) folder(word string) string {
	if word == plan.SourceDir || word == plan.OutputDir {
		return v.Root + word
	}
	return word
}
