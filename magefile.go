//go:build mage

//mage:multiline

// Kiln fires two kinds of ware in containers and proves each before it leaves:
// a site image (Nginx with your page) and Linux kernels for any architecture.
//
//	go tool mage setup all     everything, from nothing
//	go tool mage doctor        what this machine has and lacks
//	go tool mage -h TARGET     a target's flags
//
// The site is described in site/site.toml, the kernels in kernel/kernels.toml.
package main

import (
	"context"

	"github.com/magefile/mage/mg"

	"github.com/romanatrashyonok/kiln/internal/cliargs"
	"github.com/romanatrashyonok/kiln/internal/kernel"
	"github.com/romanatrashyonok/kiln/toolkit"
)

// init refuses a call that cannot be carried out whole, before any target runs.
func init() { cliargs.MustCheck(nil) }

// Aliases are further names: mage kernel is mage kernel:all, and no Go function can
// be called 386.
var Aliases = map[string]any{"image": Image.Build, "kernel": Kernel.All, "kernel:386": Kernel.I386, "test": Test.All}

// run does the work of a target and makes its error the exit code.
func run(ctx context.Context, work toolkit.Work) error {
	if code, text := toolkit.Run(ctx, work); code != 0 {
		return mg.Fatal(code, text)
	}
	return nil
}

// Setup installs and starts what is missing: a Docker engine, QEMU, and what the tests need.
func Setup(ctx context.Context) error {
	return run(ctx, (*toolkit.Project).Setup)
}

// Doctor says what this machine has and lacks, with the command that mends it.
func Doctor(ctx context.Context) error {
	return run(ctx, (*toolkit.Project).Doctor)
}

// Image holds the targets of the site image.
type Image mg.Namespace

// Build builds the site image; mage image is short for it.
func (Image) Build(ctx context.Context) error {
	return run(ctx, (*toolkit.Project).Image)
}

// Reproduce makes the site image again out of its commit, and compares the digests.
func (Image) Reproduce(ctx context.Context) error {
	return run(ctx, (*toolkit.Project).ReproduceImage)
}

// Track says whether the base's tag has moved, and how old the locked one is.
func (Image) Track(ctx context.Context,
	fail *bool, // end with exit code 1 if it has
) error {
	return run(ctx, func(w *toolkit.Project, ctx context.Context) error {
		return w.TrackImage(ctx, fail != nil && *fail)
	})
}

// Update moves base.lock.json to what the base's tag names now.
func (Image) Update(ctx context.Context) error {
	return run(ctx, (*toolkit.Project).UpdateImage)
}

// Verify runs the site image as in production and proves it by what it serves.
func Verify(ctx context.Context) error {
	return run(ctx, (*toolkit.Project).Verify)
}

// Push publishes the site image: proven, pulled back by digest, proven again, then tagged.
func Push(ctx context.Context) error {
	return run(ctx, (*toolkit.Project).Push)
}

// Serve runs the site image here until Ctrl-C.
func Serve(ctx context.Context) error {
	return run(ctx, (*toolkit.Project).Serve)
}

// Kernel holds the targets of the kernels.
type Kernel mg.Namespace

// All builds every kernel of kernels.toml; mage kernel is short for it.
func (Kernel) All(ctx context.Context,
	name *string, // the kernel of the file to build; all of them if not given
	version *string, // the version to build instead of the file's
) error {
	return build(ctx, "", name, version)
}

// Build builds the kernels that the flags choose.
func (Kernel) Build(ctx context.Context,
	name *string, // the kernel of the file to build; all of them if not given
	arch *string, // the architecture; all of the kernel's if not given
	version *string, // the version to build instead of the file's
) error {
	return build(ctx, value(arch), name, version)
}

// Amd64 builds the kernels for 64-bit PCs and servers.
func (Kernel) Amd64(ctx context.Context,
	name *string, // the kernel of the file to build
	version *string, // the version to build instead of the file's
) error {
	return build(ctx, "amd64", name, version)
}

// I386 builds the kernels for 32-bit PCs.
func (Kernel) I386(ctx context.Context,
	name *string, // the kernel of the file to build
	version *string, // the version to build instead of the file's
) error {
	return build(ctx, "386", name, version)
}

