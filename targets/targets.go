// Package targets holds Kiln's Mage targets. A magefile gets them by an import:
//
//	import (
//		//mage:import
//		"github.com/romanatrashyonok/kiln/targets"
//	)
//
//	// Aliases are short names of targets.
//	var Aliases = map[string]any{
//		"image": targets.Image.Build, "kernel": targets.Kernel.All, "kernel:386": targets.Kernel.I386,
//	}
//
// It exports nothing but targets. They build what site/ and kernel/ in the working directory
// describe; package toolkit is the same for programs.
//
// A call with a mistyped target, an unknown flag or --help ends with exit code 2 before any
// target runs: importing the package is enough for that.
package targets

import (
	"context"

	"github.com/romanatrashyonok/kiln/toolkit"
)

// Setup installs and starts what is missing: a Docker engine, QEMU, and what the tests need.
func Setup(ctx context.Context) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error { return p.Setup(ctx) })
}

// Doctor reports what is installed and how to fix what is missing.
func Doctor(ctx context.Context) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error { return second(p.Doctor(ctx)) })
}

// All does the main job: image, verify, kernel, extract, boot; it pushes only with KILN_PUSH=1.
func All(ctx context.Context) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error { return p.All(ctx) })
}

// Config prints the effective configuration, with the origin of each value.
func Config(ctx context.Context) error {
	return run(ctx, func(_ context.Context, p *toolkit.Project) error { return second(p.Config()) })
}

// Clean removes dist/.
func Clean(ctx context.Context) error {
	return run(ctx, func(_ context.Context, p *toolkit.Project) error { return p.Clean() })
}

// Prune removes Kiln's containers, volumes and images from the engine.
func Prune(ctx context.Context) error {
	return run(ctx, func(ctx context.Context, p *toolkit.Project) error { return second(p.Prune(ctx)) })
}

// run does the work of a target in the project of the working directory.
func run(ctx context.Context, work func(context.Context, *toolkit.Project) error) error {
	return toolkit.Run(ctx, toolkit.Options{}, work)
}

// second returns the error of a call whose result has been printed.
func second[T any](_ T, err error) error { return err }

// value returns what a flag is set to, or the zero value.
func value[T any](flag *T) (v T) {
	if flag != nil {
		v = *flag
	}
	return v
}
