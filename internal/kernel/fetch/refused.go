package fetch

import (
	"context"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// rebase is how most patches that do not fit are fixed.
const rebase = "rebase the patch on this version of the kernel"

// refusedPatch returns the error of a patch that does not fit. Why it does not follows from what
// patch(1) printed, which cause has: trying the patch in reverse would tell nothing, since a
// part of it may have been applied.
func refusedPatch(ctx context.Context, ctr *engine.Container, p source.Patch, strip int, cause error) error {
	applied, skipped := sections(cause.Error())
	switch {
	case strings.Contains(cause.Error(), "Invalid file name "):
		return fault.New(fault.Failed, "change the file by its own path", "apply patch %s: it changes a file through a link that leads out of the source: %w", p.Name, cause)
	case skipped > 0 && applied == 0:
		return fault.New(fault.Failed, "remove it from patches in kernels.toml", "apply patch %s: this source has it already: %w", p.Name, cause)
	case skipped > 0:
		return fault.New(fault.Failed, rebase, "apply patch %s: this source has a part of it already: %w", p.Name, cause)
	}
	if _, err := ctr.Output(ctx, patchCommand(strip, "--ignore-whitespace", "--dry-run")); err == nil {
		return fault.New(fault.Failed, "get the patch as a file, not by copying its text", "apply patch %s: its tabs and blanks were changed: with others it fits: %w", p.Name, cause)
	}
	return fault.New(fault.Failed, rebase, "apply patch %s: %w", p.Name, cause)
}

// sections returns how many files patch(1) changed or could not change, and how many it
// skipped because the source has the change.
func sections(out string) (applied, skipped int) {
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "patching ") && !strings.Contains(line, "(already renamed from "):
			applied++
		case strings.HasPrefix(line, "Reversed (or previously applied) patch detected!"):
			skipped, applied = skipped+1, applied-1
		case strings.HasPrefix(line, "which already exists!") || strings.HasPrefix(line, "which does not exist!"):
			skipped++
		case strings.HasPrefix(line, "can't find file to patch"):
			applied++
		}
	}
	return applied, skipped
}

// refusedByGit returns the error of a patch that git(1) refuses, which applies all of it or
// nothing. Where it fits in reverse, the source has it already.
func refusedByGit(ctx context.Context, ctr *engine.Container, p source.Patch, strip int, cause error) error {
	if _, err := ctr.Output(ctx, gitApply(strip, "--reverse", "--check")); err == nil {
		return fault.New(fault.Failed, "remove it from patches in kernels.toml", "apply patch %s: this source has it already: %w", p.Name, cause)
	}
	return fault.New(fault.Failed, rebase, "apply patch %s: %w", p.Name, cause)
}

// patchedFiles reads the files that patch(1) reports: "patching file kernel/pid.c",
// optionally followed by "(renamed from ...)".
func patchedFiles(out string) (paths []string) {
	for line := range strings.Lines(out) {
		line = strings.Replace(strings.TrimSuffix(line, "\n"), "patching symbolic link ", "patching file ", 1)
		name, ok := strings.CutPrefix(line, "patching file ")
		if !ok {
			continue
		}
		name, _, _ = strings.Cut(name, " (renamed from ")
		name, _, _ = strings.Cut(name, " (copied from ")
		paths = append(paths, tree+"/"+name)
	}
	return paths
}