// Arm64 builds the kernels for 64-bit ARM.
func (Kernel) Arm64(ctx context.Context,
	name *string, // the kernel of the file to build
	version *string, // the version to build instead of the file's
) error {
	return build(ctx, "arm64", name, version)
}

// Arm builds the kernels for 32-bit ARM.
func (Kernel) Arm(ctx context.Context,
	name *string, // the kernel of the file to build
	version *string, // the version to build instead of the file's
) error {
	return build(ctx, "arm", name, version)
}

// Riscv64 builds the kernels for 64-bit RISC-V.
func (Kernel) Riscv64(ctx context.Context,
	name *string, // the kernel of the file to build
	version *string, // the version to build instead of the file's
) error {
	return build(ctx, "riscv64", name, version)
}

// Ppc64le builds the kernels for 64-bit POWER.
func (Kernel) Ppc64le(ctx context.Context,
	name *string, // the kernel of the file to build
	version *string, // the version to build instead of the file's
) error {
	return build(ctx, "ppc64le", name, version)
}

// S390x builds the kernels for IBM mainframes.
func (Kernel) S390x(ctx context.Context,
	name *string, // the kernel of the file to build
	version *string, // the version to build instead of the file's
) error {
	return build(ctx, "s390x", name, version)
}

// Mips builds the kernels for 32-bit MIPS.
func (Kernel) Mips(ctx context.Context,
	name *string, // the kernel of the file to build
	version *string, // the version to build instead of the file's
) error {
	return build(ctx, "mips", name, version)
}

// Loong64 builds the kernels for 64-bit LoongArch.
func (Kernel) Loong64(ctx context.Context,
	name *string, // the kernel of the file to build
	version *string, // the version to build instead of the file's
) error {
	return build(ctx, "loong64", name, version)
}

// Track says what is new at kernel.org, and what is at its end of life.
func (Kernel) Track(ctx context.Context,
	name *string, // the kernel of the file; all of them if not given
	fail *bool, // end with exit code 1 if there is something to do
) error {
	return run(ctx, func(w *toolkit.Project, ctx context.Context) error {
		return w.Track(ctx, choice(name, nil, nil), fail != nil && *fail)
	})
}

// Update moves kernels.lock.json to the newest releases that the file asks for.
func (Kernel) Update(ctx context.Context,
	name *string, // the kernel of the file; all of them if not given
	downgrade *bool, // accept an older release than the lock has
) error {
	return run(ctx, func(w *toolkit.Project, ctx context.Context) error {
		return w.Update(ctx, choice(name, nil, nil), downgrade != nil && *downgrade)
	})
}

// Matrix prints the jobs that CI can split the kernels into, as JSON.
func (Kernel) Matrix(ctx context.Context,
	name *string, // the kernel of the file; all of them if not given
	arch *string, // the architecture; all of the kernel's if not given
) error {
	return run(ctx, func(w *toolkit.Project, ctx context.Context) error {
		return w.Matrix(ctx, choice(name, arch, nil))
	})
}

// Fetch fetches and verifies the sources, nothing else, and prints each one's state.
func (Kernel) Fetch(ctx context.Context,
	name *string, // the kernel of the file
	arch *string, // the architecture
	version *string, // the version instead of the file's
) error {
	return run(ctx, func(w *toolkit.Project, ctx context.Context) error {
		return w.Fetch(ctx, choice(name, arch, version))
	})
}

// Plan prints what a build needs and every step of it, before anything runs.
func (Kernel) Plan(ctx context.Context,
	name *string, // the kernel of the file
	arch *string, // the architecture
	version *string, // the version instead of the file's
) error {
	return run(ctx, func(w *toolkit.Project, ctx context.Context) error {
		return w.Plan(ctx, choice(name, arch, version))
	})
}

// Config says what became of every option that the kernels ask for, and why; nothing is compiled.
func (Kernel) Config(ctx context.Context,
	name *string, // the kernel of the file
	arch *string, // the architecture
	version *string, // the version instead of the file's
) error {
	return run(ctx, func(w *toolkit.Project, ctx context.Context) error {
		return w.KernelConfig(ctx, choice(name, arch, version))
	})
}

// Menuconfig edits a kernel's configuration in its container, and writes the least of it back.
func (Kernel) Menuconfig(ctx context.Context,
	name *string, // the kernel of the file
	arch *string, // the architecture
	version *string, // the version instead of the file's
) error {
	return run(ctx, func(w *toolkit.Project, ctx context.Context) error {
		return w.Menuconfig(ctx, choice(name, arch, version))
	})
}

