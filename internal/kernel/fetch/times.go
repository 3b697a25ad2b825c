package fetch

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// settled is the time of every file in a tree, in seconds since 1970: 1 January 2000, older
// than anything built. In a tarball all files have the time of the release, so make(1) would
// take all of them for changed by the next release.
const settled = 946684800

// settleMembers is the option of tar that sets the settled time while unpacking.
var settleMembers = fmt.Sprintf("--pax-option=mtime:=%d", settled)

// settle records the source's own time in t and sets that of its files to the settled one,
// unless that was done while unpacking. The times in a folder depend on who works in it, so
// t.Time stays 0 there.
func settle(ctx context.Context, ctr *engine.Container, t *source.Tree) error {
	if t.Time != 0 {
		return nil
	}
	if t.Kind != source.Folder {
		out, err := ctr.Output(ctx, engine.Command{Argv: []string{"stat", "--format=%Y", tree + "/Makefile"}})
		if err != nil {
			return err
		}
		if _, err := fmt.Sscan(out, &t.Time); err != nil {
			return fmt.Errorf("read the time of the source's Makefile: %w", err)
		}
	}
	return settleTimes(ctx, ctr)
}

// settleTimes sets all files that are newer to the settled time.
func settleTimes(ctx context.Context, ctr *engine.Container) error {
	at := fmt.Sprintf("@%d", settled)
	_, err := ctr.Output(ctx, engine.Command{Argv: []string{
		"find", tree, "-newermt", at, "-exec", "touch", "--no-dereference", "--date=" + at, "{}", "+",
	}})
	return fault.Wrap(fault.Environment, err)
}

// settleFiles sets some files to the settled time. It ignores files that no longer exist.
func settleFiles(ctx context.Context, ctr *engine.Container, paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	if err := putList(ctx, ctr, paths); err != nil {
		return err
	}
	_, err := ctr.Output(ctx, engine.Command{Argv: []string{
		"xargs", "--null", "--arg-file=" + listFile, "touch", "--no-create", "--no-dereference", fmt.Sprintf("--date=@%d", settled), "--",
	}})
	return fault.Wrap(fault.Environment, err)
}

// TouchChanged touches the files of t that differ from the tree in the volume other, so that
// make(1) rebuilds what depends on them over an output that was built from that tree. known
// is false, and nothing touched, where the trees cannot be compared: the other one is gone,
// or has too little in common.
func (v Volumes) TouchChanged(ctx context.Context, other string, t source.Tree) (d Difference, known bool, err error) {
	labels, complete, err := v.Engine.Volumes().Sealed(ctx, other)
	if err != nil || !complete {
		return d, false, err
	}
	d, known, err = v.layered(ctx, other, labels, t)
	if err == nil && !known {
		d, known, err = v.compared(ctx, other, t)
	}
	if err != nil || !known || len(d.Changed) == 0 {
		return d, known, err
	}
	return d, true, v.touch(ctx, t, d.Changed)
}

// compared compares two trees file by file, with diff(1).
func (v Volumes) compared(ctx context.Context, other string, t source.Tree) (d Difference, known bool, err error) {
	ctr, err := v.container(ctx, t.Ref,
		engine.Mount{Volume: other, Path: originalTree, ReadOnly: true}, engine.Mount{Volume: t.Volume, Path: tree, ReadOnly: true})
	if err != nil {
		return d, false, err
	}
	defer ctr.Remove()
	out, err := ctr.Output(ctx, engine.Command{Argv: []string{"diff", "--recursive", "--brief", "--no-dereference", originalTree, tree}})
	var exit *engine.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.Code == 1) { // 1: the trees differ
		return d, false, err
	}
	d, known = parseDiff(out)
	return d, known, nil
}

// Difference is how a tree differs from an earlier one.
type Difference struct {
	Changed []string // new or different files and folders, as paths in the container
	Gone    int      // number of removed files and folders
}

// Files returns the number of files and folders that differ.
func (d Difference) Files() int { return len(d.Changed) + d.Gone }

// CodeOnly reports whether only compiled code differs. Then what determines a configuration
// (Kconfig and Makefiles, the programs in scripts) is the same.
func (d Difference) CodeOnly() bool {
	code := func(name string) bool {
		return !strings.HasPrefix(name, tree+"/scripts/") && slices.Contains([]string{".c", ".h", ".S"}, path.Ext(name))
	}
	return d.Gone == 0 && !slices.ContainsFunc(d.Changed, func(name string) bool { return !code(name) })
}

// originalTree is where the tree is mounted that a tree is copied from or compared with.
const originalTree = "/original"

// touch sets files of a tree, and all files in folders, to the present time.
func (v Volumes) touch(ctx context.Context, t source.Tree, paths []string) error {
	ctr, err := v.container(ctx, t.Ref, engine.Mount{Volume: t.Volume, Path: tree})
	if err != nil {
		return err
	}
	defer ctr.Remove()
	if err := putList(ctx, ctr, paths); err != nil {
		return err
	}
	_, err = ctr.Output(ctx, engine.Command{Argv: []string{
		"find", "-files0-from", listFile, "-exec", "touch", "--no-dereference", "{}", "+",
	}})
	return err
}

// listFile is the file in the container with a list of paths for find(1) and xargs(1).
const listFile = "/tmp/paths"

// putList writes paths to listFile, separated by NUL.
func putList(ctx context.Context, ctr *engine.Container, paths []string) error {
	list := strings.Join(paths, "\x00") + "\x00"
	return ctr.Put(ctx, path.Dir(listFile), engine.File{Name: path.Base(listFile), Mode: 0o644, Size: int64(len(list)), Body: strings.NewReader(list)})
}

// maxNewAtTop is how many files and folders at the top of a tree may be missing in the other
// one. With more the other is no kernel, or a distant one, and nothing built from it is of
// use. All architectures share a tree: it must not look new to all of them because of one.
const maxNewAtTop = 4

// parseDiff reads the output of diff --brief. known is false if a line is not understood or
// the trees have little in common.
func parseDiff(out string) (d Difference, known bool) {
	if strings.Count(out, "Only in "+tree+": ") > maxNewAtTop {
		return Difference{}, false
	}
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "Only in "+originalTree) {
			d.Gone++
			continue
		}
		if at, ok := strings.CutPrefix(line, "Only in "); ok {
			d.Changed = append(d.Changed, strings.Replace(at, ": ", "/", 1))
			continue
		}
		_, both, _ := strings.Cut(line, " "+originalTree+"/")
		name, _, _ := strings.Cut(both, " and ")
		if !strings.HasSuffix(line, " "+originalTree+"/"+name+" and "+tree+"/"+name+" differ") {
			return Difference{}, false
		}
		d.Changed = append(d.Changed, tree+"/"+name)
	}
	return d, true
}
