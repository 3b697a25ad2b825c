package toolkit

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/gobuild"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/kernel/builder"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/planner"
	"github.com/romanatrashyonok/kiln/internal/kernel/record"
	"github.com/romanatrashyonok/kiln/internal/kernel/reproduce"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/kernel/track"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// What the methods of Kernels return. Each is printed to Options.Stdout as well.
type (
	KernelSettings     = spec.File             // kernel/kernels.toml with the environment over it
	KernelSource       = source.Tree           // a verified source
	KernelPlan         = plan.Plan             // everything that decides a build
	KernelConfig       = kconfig.Configuration // what became of each asked option
	KernelEdit         = builder.Edit          // a change by menuconfig
	KernelResult       = result.Result         // a built kernel in the engine
	KernelFiles        = result.Extracted      // a built kernel in dist/
	KernelBoot         = boot.Report           // boot.json
	KernelReproduction = reproduce.Report      // the comparison with a second build
	KernelProvenance   = record.Provenance     // from the source to the booted image
	KernelTracking     = track.Tracking        // releases and ends of life
	KernelUpdate       = track.Update          // a change of the lock
	KernelToolchain    = track.ToolchainUpdate // a change of what a toolchain is pinned to
	KernelMatrix       = track.Matrix          // jobs for CI
)

// Choice selects kernels of kernels.toml. An empty Name is all of them, an empty Arch all
// architectures of the kernel. Version, if not empty, replaces what the file asks for.
type Choice = spec.Choice

// Kernels is the kernel half of a project: what kernel/kernels.toml describes.
type Kernels struct{ p *Project }

// Settings returns kernels.toml with the environment over it and defaults filled in.
func (k *Kernels) Settings() KernelSettings { return k.p.kernels.Value }

// Build builds the chosen kernels in parallel, unless nothing has changed, and prints a line
// for each.
func (k *Kernels) Build(ctx context.Context, c Choice) ([]KernelResult, error) {
	var results []KernelResult
	err := buildEach(ctx, k, c, func(_ *kernelTools, r KernelResult) error {
		results = append(results, r)
		return nil
	})
	return results, err
}

// BuildPlan builds the plans in a file that KILN_OUTPUT=json prints of Plan, on this machine or on
// a different one, and prints a line for each.
func (k *Kernels) BuildPlan(ctx context.Context, file string) ([]KernelResult, error) {
	plans, err := builder.ReadPlans(file)
	if err != nil {
		return nil, err
	}
	specs, err := k.specs(Choice{})
	if err != nil {
		k.p.console.Logf("patches and files are searched beside the plan alone: %v", err)
	}
	b, err := k.builder(ctx)
	if err != nil {
		return nil, err
	}
	var results []KernelResult
	var errs []error
	for _, p := range plans {
		r, err := b.BuildPlan(ctx, p, specs, filepath.Dir(file))
		if ctx.Err() != nil {
			return results, err
		}
		if err != nil { // the others do not depend on it
			errs = append(errs, err)
			continue
		}
		results = append(results, r)
		k.p.console.RecordOutcome(r.Folder(), "build", r.Outcome())
		if err := k.p.console.Result(r, r.String()); err != nil {
			return results, err
		}
	}
	return results, errors.Join(errs...)
}

// Fetch downloads and verifies the sources of the chosen kernels, nothing else, and prints the
// state of each.
func (k *Kernels) Fetch(ctx context.Context, c Choice) ([]KernelSource, error) {
	return each(ctx, k, c, func(b *kernelTools, s spec.Spec) (KernelSource, error) {
		tree, err := b.Fetch(ctx, s)
		if err != nil {
			return tree, err
		}
		text := fmt.Sprintf("%s: %s: %s %s", s, tree.Ref, tree.Signature.Status, tree.Signature.Signer)
		return tree, k.p.console.Result(tree, strings.TrimSpace(text))
	})
}

