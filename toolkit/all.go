package toolkit

import (
	"context"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// All does the whole job: it builds and verifies the site image, builds, extracts and boots
// the kernels, and builds and verifies the image again if it shows the kernels. With
// KILN_PUSH=1 it then pushes the image; that the push would be refused is an error before
// anything is built. Of a project that has no site, or no kernels, it does the other half.
func (p *Project) All(ctx context.Context) error {
	if !p.hasSite() && !p.hasKernels() {
		return fault.New(fault.Usage, "run it where they are; kiln init starts a project", "build all: there is neither %s nor %s", p.path(SiteFile), p.path(KernelFile))
	}
	push, err := p.pushAllowed()
	if err != nil {
		return err
	}
	if push {
		if err := p.Site().publishable(ctx); err != nil {
			return err
		}
	}
	if p.hasSite() {
		if err := p.Site().buildVerified(ctx, false); err != nil {
			return err
		}
	}
	if p.hasKernels() {
		if err := p.buildAndBoot(ctx); err != nil {
			return err
		}
	}
	switch {
	case push:
		_, err := p.Site().Push(ctx)
		return err
	case p.hasSite():
		return p.Site().buildVerified(ctx, true)
	}
	return nil
}

// hasSite reports whether the project has a site.
func (p *Project) hasSite() bool { return p.site.Value.Repository != "" }

// hasKernels reports whether the project has kernels.
func (p *Project) hasKernels() bool { return len(p.kernels.Value.Kernels) > 0 }

// buildAndBoot builds all kernels, extracts each when it is built, and boots those that have
// not booted yet.
func (p *Project) buildAndBoot(ctx context.Context) error {
	var folders []string
	k := p.Kernels()
	err := buildEach(ctx, k, Choice{}, func(b *kernelTools, built KernelResult) error {
		files, err := b.extract(ctx, built)
		folders = append(folders, files.Folder)
		return err
	})
	if err != nil {
		return err
	}
	return bootNew(ctx, k, folders)
}

// pushAllowed reports whether KILN_PUSH lets All push.
func (p *Project) pushAllowed() (bool, error) {
	switch v := p.options.getenv(PushVariable); v {
	case "1":
		return true, nil
	case "", "0":
		return false, nil
	default:
		return false, fault.New(fault.Usage, "", "%s: expected 1 or 0, got %q", PushVariable, v)
	}
}
