package dev

import (
	"context"
	"os"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/host"
	"github.com/romanatrashyonok/kiln/toolkit"
)

// fullTag is the build tag of the tests that take hours.
const fullTag = "full"

// Test runs the test suite that CI runs. With CI set in the environment, a test without the
// engine that it needs fails instead of being skipped.
func Test(ctx context.Context, p *toolkit.Project) error {
	return test(ctx, p, "-timeout", "60m") // for the slowest package, which builds kernels
}

// TestFull runs the test suite with the tests that take hours.
func TestFull(ctx context.Context, p *toolkit.Project) error {
	return test(ctx, p, "-tags", fullTag, "-timeout", "12h")
}

// test runs the test suite. The base images of the tests are made first, since packages are
// tested in parallel.
func test(ctx context.Context, p *toolkit.Project, flags ...string) error {
	r := newRunner()
	defer r.close()
	if err := r.install(ctx, host.Tests()); err != nil {
		r.console.Logf("tests of pages are skipped, or fail in CI: %v", err)
	}
	if err := r.connect(ctx); err != nil {
		return err
	}
	bases := base.Provider{Engine: r.engine, Console: r.console, Environ: os.Environ()}
	for _, ref := range []string{"debian:trixie-slim", p.Site().Settings().Base} {
		if _, err := bases.Get(ctx, ref); err != nil {
			return err
		}
	}
	return r.all(ctx,
		slices.Concat([]string{"go", "test"}, flags, []string{"./..."}),
		[]string{"go", "vet", "-tags", "mage", "."},
	)
}
