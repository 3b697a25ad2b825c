package targets

import (
	"context"
	"errors"

	"github.com/magefile/mage/mg"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/toolkit"
)

// Kernel holds the targets of the kernels.
type Kernel mg.Namespace

// All builds every kernel of kernels.toml; mage kernel is short for it.
func (Kernel) All(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	version *string, // version to build instead of the file's
) error {
	return build(ctx, choice(name, nil, version))
}

// Build builds the kernels that the flags select.
func (Kernel) Build(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	arch *string, // architecture; all of the kernel's by default
	version *string, // version to build instead of the file's
	plan *string, // file with plans that kernel:plan printed as JSON, to build instead
) error {
	if plan != nil {
		return buildPlan(ctx, *plan, name, arch, version)
	}
	return build(ctx, choice(name, arch, version))
}

// Track reports new releases at kernel.org, and series at their end of life.
func (Kernel) Track(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	fail *bool, // exit with code 1 if there is something to do
) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error {
		tracking, err := p.Kernels().Track(ctx, choice(name, nil, nil))
		if err == nil && value(fail) {
			err = tracking.Err()
		}
		return err
	})
}

// Update moves kernels.lock.json to the newest releases that kernels.toml asks for, or to today's toolchains.
func (Kernel) Update(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	downgrade *bool, // accept an older release than the lock has
	toolchain *bool, // pin the packages of the toolchains instead: those that the archive has now
	publish *string, // push the pinned toolchains' images to this repository, and pin their digests
) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error {
		if publish != nil && *publish == "" {
			return fault.New(fault.Usage, "name a repository, as -publish=registry.example.com/tools", "publish toolchains: -publish is empty")
		}
		if value(toolchain) || value(publish) != "" {
			return second(p.Kernels().UpdateToolchains(ctx, choice(name, nil, nil), value(toolchain), value(publish)))
		}
		return second(p.Kernels().Update(ctx, choice(name, nil, nil), value(downgrade)))
	})
}

// Matrix prints the jobs that CI can split the kernels into, as JSON.
func (Kernel) Matrix(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	arch *string, // architecture; all of the kernel's by default
) error {
	return run(ctx, func(_ context.Context, p *toolkit.Project) error {
		return second(p.Kernels().Matrix(choice(name, arch, nil)))
	})
}

// Fetch downloads and verifies the sources, nothing else, and prints the state of each.
func (Kernel) Fetch(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	arch *string, // architecture; all of the kernel's by default
	version *string, // version instead of the file's
) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error {
		return second(p.Kernels().Fetch(ctx, choice(name, arch, version)))
	})
}

// Plan prints what a build needs and each of its steps; nothing is built.
func (Kernel) Plan(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	arch *string, // architecture; all of the kernel's by default
	version *string, // version instead of the file's
) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error {
		return second(p.Kernels().Plan(ctx, choice(name, arch, version)))
	})
}

// Config checks every option that the kernels ask for and explains the outcome; nothing is compiled.
func (Kernel) Config(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	arch *string, // architecture; all of the kernel's by default
	version *string, // version instead of the file's
) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error {
		return second(p.Kernels().Config(ctx, choice(name, arch, version)))
	})
}

// Menuconfig edits a kernel's configuration in its container, and writes the minimal difference back.
func (Kernel) Menuconfig(ctx context.Context,
	name *string, // kernel of kernels.toml
	arch *string, // architecture
	version *string, // version instead of the file's
) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error {
		return second(p.Kernels().Menuconfig(ctx, choice(name, arch, version)))
	})
}

// Shell opens a shell where a kernel's build runs.
func (Kernel) Shell(ctx context.Context,
	name *string, // kernel of kernels.toml
	arch *string, // architecture
	version *string, // version instead of the file's
) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error {
		return p.Kernels().Shell(ctx, choice(name, arch, version))
	})
}

// Boot boots the built kernels in QEMU and prints a verdict for each.
func (Kernel) Boot(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	arch *string, // architecture; all of the kernel's by default
	version *string, // version instead of the file's
	junit *string, // file to write the verdicts to, as JUnit XML
) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error {
		reports, err := p.Kernels().Boot(ctx, choice(name, arch, version))
		if file := value(junit); file != "" && len(reports) > 0 {
			err = errors.Join(err, toolkit.WriteJUnit(file, reports))
		}
		return err
	})
}

// Reproduce builds the kernels a second time under different conditions, and compares them byte by byte.
func (Kernel) Reproduce(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	arch *string, // architecture; all of the kernel's by default
	version *string, // version instead of the file's
) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error {
		return second(p.Kernels().Reproduce(ctx, choice(name, arch, version)))
	})
}

// Why prints the provenance of the kernels in dist/: from the signed source to the booted image.
func (Kernel) Why(ctx context.Context,
	name *string, // kernel, or the beginning of its folder's name; all of them by default
) error {
	return run(ctx, func(_ context.Context, p *toolkit.Project) error {
		return second(p.Kernels().Why(value(name)))
	})
}

// Extract copies the built kernels into dist/kernels, checked by sha256.
func Extract(ctx context.Context,
	name *string, // kernel of kernels.toml; all of them by default
	arch *string, // architecture; all of the kernel's by default
	version *string, // version instead of the file's
) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error {
		return second(p.Kernels().Extract(ctx, choice(name, arch, version)))
	})
}

// build builds the chosen kernels.
func build(ctx context.Context, c toolkit.Choice) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error { return second(p.Kernels().Build(ctx, c)) })
}

// buildPlan builds the plans in a file, which select kernels by themselves.
func buildPlan(ctx context.Context, file string, selectors ...*string) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error {
		for _, s := range selectors {
			if s != nil {
				return fault.New(fault.Usage, "leave out -name, -arch and -version", "build the plans in %s: a plan says itself what it builds", file)
			}
		}
		return second(p.Kernels().BuildPlan(ctx, file))
	})
}

// choice returns the choice that flags make.
func choice(name, arch, version *string) toolkit.Choice {
	return toolkit.Choice{Name: value(name), Arch: value(arch), Version: value(version)}
}
