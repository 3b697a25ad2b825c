// Package plan makes a build a value: everything that decides what comes out of it, and
// nothing that does not. A Plan is printed, hashed, compared and run; a Manifest records
// what came out. It is pure: no engine, no clock, no environment.
//
//	Spec + source.Ref + Toolchain -> Plan
package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/romanatrashyonok/kiln/internal/kernel/spec"

	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// The folders of a build container.
const (
	SourceDir = "/source" // the kernel's tree, read-only
	OutputDir = "/output" // make's O=
	CacheDir  = "/ccache"
	InputDir  = "/input"  // the fragments of the configuration
	ResultDir = "/kernel" // the artefacts: this folder becomes the result image
)

// BuildUser is the user that builds, as UID:GID: not root.
const BuildUser = "1000:1000"

// ProbeDir keeps what compilers answered when they were asked what they can do (see
// kiln-cc), a folder for each toolchain.
const ProbeDir = CacheDir + "/kiln-probes"

// Mount puts a volume into the build's container.
type Mount struct {
	Volume   string `json:"volume"`
	Path     string `json:"path"`
	ReadOnly bool   `json:"readonly,omitempty"`
}

// Plan is a whole build as a value: everything that decides what comes out, and
// nothing that does not. It is printed, hashed, compared and run.
type Plan struct {
	Name      string         `json:"name"`
	Version   string         `json:"version"`
	Arch      string         `json:"arch"`
	Source    source.Ref     `json:"source"`
	Patches   []source.Patch `json:"patches,omitempty"`
	Toolchain Toolchain      `json:"toolchain"`
	Config    []spec.Item    `json:"config"`
	User      string         `json:"user"`
	Network   string         `json:"network"`
	Env       []string       `json:"env"`
	Mounts    []Mount        `json:"mounts"`
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

// New puts together what is to be built, from which source, with which tools.
func New(s spec.Spec, ref source.Ref, tools Toolchain) Plan {
	p := Plan{
		Name: s.Name, Version: ref.Version.String(), Arch: s.Arch.Name,
		Source: ref, Patches: s.Patches, Toolchain: tools, Config: s.Config,
		User: BuildUser, Network: "none",
	}
	p.Env = environment(s)
	p.Mounts = []Mount{
		{Volume: source.Volume(ref, s.Patches), Path: SourceDir, ReadOnly: true},
		{Volume: p.OutputVolume(), Path: OutputDir},
		{Volume: "kiln-ccache-" + s.Arch.Name, Path: CacheDir},
	}
	p.Steps = append(configure(s), compile(s)...)
	return p
}

// WithOutputSuffix returns the plan with a different volume for the output, for work
// beside a build.
func (p Plan) WithOutputSuffix(suffix string) Plan {
	p.Mounts = slices.Clone(p.Mounts)
	for i := range p.Mounts {
		if p.Mounts[i].isOutput() {
			p.Mounts[i].Volume += suffix
		}
	}
	return p
}

// Output names the volume of the output tree, wherever the plan mounts it.
func (p Plan) Output() string {
	for _, m := range p.Mounts {
		if m.isOutput() {
			return m.Volume
		}
	}
	return ""
}

// isOutput reports whether the output tree is mounted there, or, of a rebuild that varies
// its folders, below a different root.
func (m Mount) isOutput() bool { return strings.HasSuffix(m.Path, OutputDir) }

// OutputVolume names the volume of the output tree: one for a kernel, which each of
// its builds goes on with where it can, see reuse.
func (p Plan) OutputVolume() string { return "kiln-output-" + p.Name + "-" + p.Arch }

// environment is what the commands see and what decides the result. Time, user and
// host of a build would stand in the kernel; the time is the source's own and is
// added when that is known (see job.env).
func environment(s spec.Spec) []string {
	return slices.Concat([]string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/tmp", "LC_ALL=C", "TZ=UTC",
		"ARCH=" + s.Arch.Kernel,
	}, s.Compiler.Env, []string{
		"KBUILD_BUILD_USER=kiln", "KBUILD_BUILD_HOST=kiln", "KBUILD_BUILD_VERSION=1",
		"LOCALVERSION=", // set, even empty, it keeps scripts/setlocalversion from adding "+"
	})
}

// Make returns a call of the kernel's make. The number of jobs is not in it: that decides how
// long a build takes, and comes in MAKEFLAGS when it runs. Both compilers are named in
// every call, with what keeps their objects and answers: those of another would be made
// again.
func Make(s spec.Spec, words ...string) []string {
	return append([]string{
		"make", "-C", SourceDir, "O=" + OutputDir, "HOSTCC=kiln-cc gcc", "CC=kiln-cc " + s.Compiler.CC + PrefixMapFlags,
	}, words...)
}

