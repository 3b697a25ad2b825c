package kernel

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// The folders of a build container.
const (
	sourceDir = "/source" // the kernel's tree, read-only
	outputDir = "/output" // make's O=
	cacheDir  = "/ccache"
	inputDir  = "/input"  // the fragments of the configuration
	resultDir = "/kernel" // the artefacts: this folder becomes the result image
)

// builder is the user that builds: not root.
const builder = "1000:1000"

// Plan is a whole build as a value: everything that decides what comes out, and
// nothing that does not. It is printed, hashed, compared and run.
type Plan struct {
	Name      string         `json:"name"`
	Version   string         `json:"version"`
	Arch      string         `json:"arch"`
	Source    source.Ref     `json:"source"`
	Patches   []source.Patch `json:"patches,omitempty"`
	Toolchain Toolchain      `json:"toolchain"`
	Config    []Item         `json:"config"`
	User      string         `json:"user"`
	Network   string         `json:"network"`
	Env       []string       `json:"env"`
	Mounts    []engine.Mount `json:"mounts"`
	Steps     []Step         `json:"steps"`
}

// Toolchain is the image that builds.
type Toolchain struct {
	Image    string   `json:"image"` // its id
	Packages []string `json:"packages"`
	From     string   `json:"-"` // where its base came from this time; the image's id says what it is
}

// Step is one command of the build.
type Step struct {
	Name string   `json:"name"`
	Argv []string `json:"argv"`
	Dir  string   `json:"dir,omitempty"`
	Root bool     `json:"root,omitempty"` // as root, not as the plan's user
	When string   `json:"when,omitempty"` // only if this option is set in the final configuration
	// Checks says that after this step the configuration is final, and is compared
	// with what was asked.
	Checks bool `json:"checks,omitempty"`
	// Clean says that a complaint is a failure, whatever the exit code.
	Clean bool `json:"clean,omitempty"`
	// In and Out are files that the step reads and makes: the links of the chain that
	// the manifest records, each by its sha256.
	In  []string `json:"in,omitempty"`
	Out []string `json:"out,omitempty"`
}

// Folder names the kernel's folder in dist/kernels: NAME-VERSION-ARCH.
func (p Plan) Folder() string { return p.Name + "-" + p.Version + "-" + p.Arch }

// Hash identifies the build: the sha256 of the plan as JSON, in hex.
func (p Plan) Hash() string {
	text, _ := json.Marshal(p) // plain values: cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// newPlan puts together what is to be built, from which source, with which tools.
func newPlan(s Spec, ref source.Ref, tools Toolchain) Plan {
	p := Plan{
		Name: s.Name, Version: ref.Version.String(), Arch: s.Arch.Name,
		Source: ref, Patches: s.Patches, Toolchain: tools, Config: s.Config,
		User: builder, Network: "none",
	}
	p.Env = environment(s)
	p.Mounts = []engine.Mount{
		{Volume: source.Volume(ref, s.Patches), Path: sourceDir, ReadOnly: true},
		{Volume: p.outputVolume(), Path: outputDir},
		{Volume: "kiln-ccache-" + s.Arch.Name, Path: cacheDir},
	}
	p.Steps = append(configure(s), compile(s)...)
	return p
}

// withOutputSuffix gives the plan with another volume for the output, for work beside a build.
func (p Plan) withOutputSuffix(suffix string) Plan {
	p.Mounts = slices.Clone(p.Mounts)
	for i := range p.Mounts {
		if p.Mounts[i].Path == outputDir {
			p.Mounts[i].Volume += suffix
		}
	}
	return p
}

// mounted names the volume that is mounted at a path.
func (p Plan) mounted(path string) string {
	for _, m := range p.Mounts {
		if m.Path == path {
			return m.Volume
		}
	}
	return ""
}

// outputVolume names the volume of the output tree: one for a kernel, which each of
// its builds goes on with where it can, see reuse.
func (p Plan) outputVolume() string { return "kiln-output-" + p.Name + "-" + p.Arch }

// environment is what the commands see and what decides the result. Time, user and
// host of a build would stand in the kernel; the time is the source's own and is
// added when that is known (see job.env).
func environment(s Spec) []string {
	return slices.Concat([]string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/tmp", "LC_ALL=C", "TZ=UTC",
		"ARCH=" + s.Arch.Kernel,
	}, s.Compiler.Env, []string{
		"KBUILD_BUILD_USER=kiln", "KBUILD_BUILD_HOST=kiln", "KBUILD_BUILD_VERSION=1",
		"LOCALVERSION=", // set, even empty, it keeps scripts/setlocalversion from adding "+"
	})
}

