package planner

import (
	"path"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// steps returns the commands of a build in the order in which they run.
func steps(s spec.Spec) []plan.Step {
	return slices.Concat(
		in(plan.Configure, configure(s)),
		in(plan.Compile, lay(s), deviceTrees(s), compile(s)), in(plan.Modules, compileModules(s)),
		in(plan.Collect, collect(s), modules(s), extras(s)),
	)
}

// in returns steps as those of a phase.
func in(phase plan.Phase, lists ...[]plan.Step) []plan.Step {
	steps := slices.Concat(lists...)
	for i := range steps {
		steps[i].Phase = phase
	}
	return steps
}

// configure returns the steps that make the configuration, in the order of the file.
func configure(s spec.Spec) []plan.Step {
	var steps []plan.Step
	if len(s.Config) == 0 || s.Config[0].Target == "" { // a whole .config is a fragment of an empty one
		steps = append(steps, plan.Step{Name: "empty", Argv: []string{"cp", "/dev/null", plan.ConfigFile}})
	}
	for n, item := range s.Config {
		if item.Target != "" {
			steps = append(steps, plan.Step{Name: item.Target, Argv: call(s, targetArgs(s, item)...), Out: []string{plan.ConfigFile}})
		} else {
			steps = append(steps, merge(item.Fragment, plan.FragmentPath(n)))
		}
	}
	return append(steps, plan.Step{Name: "olddefconfig", Argv: call(s, "olddefconfig"), In: []string{plan.ConfigFile}, Out: []string{plan.ConfigFile}})
}

// targetArgs returns the arguments of make that select a target of the configuration.
func targetArgs(s spec.Spec, item plan.Item) []string {
	target := s.Arch.ConfigTarget(item.Target)
	if item.Seed != "" {
		return []string{"KCONFIG_SEED=" + item.Seed, target}
	}
	return []string{target}
}

// lay returns the step that copies the files that are laid in the source's tree to the output
// tree as well: the kernel's Makefiles look for some in the one and for some in the other.
func lay(s spec.Spec) []plan.Step {
	if len(s.Files) == 0 {
		return nil
	}
	return []plan.Step{{
		Name: "lay files", Dir: plan.SourceDir,
		Argv: []string{
			"xargs", "--null", "--arg-file=" + plan.FileList, "cp", "--parents", "--recursive", "--no-dereference", "--remove-destination", "--preserve=mode,timestamps", "-t", plan.OutputDir, "--",
		},
	}}
}

// merge returns the step that merges a fragment, a file in the container, into the
// configuration. The kernel's script writes its temporary file to the working folder.
func merge(fragment, file string) plan.Step {
	return plan.Step{
		Name: "merge " + fragment, Dir: plan.OutputDir,
		Argv: []string{plan.SourceDir + "/scripts/kconfig/merge_config.sh", "-m", "-O", plan.OutputDir, plan.ConfigFile, file},
		In:   []string{plan.ConfigFile, file}, Out: []string{plan.ConfigFile},
	}
}

// deviceTrees returns the steps that compile and install the device trees of the
// configured boards: before the kernel, since an error in them shows within seconds.
func deviceTrees(s spec.Spec) []plan.Step {
	if !s.Arch.DeviceTrees {
		return nil
	}
	return []plan.Step{
		{Name: "device trees", When: "CONFIG_DTC", Argv: call(s, "dtbs")},
		{Name: "install device trees", When: "CONFIG_DTC", Argv: call(s, "INSTALL_DTBS_PATH="+plan.ResultDir+"/dtbs", "dtbs_install")},
	}
}

// compile returns the step that compiles the kernel.
func compile(s spec.Spec) []plan.Step {
	return []plan.Step{{
		Name: "compile", Argv: call(s, s.Arch.Target), In: []string{plan.ConfigFile}, Out: []string{plan.OutputDir + "/" + s.Arch.Image, plan.OutputDir + "/System.map"},
	}}
}

// compileModules returns the step that compiles the modules.
func compileModules(s spec.Spec) []plan.Step {
	return []plan.Step{{Name: "modules", When: "CONFIG_MODULES", Argv: call(s, "modules"), Out: []string{plan.OutputDir + "/modules.order"}}}
}

// collect returns the steps that copy the files that every kernel has. The debug
// information of an image that is vmlinux itself is left out: it is kept apart.
func collect(s spec.Spec) []plan.Step {
	name := path.Base(s.Arch.Image)
	image := copyStep(s.Arch.Image, name)
	if name == "vmlinux" {
		image.Argv = []string{s.Compiler.Tools + "objcopy", "--strip-debug", image.In[0], image.Out[0]}
	}
	return []plan.Step{image, copyStep("System.map", "System.map"), copyStep(".config", "config")}
}

// modulesDir is where modules are installed before they are packed.
const modulesDir = "/tmp/modules"

// modules returns the steps that install the modules, where depmod looks for symbols that
// nothing provides, and pack them without the links to the build's folders; older series
// have both links.
func modules(s spec.Spec) []plan.Step {
	return []plan.Step{
		{
			Name: "install modules", When: "CONFIG_MODULES", Clean: true, In: []string{plan.OutputDir + "/modules.order"},
			Argv: call(s, "INSTALL_MOD_PATH="+modulesDir, "INSTALL_MOD_STRIP=1", "modules_install"),
		},
		pack("modules", "CONFIG_MODULES", modulesDir, "lib", "lib/modules/*/build", "lib/modules/*/source"),
	}
}

// btfFile has the content of the section .BTF of vmlinux: the kernel's types.
const btfFile = "/tmp/vmlinux.btf"

// extras returns the steps that collect what only some configurations make: the headers
// for user space, without make's own files, and the debug information. objcopy keeps the types
// in .BTF with the loaded sections, whose content it removes.
func extras(s spec.Spec) []plan.Step {
	vmlinux, debug := plan.OutputDir+"/vmlinux", plan.ResultDir+"/vmlinux.debug"
	return []plan.Step{
		pack("headers", "CONFIG_HEADERS_INSTALL", plan.OutputDir+"/usr", "include", ".*"),
		{
			Name: "collect debug info", When: "CONFIG_DEBUG_INFO", In: []string{vmlinux}, Out: []string{debug},
			Argv: []string{s.Compiler.Tools + "objcopy", "--only-keep-debug", vmlinux, debug},
		},
		{
			Name: "read BTF", When: "CONFIG_DEBUG_INFO_BTF", In: []string{vmlinux}, Out: []string{btfFile},
			Argv: []string{s.Compiler.Tools + "objcopy", "--dump-section", ".BTF=" + btfFile, vmlinux, "/dev/null"},
		},
		{
			Name: "collect BTF", When: "CONFIG_DEBUG_INFO_BTF", In: []string{btfFile, debug}, Out: []string{debug},
			Argv: []string{s.Compiler.Tools + "objcopy", "--remove-section=.BTF", "--add-section=.BTF=" + btfFile, debug},
		},
	}
}

// PrefixMapFlags are the flags that keep the build's folders out of debug information, and out
// of the build id that sums it up (the kernel's Documentation/kbuild/reproducible-builds.rst).
const PrefixMapFlags = " -ffile-prefix-map=" + plan.SourceDir + "=. -ffile-prefix-map=" + plan.OutputDir + "=."

// makeCommand returns how a target of the kernel's Makefile is made. The number of jobs is not
// part of it: that decides how long a build takes, and is passed in MAKEFLAGS when it runs.
// Every call names both compilers behind kiln-cc, which caches objects and the answers to
// probes: make(1) would rebuild what a different command line had compiled.
func makeCommand(s spec.Spec) []string {
	return []string{"make", "-C", plan.SourceDir, "O=" + plan.OutputDir, "HOSTCC=kiln-cc gcc", "CC=kiln-cc " + s.Compiler.CC + PrefixMapFlags}
}

// call returns a call of the kernel's make with more arguments.
func call(s spec.Spec, args ...string) []string { return append(makeCommand(s), args...) }

// copyStep returns the step that copies a file of the output tree to the artefacts.
func copyStep(from, to string) plan.Step {
	source, dest := plan.OutputDir+"/"+from, plan.ResultDir+"/"+to
	return plan.Step{Name: "collect " + to, Argv: []string{"install", "-m", "644", source, dest}, In: []string{source}, Out: []string{dest}}
}

// pack returns the step that packs the folder sub of dir, without what matches a pattern,
// as an artefact. The same files make the same bytes.
func pack(name, when, dir, sub string, exclude ...string) plan.Step {
	file := plan.ResultDir + "/" + name + ".tar.zst"
	argv := []string{"tar", "--create", "--zstd", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "--no-wildcards-match-slash"}
	for _, pattern := range exclude {
		argv = append(argv, "--exclude="+pattern)
	}
	return plan.Step{Name: "pack " + name, When: when, Out: []string{file}, Argv: append(argv, "--file", file, "--directory", dir, sub)}
}
