package fetch

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/unidiff"
)

// patchFile is the patch that is being applied, in the container.
const patchFile = "/tmp/patch"

// apply applies a patch exactly, without fuzz: one that does not match was made for a
// different source. The files that it creates or changes get the settled time.
func (f Fetcher) apply(ctx context.Context, ctr *engine.Container, p source.Patch) error {
	text, diff, err := p.Read()
	if err != nil {
		return err
	}
	file := engine.File{Name: path.Base(patchFile), Mode: 0o644, Size: int64(len(text)), Body: bytes.NewReader(text)}
	if err := ctr.Put(ctx, path.Dir(patchFile), file); err != nil {
		return err
	}
	strip, err := stripLevel(ctx, ctr, diff)
	if err != nil {
		return fault.Wrap(fault.Environment, fmt.Errorf("apply patch %s: %w", p.Name, err))
	}
	out, err := ctr.Output(ctx, applyCommand(diff, strip))
	if err != nil && !engine.CommandFailed(err) {
		return fault.Wrap(fault.Environment, fmt.Errorf("apply patch %s: %w", p.Name, err))
	}
	if err != nil {
		cause := fmt.Errorf("%w\n%s", err, strings.TrimSpace(out))
		if diff.Binary {
			return refusedByGit(ctx, ctr, p, strip, cause)
		}
		return refusedPatch(ctx, ctr, p, strip, cause)
	}
	f.Console.Logf("applied patch %s", p.Name)
	changed := patchedFiles(out)
	if diff.Binary {
		changed = namesIn(diff, strip)
	}
	if err := settleFiles(ctx, ctr, changed); err != nil || len(changed) == 0 {
		return err
	}
	return makeListedExecutable(ctx, ctr) // a plain diff loses that of scripts
}

// applyCommand returns the command that applies a patch: patch(1), or git(1) for binary
// content, which patch(1) does not know.
func applyCommand(diff unidiff.Diff, strip int) engine.Command {
	if diff.Binary {
		return gitApply(strip)
	}
	return patchCommand(strip)
}

func patchCommand(strip int, options ...string) engine.Command {
	argv := []string{"patch", fmt.Sprintf("--strip=%d", strip), "--fuzz=0", "--batch", "--forward", "--no-backup-if-mismatch", "--quoting-style=literal", "--input=" + patchFile}
	return engine.Command{Dir: tree, Argv: append(argv, options...)}
}

func gitApply(strip int, options ...string) engine.Command {
	argv := append([]string{"git", "apply", "--whitespace=nowarn", fmt.Sprintf("-p%d", strip)}, options...)
	return engine.Command{Dir: tree, Argv: append(argv, patchFile)}
}

// maxStrip is the largest number of leading folders that is tried: some tools write the whole
// path of the tree they ran in.
const maxStrip = 8

// stripLevel returns how many leading folders of a patch's names to strip, so that as many of
// them as possible name files of the tree: 1 for a/kernel/pid.c, as git writes it, 0 for
// kernel/pid.c. A created file counts by its folder.
func stripLevel(ctx context.Context, ctr *engine.Container, diff unidiff.Diff) (int, error) {
	var paths []string
	named := map[string][]int{} // the levels at which a path of the tree is named, once for each file
	for n := range maxStrip + 1 {
		for _, file := range diff.Files {
			for _, name := range placesOf(file, n) {
				paths = append(paths, name)
				named[name] = append(named[name], n)
			}
		}
	}
	if len(paths) == 0 {
		return 1, nil
	}
	slices.Sort(paths)
	if err := putList(ctx, ctr, slices.Compact(paths)); err != nil {
		return 0, err
	}
	out, err := ctr.Output(ctx, engine.Command{Argv: []string{"find", "-files0-from", listFile, "-maxdepth", "0", "-printf", "%p\\0"}})
	if err != nil && !engine.CommandFailed(err) { // it fails for each that does not exist
		return 0, err
	}
	score := map[int]int{}
	for name := range strings.SplitSeq(out, "\x00") {
		for _, n := range named[name] {
			score[n]++
		}
	}
	best, most := 1, 0
	for n := range maxStrip + 1 { // of two that fit equally well the longer names are right
		if score[n] > most {
			best, most = n, score[n]
		}
	}
	return best, nil
}

// placesOf returns the paths that exist in the tree if n is the number of folders to strip
// from the names of a file.
func placesOf(file unidiff.File, n int) (paths []string) {
	before, after := unidiff.Strip(file.Old, n), unidiff.Strip(file.New, n)
	if file.Old != "" { // changed or removed
		for _, name := range []string{before, after} {
			if name != "" {
				paths = append(paths, tree+"/"+name)
			}
		}
		return slices.Compact(paths)
	}
	if dir := path.Dir(after); dir != "." {
		return []string{tree + "/" + dir}
	}
	return nil
}

// namesIn returns the files that a patch creates or changes, as paths in the container.
func namesIn(diff unidiff.Diff, strip int) (paths []string) {
	for _, file := range diff.Files {
		if name := unidiff.Strip(file.New, strip); name != "" {
			paths = append(paths, tree+"/"+name)
		}
	}
	return paths
}