// configure gives the steps that make the configuration, in the order of the file.
func configure(s spec.Spec) []Step {
	items := s.Config
	steps := []Step{{
		Name: "prepare", Root: true,
		Argv: []string{"install", "-d", "-o", "1000", "-g", "1000", OutputDir, CacheDir, ProbeDir, ResultDir},
	}}
	if len(items) == 0 || items[0].Target == "" { // a whole .config is a fragment of nothing
		steps = append(steps, Step{Name: "empty", Argv: []string{"cp", "/dev/null", ConfigFile}})
	}
	for n, item := range items {
		if item.Target != "" {
			steps = append(steps, Step{Name: item.Target, Argv: Make(s, s.Arch.ConfigTarget(item.Target)), Out: []string{ConfigFile}})
			continue
		}
		steps = append(steps, Step{
			Name: "merge " + item.Fragment, Dir: OutputDir, // it puts its temporary file into its working folder
			Argv: []string{SourceDir + "/scripts/kconfig/merge_config.sh", "-m", "-O", OutputDir, ConfigFile, FragmentPath(n)},
			In:   []string{ConfigFile, FragmentPath(n)}, Out: []string{ConfigFile},
		})
	}
	return append(steps, Step{Name: "olddefconfig", Argv: Make(s, "olddefconfig"), Checks: true, In: []string{ConfigFile}, Out: []string{ConfigFile}})
}

// AskedHash returns the sha256, in hex, of the steps that make the configuration and of
// their input.
func (p Plan) AskedHash() string {
	text, _ := json.Marshal([]any{p.Config, p.Steps[:p.ChecksAt()+1]}) // plain values: cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// ChecksAt gives the index of the step that makes the configuration final.
func (p Plan) ChecksAt() int {
	return slices.IndexFunc(p.Steps, func(s Step) bool { return s.Checks })
}

// ConfigFile is the configuration in the output tree.
const ConfigFile = OutputDir + "/.config"

// FragmentPath is where the nth part of the configuration lies in the container.
func FragmentPath(n int) string { return fmt.Sprintf("%s/%d.config", InputDir, n) }

// modulesDir is where modules are installed before they are packed.
const modulesDir = "/tmp/modules"

// compile gives the steps that make the kernel and collect the artefacts.
func compile(s spec.Spec) []Step {
	a, c := s.Arch, s.Compiler
	image := OutputDir + "/" + a.Image
	steps := append(deviceTrees(s), []Step{
		{Name: "compile", Argv: Make(s, a.Target), In: []string{ConfigFile}, Out: []string{image, OutputDir + "/System.map"}},
		{Name: "modules", When: "CONFIG_MODULES", Argv: Make(s, "modules"), Out: []string{OutputDir + "/modules.order"}},
		collectImage(a, c), collect("System.map", "System.map"), collect(".config", "config"),
	}...)
	return slices.Concat(steps, modules(s), []Step{
		pack("headers", "CONFIG_HEADERS_INSTALL", OutputDir+"/usr", "include", ".*"), // make's own notes
		{
			Name: "collect debug info", When: "CONFIG_DEBUG_INFO", In: []string{OutputDir + "/vmlinux"}, Out: []string{ResultDir + "/vmlinux.debug"},
			Argv: []string{c.Tools + "objcopy", "--only-keep-debug", OutputDir + "/vmlinux", ResultDir + "/vmlinux.debug"},
		},
	})
}

// PrefixMapFlags are the flags that keep the build's folders out of debug information, and out
// of the build id that sums it up (the kernel's Documentation/kbuild/reproducible-builds.rst).
const PrefixMapFlags = " -ffile-prefix-map=" + SourceDir + "=. -ffile-prefix-map=" + OutputDir + "=."

// modules installs the modules, which has depmod look for symbols that nobody
// provides, and packs them.
func modules(s spec.Spec) []Step {
	return []Step{
		{
			Name: "install modules", When: "CONFIG_MODULES", Clean: true, In: []string{OutputDir + "/modules.order"},
			Argv: Make(s, "INSTALL_MOD_PATH="+modulesDir, "INSTALL_MOD_STRIP=1", "modules_install"),
		},
		// Without links to the folders of the build; older series have both.
		pack("modules", "CONFIG_MODULES", modulesDir, "lib", "lib/modules/*/build", "lib/modules/*/source"),
	}
}

// deviceTrees compiles and installs the descriptions of the boards that are configured:
// first of all, since a fault in them shows within seconds.
func deviceTrees(s spec.Spec) []Step {
	if !s.Arch.DeviceTrees {
		return nil
	}
	return []Step{
		{Name: "device trees", When: "CONFIG_DTC", Argv: Make(s, "dtbs")},
		{Name: "install device trees", When: "CONFIG_DTC", Argv: Make(s, "INSTALL_DTBS_PATH="+ResultDir+"/dtbs", "dtbs_install")},
	}
}

// pack gives the step that packs a folder of a folder, without what fits some patterns:
// the same files give the same bytes.
func pack(name, when, dir, what string, without ...string) Step {
	file := ResultDir + "/" + name + ".tar.zst"
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
	source, dest := OutputDir+"/"+from, ResultDir+"/"+to
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