// make is a call of the kernel's make. The number of jobs is not in it: that decides how
// long a build takes, and comes in MAKEFLAGS when it runs. Both compilers are named in
// every call, with what keeps their objects and answers: those of another would be made
// again.
func (s Spec) make(words ...string) []string {
	return append([]string{
		"make", "-C", sourceDir, "O=" + outputDir, "HOSTCC=kiln-cc gcc", "CC=kiln-cc " + s.Compiler.CC + prefixMapFlags,
	}, words...)
}

// configure gives the steps that make the configuration, in the order of the file.
func configure(s Spec) []Step {
	items := s.Config
	steps := []Step{{
		Name: "prepare", Root: true,
		Argv: []string{"install", "-d", "-o", "1000", "-g", "1000", outputDir, cacheDir, probeCacheDir, resultDir},
	}}
	if len(items) == 0 || items[0].Target == "" { // a whole .config is a fragment of nothing
		steps = append(steps, Step{Name: "empty", Argv: []string{"cp", "/dev/null", configFile}})
	}
	for n, item := range items {
		if item.Target != "" {
			steps = append(steps, Step{Name: item.Target, Argv: s.make(s.Arch.ConfigTarget(item.Target)), Out: []string{configFile}})
			continue
		}
		steps = append(steps, Step{
			Name: "merge " + item.Fragment, Dir: outputDir, // it puts its temporary file into its working folder
			Argv: []string{sourceDir + "/scripts/kconfig/merge_config.sh", "-m", "-O", outputDir, configFile, fragmentPath(n)},
			In:   []string{configFile, fragmentPath(n)}, Out: []string{configFile},
		})
	}
	return append(steps, Step{Name: "olddefconfig", Argv: s.make("olddefconfig"), Checks: true, In: []string{configFile}, Out: []string{configFile}})
}

// checks gives the index of the step that makes the configuration final.
func (p Plan) checks() int {
	return slices.IndexFunc(p.Steps, func(s Step) bool { return s.Checks })
}

// configFile is the configuration in the output tree.
const configFile = outputDir + "/.config"

// fragmentPath is where the nth part of the configuration lies in the container.
func fragmentPath(n int) string { return fmt.Sprintf("%s/%d.config", inputDir, n) }

// modulesDir is where modules are installed before they are packed.
const modulesDir = "/tmp/modules"

// compile gives the steps that make the kernel and collect the artefacts.
func compile(s Spec) []Step {
	a, c := s.Arch, s.Compiler
	image := outputDir + "/" + a.Image
	steps := append(deviceTrees(s), []Step{
		{Name: "compile", Argv: s.make(a.Target), In: []string{configFile}, Out: []string{image, outputDir + "/System.map"}},
		{Name: "modules", When: "CONFIG_MODULES", Argv: s.make("modules"), Out: []string{outputDir + "/modules.order"}},
		collectImage(a, c), collect("System.map", "System.map"), collect(".config", "config"),
	}...)
	return slices.Concat(steps, modules(s), []Step{
		pack("headers", "CONFIG_HEADERS_INSTALL", outputDir+"/usr", "include", ".*"), // make's own notes
		{
			Name: "collect debug info", When: "CONFIG_DEBUG_INFO", In: []string{outputDir + "/vmlinux"}, Out: []string{resultDir + "/vmlinux.debug"},
			Argv: []string{c.Tools + "objcopy", "--only-keep-debug", outputDir + "/vmlinux", resultDir + "/vmlinux.debug"},
		},
	})
}