// Boot boots the kernels that are built, in QEMU, and gives a verdict on each.
func (Kernel) Boot(ctx context.Context,
	name *string, // the kernel of the file; all of them if not given
	arch *string, // the architecture; all of the kernel's if not given
	version *string, // the version instead of the file's
	junit *string, // a file to write the verdicts to, as JUnit's XML
) error {
	return run(ctx, func(w *toolkit.Project, ctx context.Context) error {
		return w.Boot(ctx, choice(name, arch, version), value(junit))
	})
}

// Reproduce builds the kernels once more, in other surroundings, and compares byte by byte.
func (Kernel) Reproduce(ctx context.Context,
	name *string, // the kernel of the file; all of them if not given
	arch *string, // the architecture; all of the kernel's if not given
	version *string, // the version instead of the file's
) error {
	return run(ctx, func(w *toolkit.Project, ctx context.Context) error {
		return w.Reproduce(ctx, choice(name, arch, version))
	})
}

// Why tells the story of the kernels in dist/: from the signed source to the booted image.
func (Kernel) Why(ctx context.Context,
	name *string, // the kernel, or the beginning of its folder's name; all of them if not given
) error {
	return run(ctx, func(w *toolkit.Project, _ context.Context) error { return w.Why(value(name)) })
}

// Shell opens a shell where a kernel's build runs.
func (Kernel) Shell(ctx context.Context,
	name *string, // the kernel of the file
	arch *string, // the architecture
	version *string, // the version instead of the file's
) error {
	return run(ctx, func(w *toolkit.Project, ctx context.Context) error {
		return w.Shell(ctx, choice(name, arch, version))
	})
}

// Extract copies the built kernels into dist/kernels, checked by sha256.
func Extract(ctx context.Context,
	name *string, // the kernel's name in kernels.toml
	arch *string, // the architecture
	version *string, // the version instead of the file's
) error {
	return run(ctx, func(w *toolkit.Project, ctx context.Context) error {
		return w.Extract(ctx, choice(name, arch, version))
	})
}

// All does the main job: image, verify, kernel, extract, boot; pushes only with KILN_PUSH=1.
func All(ctx context.Context) error {
	return run(ctx, (*toolkit.Project).All)
}

// Config prints the effective configuration, with the origin of each value.
func Config(ctx context.Context) error {
	return run(ctx, (*toolkit.Project).Config)
}

// Bench measures Kiln against how it is done without, side by side, into dist/bench.json.
func Bench(ctx context.Context,
	only *string, // the benchmarks that fit this expression, as Kernel or Defconfig; else all but Defconfig, which takes as long as all others
) error {
	return run(ctx, func(w *toolkit.Project, ctx context.Context) error { return w.Bench(ctx, value(only)) })
}

// Test holds the targets of the test suite.
type Test mg.Namespace

// All runs the test suite that CI runs, on the real engine; mage test is short for it.
func (Test) All(ctx context.Context) error {
	return run(ctx, (*toolkit.Project).Test)
}

// Full runs it with what takes hours: all nine architectures built twice and booted, and kills.
func (Test) Full(ctx context.Context) error {
	return run(ctx, (*toolkit.Project).TestFull)
}

// Lint runs gofmt, go vet and staticcheck, with and without the mage tag.
func Lint(ctx context.Context) error {
	return run(ctx, (*toolkit.Project).Lint)
}

// Clean removes dist/.
func Clean(ctx context.Context) error {
	return run(ctx, (*toolkit.Project).Clean)
}

// Prune removes Kiln's containers, volumes and images from the engine.
func Prune(ctx context.Context) error {
	return run(ctx, (*toolkit.Project).Prune)
}

// build builds the chosen kernels.
func build(ctx context.Context, arch string, name, version *string) error {
	return run(ctx, func(w *toolkit.Project, ctx context.Context) error {
		return w.Kernel(ctx, choice(name, &arch, version))
	})
}

func choice(name, arch, version *string) kernel.Choice {
	return kernel.Choice{Name: value(name), Arch: value(arch), Version: value(version)}
}

// value gives what a flag was set to, or "".
func value(flag *string) string {
	if flag == nil {
		return ""
	}
	return *flag
}