// Plan prints the plan of each chosen kernel: what the build needs, and every step. No step
// is run.
func (k *Kernels) Plan(ctx context.Context, c Choice) ([]KernelPlan, error) {
	return each(ctx, k, c, func(b *kernelTools, s spec.Spec) (KernelPlan, error) {
		p, err := b.Plan(ctx, s)
		if err != nil {
			return p, err
		}
		text := planner.Text(p)
		if changed := b.Changes(ctx, p); changed != "" {
			text += "  changed    since the last build: " + changed + "\n"
		}
		return p, k.p.console.Result(p, text)
	})
}

// Config configures the chosen kernels, compiles nothing, and prints what became of each
// asked option, and why. A lost option is an error after all kernels are configured.
func (k *Kernels) Config(ctx context.Context, c Choice) ([]KernelConfig, error) {
	var lost []error
	configs, err := each(ctx, k, c, func(b *kernelTools, s spec.Spec) (KernelConfig, error) {
		config, err := b.Configure(ctx, s)
		if err != nil {
			return config, err
		}
		lost = append(lost, config.Err())
		return config, k.p.console.Result(config, config.String())
	})
	if err != nil {
		return configs, err
	}
	return configs, kconfig.Lost(lost)
}

// Menuconfig edits the configuration of the one chosen kernel on the process's terminal, and
// writes the minimal difference back into its last fragment.
func (k *Kernels) Menuconfig(ctx context.Context, c Choice) (KernelEdit, error) {
	s, b, err := one(ctx, k, c, "menuconfig")
	if err != nil {
		return KernelEdit{}, err
	}
	edit, err := b.Menuconfig(ctx, s, k.dir(), k.p.options.Stdin, k.p.options.terminal())
	if err != nil {
		return edit, err
	}
	return edit, k.p.console.Result(edit, edit.String())
}

// Shell opens a shell on the process's terminal where the build of the one chosen kernel runs.
func (k *Kernels) Shell(ctx context.Context, c Choice) error {
	s, b, err := one(ctx, k, c, "shell")
	if err != nil {
		return err
	}
	return b.Shell(ctx, s, k.p.options.Stdin, k.p.options.terminal())
}

// Extract copies the chosen kernels that are built into dist/kernels, checked by sha256, and
// prints the folder of each. That none is built is an error.
func (k *Kernels) Extract(ctx context.Context, c Choice) ([]KernelFiles, error) {
	var list []KernelFiles
	err := eachBuilt(ctx, k, c, func(b *kernelTools, built KernelResult) error {
		files, err := b.extract(ctx, built)
		list = append(list, files)
		return err
	})
	return list, err
}

// dir returns the folder of kernels.toml.
func (k *Kernels) dir() string { return filepath.Dir(k.p.path(KernelFile)) }

// specs returns the chosen kernels of the file.
func (k *Kernels) specs(c Choice) ([]spec.Spec, error) {
	return k.p.kernels.Value.Specs(k.dir(), c, k.p.kernels.Origin)
}

// kernelTools builds, boots and tracks kernels.
type kernelTools struct {
	*builder.Builder
	booter  *boot.Booter
	tracker *track.Tracker
}

// builder returns the tools, connected to the engine.
func (k *Kernels) builder(ctx context.Context) (*kernelTools, error) {
	e, err := k.p.engine(ctx)
	if err != nil {
		return nil, err
	}
	return k.newBuilder(e)
}

// newBuilder returns the tools. Without an engine, nil, they know the lock and kernel.org.
func (k *Kernels) newBuilder(e *engine.Client) (*kernelTools, error) {
	cache, err := k.p.cache()
	if err != nil {
		return nil, err
	}
	lock, err := track.ReadLock(filepath.Join(k.dir(), track.LockFile))
	if err != nil {
		return nil, err
	}
	c, file := k.p.console, k.p.kernels.Value
	client := upstream.New(file.Upstream, k.dir(), cache, c)
	b := builder.New(builder.Config{
		Engine: e, Console: c, Upstream: client, Lock: lock, Limits: file.Build, Dir: k.dir(), Cache: cache, Dist: k.p.path(Dist),
		Compiler: gobuild.Compiler{Cache: cache, Environ: k.p.options.Env}, Environ: k.p.options.Env, Term: k.p.options.getenv("TERM"),
	})
	return &kernelTools{
		Builder: b,
		booter:  &boot.Booter{Engine: e, Images: b.Images, Console: c, Init: boot.InitProgram{Cache: cache, Environ: k.p.options.Env}},
		tracker: &track.Tracker{Upstream: client, Releases: b.Sources, Console: c, Lock: lock},
	}, nil
}