// prefixMapFlags are the flags that keep the build's folders out of debug information, and out
// of the build id that sums it up (the kernel's Documentation/kbuild/reproducible-builds.rst).
const prefixMapFlags = " -ffile-prefix-map=" + sourceDir + "=. -ffile-prefix-map=" + outputDir + "=."

// modules installs the modules, which has depmod look for symbols that nobody
// provides, and packs them.
func modules(s Spec) []Step {
	return []Step{
		{
			Name: "install modules", When: "CONFIG_MODULES", Clean: true, In: []string{outputDir + "/modules.order"},
			Argv: s.make("INSTALL_MOD_PATH="+modulesDir, "INSTALL_MOD_STRIP=1", "modules_install"),
		},
		// Without links to the folders of the build; older series have both.
		pack("modules", "CONFIG_MODULES", modulesDir, "lib", "lib/modules/*/build", "lib/modules/*/source"),
	}
}

// deviceTrees compiles and installs the descriptions of the boards that are configured:
// first of all, since a fault in them shows within seconds.
func deviceTrees(s Spec) []Step {
	if !s.Arch.DeviceTrees {
		return nil
	}
	return []Step{
		{Name: "device trees", When: "CONFIG_DTC", Argv: s.make("dtbs")},
		{Name: "install device trees", When: "CONFIG_DTC", Argv: s.make("INSTALL_DTBS_PATH="+resultDir+"/dtbs", "dtbs_install")},
	}
}

// pack gives the step that packs a folder of a folder, without what fits some patterns:
// the same files give the same bytes.
func pack(name, when, dir, what string, without ...string) Step {
	file := resultDir + "/" + name + ".tar.zst"
	var exclude []string
	for _, pattern := range without {
		exclude = append(exclude, "--exclude="+pattern)
	}
	return Step{
		Name: "pack " + name, When: when, Out: []string{file},
		Argv: slices.Concat([]string{
			"tar", "--create", "--zstd", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "--no-wildcards-match-slash",
		}, exclude, []string{"--file", file, "--directory", dir, what}),
	}
}

// collectImage gives the step that collects the kernel. One that is vmlinux itself
// leaves its debug information behind, which is kept apart.
func collectImage(a arch.Arch, c arch.Compiler) Step {
	name := path.Base(a.Image)
	s := collect(a.Image, name)
	if name == "vmlinux" {
		s.Argv = []string{c.Tools + "objcopy", "--strip-debug", s.In[0], s.Out[0]}
	}
	return s
}

func collect(from, to string) Step {
	source, dest := outputDir+"/"+from, resultDir+"/"+to
	return Step{Name: "collect " + to, Argv: []string{"install", "-m", "644", source, dest}, In: []string{source}, Out: []string{dest}}
}

// String prints the plan for people: every step as a command that a shell takes.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "kernel %s, plan %.16s\n", p.Folder(), p.Hash())
	fmt.Fprintf(&b, "  source     %s, %s\n", p.Source, p.Source.URL)
	for _, patch := range p.Patches {
		fmt.Fprintf(&b, "  patch      %s (%.12s)\n", patch.Name, patch.SHA256)
	}
	fmt.Fprintf(&b, "  toolchain  %.19s (%s), base from %s\n", p.Toolchain.Image, strings.Join(p.Toolchain.Packages, " "), p.Toolchain.From)
	for _, m := range p.Mounts {
		mode := "read-write"
		if m.ReadOnly {
			mode = "read-only"
		}
		fmt.Fprintf(&b, "  mount      %s at %s, %s\n", m.Volume, m.Path, mode)
	}
	fmt.Fprintf(&b, "  runs as    %s, network %s\n", p.User, p.Network)
	for _, e := range p.Env {
		fmt.Fprintf(&b, "  env        %s\n", e)
	}
	for n, s := range p.Steps {
		fmt.Fprintf(&b, "%3d. %-16s %s\n", n+1, s.Name, shellescape.QuoteCommand(s.Argv))
		if s.When != "" {
			fmt.Fprintf(&b, "     only with %s=y\n", s.When)
		}
		if s.Checks {
			fmt.Fprintf(&b, "     then every asked option is compared with the final .config\n")
		}
	}
	return b.String()
}
