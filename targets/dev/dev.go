// Package dev holds the Mage targets for work on Kiln itself. Magefiles of other projects
// have tests and linters of their own and do not import it.
package dev

import (
	"context"

	"github.com/magefile/mage/mg"

	"github.com/romanatrashyonok/kiln/internal/dev"
	"github.com/romanatrashyonok/kiln/toolkit"
)

// Test holds the targets of the test suite.
type Test mg.Namespace

// All runs the test suite that CI runs, on the real engine; mage test is short for it.
func (Test) All(ctx context.Context) error {
	return toolkit.Run(ctx, toolkit.Options{}, dev.Test)
}

// Full runs the test suite and the tests that take hours: every architecture built twice and booted, builds that are killed.
func (Test) Full(ctx context.Context) error {
	return toolkit.Run(ctx, toolkit.Options{}, dev.TestFull)
}

// Lint runs gofmt, go vet and staticcheck, with and without the mage tag.
func Lint(ctx context.Context) error {
	return toolkit.Run(ctx, toolkit.Options{}, dev.Lint)
}

// Bench compares Kiln with doing the same without it, and writes dist/bench.json.
func Bench(ctx context.Context,
	only *string, // regular expression that selects benchmarks, such as Kernel; by default all but Defconfig, which takes as long as all others
) error {
	return toolkit.Run(ctx, toolkit.Options{}, func(ctx context.Context, _ *toolkit.Project) error {
		if only == nil {
			return dev.Bench(ctx, "")
		}
		return dev.Bench(ctx, *only)
	})
}
