package toolkit

import (
	"context"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// All does the whole job: it builds and verifies the site image, builds, extracts and boots
// the kernels, and builds and verifies the image again if it shows the kernels. With
// KILN_PUSH=1 it then pushes the image; that the push would be refused is an error before
// anything is built.
func (p *Project) All(ctx context.Context) error {
	push, err := p.pushAllowed()
	if err != nil {
		return err
	}
	if push {
		if err := p.Site().publishable(ctx); err != nil {
			return err
		}
	}
	if err := p.Site().buildVerified(ctx, false); err != nil {
		return err
	}
	if err := p.buildAndBoot(ctx); err != nil {
		return err
	}
	if push {
		_, err := p.Site().Push(ctx)
		return err
	}
	return p.Site().buildVerified(ctx, true)
}

// buildAndBoot builds all kernels, extracts each when it is built, and boots those that have
// not booted yet.
func (p *Project) buildAndBoot(ctx context.Context) error {
	var folders []string
	k := p.Kernels()
	err := k.build(ctx, Choice{}, func(b *kernelTools, built KernelResult) error {
		files, err := b.extract(ctx, built)
		folders = append(folders, files.Folder)
		return err
	})
	if err != nil {
		return err
	}
	return k.bootNew(ctx, folders)
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
