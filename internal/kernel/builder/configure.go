package builder

import (
	"context"
	"os"

	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// Configure makes a kernel's configuration, as a build does, and returns what became of
// each asked option. Nothing is compiled. Lost options are not an error here: see
// kconfig.Configuration.Err.
func (b *Builder) Configure(ctx context.Context, s spec.Spec) (c kconfig.Configuration, err error) {
	err = b.withConfig(ctx, s, func(session *executor.Session) error {
		c = session.Configuration()
		return nil
	})
	return c, err
}

// Shell opens an interactive shell in a kernel's build container, with the build's image,
// mounts, environment and user, on the terminal in and out. Changes to the output tree are
// kept.
func (b *Builder) Shell(ctx context.Context, s spec.Spec, in, out *os.File) error {
	return b.withOutput(ctx, s, "", func(t executor.Task) error {
		return b.Local.Shell(ctx, t, b.Console, in, out)
	})
}

// withConfig makes a kernel's configuration in a container and passes that to use. It has
// an output tree of its own, so that it does not disturb a build in progress.
func (b *Builder) withConfig(ctx context.Context, s spec.Spec, use func(*executor.Session) error) error {
	return b.withOutput(ctx, s, "-config", func(t executor.Task) error {
		return b.Local.Configure(ctx, t, b.Console, use)
	})
}

// withOutput fetches a kernel's source, reserves its output tree, with a suffix, and
// passes the task to use.
func (b *Builder) withOutput(ctx context.Context, s spec.Spec, suffix string, use func(executor.Task) error) error {
	_, err := firstSource(ctx, &b.resolver, s, b.resolve, func(c candidate) (none struct{}, err error) {
		t := c.task()
		if t.Tree, err = b.fetch(ctx, c); err != nil {
			return none, err
		}
		t.Suffix = suffix
		release, _, err := b.acquire(ctx, t)
		if err != nil {
			return none, err
		}
		defer release()
		return none, use(t)
	})
	return err
}
