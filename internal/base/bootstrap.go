package base

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
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
func buildDebian(ctx context.Context, e *engine.Client, c *report.Console) error {
	if _, err := exec.LookPath("mmdebstrap"); err != nil {
		return fault.New(fault.Environment, "go tool mage setup", "bootstrap %s: %w", debianTag, err)
	}
	dir, remove, err := scratch.Dir("bootstrap")
	if err != nil {
		return err
	}
	defer remove()
	progress := c.Progress("bootstrap " + debianTag)
	root := filepath.Join(dir, "root.tar")
	if err := mmdebstrap(ctx, root); err != nil {
		progress.End("failed")
		return err
	}
	if err := importRoot(ctx, e, root); err != nil {
		progress.End("failed")
		return err
	}
	progress.End("bootstrapped")
	return nil
}

// mmdebstrap writes the root as a tar, without the manuals and documentation that a build
// container does not need.
func mmdebstrap(ctx context.Context, root string) error {
	cmd := exec.CommandContext(ctx, "mmdebstrap", "--variant=minbase", "--quiet",
		"--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
		"--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-include=/usr/share/doc/*/copyright",
		suite, root)
	cmd.Env = append(os.Environ(), "TMPDIR="+filepath.Dir(root))          // goes with the folder, also after a kill
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // lets it unmount what it mounted
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

func importRoot(ctx context.Context, e *engine.Client, root string) error {
	f, err := os.Open(root)
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	defer f.Close()
	return e.Import(ctx, f, debianTag, `CMD ["/bin/bash"]`)
}

// buildNginx builds the Nginx base from the Debian base and Debian's package.
func buildNginx(ctx context.Context, e *engine.Client, c *report.Console) error {
	if _, err := e.FindImage(ctx, debianTag); errors.Is(err, engine.ErrNoImage) {
		if err := buildDebian(ctx, e, c); err != nil {
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
	_, err = e.Build(ctx, engine.Build{Kind: "base", Context: dir, Tags: []string{nginxTag}, Args: map[string]string{"BASE": debianTag}}, c)
	return err
}