// each calls do for every chosen kernel, in the order of the file, and collects what it
// returns up to the first error.
func each[T any](ctx context.Context, k *Kernels, c Choice, do func(*kernelTools, spec.Spec) (T, error)) ([]T, error) {
	specs, err := k.specs(c)
	if err != nil {
		return nil, err
	}
	b, err := k.builder(ctx)
	if err != nil {
		return nil, err
	}
	var list []T
	for _, s := range specs {
		value, err := do(b, s)
		if err != nil {
			return list, err
		}
		list = append(list, value)
	}
	return list, nil
}

// one returns the one kernel that is chosen. target names the Mage target for the hint.
func one(ctx context.Context, k *Kernels, c Choice, target string) (spec.Spec, *kernelTools, error) {
	specs, err := k.specs(c)
	if err != nil {
		return spec.Spec{}, nil, err
	}
	if len(specs) > 1 {
		var names []string
		for _, s := range specs {
			names = append(names, s.String())
		}
		return spec.Spec{}, nil, fault.New(fault.Usage, "go tool mage kernel:"+target+" -name="+specs[0].Name+" -arch="+specs[0].Arch.Name,
			"choose one kernel: %d match: %s", len(specs), strings.Join(names, ", "))
	}
	b, err := k.builder(ctx)
	return specs[0], b, err
}

// buildEach builds the chosen kernels in parallel, prints each result, and calls do with it.
func buildEach(ctx context.Context, k *Kernels, c Choice, do func(*kernelTools, KernelResult) error) error {
	specs, err := k.specs(c)
	if err != nil {
		return err
	}
	b, err := k.builder(ctx)
	if err != nil {
		return err
	}
	return b.BuildAll(ctx, specs, func(r KernelResult) error {
		k.p.console.RecordOutcome(r.Folder(), "build", r.Outcome())
		if err := k.p.console.Result(r, r.String()); err != nil {
			return err
		}
		return do(b, r)
	})
}

// eachBuilt calls do for every chosen kernel that is built, and logs which are not. That none
// is built is an error.
func eachBuilt(ctx context.Context, k *Kernels, c Choice, do func(*kernelTools, KernelResult) error) error {
	var missing []error
	built, err := each(ctx, k, c, func(b *kernelTools, s spec.Spec) (bool, error) {
		r, err := b.Built(ctx, s)
		if errors.Is(err, result.ErrNotBuilt) {
			missing = append(missing, err)
			return false, nil
		}
		if err != nil {
			return false, err
		}
		return true, do(b, r)
	})
	if err != nil || len(missing) == len(built) {
		return errors.Join(append(missing, err)...)
	}
	for _, err := range missing {
		k.p.console.Logf("left out: %v", err)
	}
	return nil
}

// extract copies a built kernel into dist/ and prints its folder.
func (b *kernelTools) extract(ctx context.Context, built KernelResult) (KernelFiles, error) {
	files, err := b.Folder.Extract(ctx, built)
	if err != nil {
		return files, err
	}
	size := report.Bytes(files.Bytes)
	b.Console.RecordOutcome(built.Folder(), "extract", fmt.Sprintf("%d files, %s", files.Files, size))
	how := "unchanged, every file verified"
	if files.Copied {
		how = "copied and verified"
	}
	return files, b.Console.Result(files, fmt.Sprintf("%s: %d files, %s, %s", files.Folder, files.Files, size, how))
}
