package base

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// suite is the Debian release of bootstrapped images: 13.
const suite = "trixie"

// The names of the bootstrapped images.
const (
	debianTag = "kiln/debian:" + suite
	nginxTag  = "kiln/nginx:" + suite
)

// buildDebian creates a minimal Debian root with mmdebstrap, which verifies every package by
// the archive's signatures, and imports it.
func (p Provider) buildDebian(ctx context.Context) error {
	if _, err := exec.LookPath("mmdebstrap"); err != nil {
		return fault.New(fault.Environment, "go tool mage setup", "bootstrap %s: %w", debianTag, err)
	}
	dir, remove, err := scratch.Dir("bootstrap")
	if err != nil {
		return err
	}
	defer remove()
	progress := p.Console.Progress("bootstrap " + debianTag)
	root := filepath.Join(dir, "root.tar")
	if err := p.mmdebstrap(ctx, root); err != nil {
		progress.End("failed")
		return err
	}
	if err := p.importRoot(ctx, root); err != nil {
		progress.End("failed")
		return err
	}
	progress.End("bootstrapped")
	return nil
}

// mmdebstrap writes the root as a tar, without the manuals and documentation that a build
// container does not need.
func (p Provider) mmdebstrap(ctx context.Context, root string) error {
	cmd := exec.CommandContext(ctx, "mmdebstrap", "--variant=minbase", "--quiet",
		"--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
		"--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-include=/usr/share/doc/*/copyright",
		suite, root)
	cmd.Env = append(slices.Clone(p.Environ), "TMPDIR="+filepath.Dir(root)) // goes with the folder, also after a kill
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }   // lets it unmount what it mounted
	output, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fault.New(fault.Environment, "check that Debian's package archive can be reached; run as root or with user namespaces",
			"bootstrap %s: %s: %w\n%s", debianTag, shellescape.QuoteCommand(cmd.Args), err, strings.TrimSpace(string(output)))
	}
	return nil
}

func (p Provider) importRoot(ctx context.Context, root string) error {
	f, err := os.Open(root)
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	defer f.Close()
	return p.Engine.Import(ctx, f, debianTag, `CMD ["/bin/bash"]`)
}

// buildNginx builds the Nginx base from the Debian base and Debian's package.
func (p Provider) buildNginx(ctx context.Context) error {
	if _, err := p.Engine.FindImage(ctx, debianTag); errors.Is(err, engine.ErrNoImage) {
		if err := p.buildDebian(ctx); err != nil {
			return err
		}
	}
	dir, remove, err := scratch.Dir("bootstrap")
	if err != nil {
		return err
	}
	defer remove()
	files, err := docker.Context(docker.Nginx)
	if err != nil {
		return err
	}
	if err := os.CopyFS(dir, files); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	_, err = p.Engine.Build(ctx, engine.Build{Kind: "base", Context: dir, Tags: []string{nginxTag}, Args: map[string]string{"BASE": debianTag}}, p.Console)
	return err
}
