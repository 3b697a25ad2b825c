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

// settled is the time that every file of a tree has, in seconds since 1970: the
// first of January 2000, older than whatever is built. A tarball gives all its files
// the time of the release, so that to make(1) the next release had changed them all.
const settled = 946684800

// settleMembers has tar give each file the settled time as it unpacks it.
var settleMembers = fmt.Sprintf("--pax-option=mtime:=%d", settled)

// settle takes down the source's own time and returns its files the settled one, unless
// that was done as they were unpacked. A folder's files have the times of whoever works
// in it: those say nothing.
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

// settleTimes returns all that is younger the settled time.
func settleTimes(ctx context.Context, ctr *engine.Container) error {
	at := fmt.Sprintf("@%d", settled)
	_, err := ctr.Output(ctx, engine.Command{Argv: []string{
		"find", tree, "-newermt", at, "-exec", "touch", "--no-dereference", "--date=" + at, "{}", "+",
	}})
	return fault.Wrap(fault.Environment, err)
}

// settleFiles returns some files the settled time. One that is not there any more is none.
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

// TouchChanged makes the files of a tree in which it differs from another one newer than
// anything built: make(1) then builds what depends on them anew, over an output that
// was made from the other tree. It gives in what they differ, and false where the
// other tree is gone, so that nobody knows.
func (r Fetcher) TouchChanged(ctx context.Context, other string, t source.Tree) (d Difference, known bool, err error) {
	labels, whole, err := r.Engine.Volumes().Sealed(ctx, other)
	if err != nil || !whole {
		return d, false, err
	}
	d, known, err = r.layered(ctx, other, labels, t)
	if err == nil && !known {
		d, known, err = r.compared(ctx, other, t)
	}
	if err != nil || !known || len(d.Changed) == 0 {
		return d, known, err
	}
	return d, true, r.touch(ctx, t, d.Changed)
}

// compared compares two trees file by file.
func (r Fetcher) compared(ctx context.Context, other string, t source.Tree) (d Difference, known bool, err error) {
	ctr, err := r.container(ctx, t.Ref,
		engine.Mount{Volume: other, Path: originalTree, ReadOnly: true}, engine.Mount{Volume: t.Volume, Path: tree, ReadOnly: true})
	if err != nil {
		return d, false, err
	}
	defer ctr.Remove()
	out, err := ctr.Output(ctx, engine.Command{Argv: []string{"diff", "--recursive", "--brief", "--no-dereference", originalTree, tree}})
	var exit *engine.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.Code == 1) { // 1: there are differences
		return d, false, err
	}
	d, known = differing(out)
	return d, known, nil
}

// Difference is in what a tree differs from another one.
type Difference struct {
	Changed []string // files and folders that are new or another, as paths in the container
	Gone    int      // how many of the other's are not there
}

// Files returns how many files and folders differ.
func (d Difference) Files() int { return len(d.Changed) + d.Gone }

// CodeOnly says that nothing differs but what is compiled: what makes a
// configuration (Kconfig and Makefiles, the programs in scripts) is the same.
func (d Difference) CodeOnly() bool {
	code := func(name string) bool {
		return !strings.HasPrefix(name, tree+"/scripts/") && slices.Contains([]string{".c", ".h", ".S"}, path.Ext(name))
	}
	return d.Gone == 0 && !slices.ContainsFunc(d.Changed, func(name string) bool { return !code(name) })
}

// originalTree is where a tree lies that another is made from or compared with.
const originalTree = "/original"

// touch returns files of a tree, and all in folders, the present time.
func (r Fetcher) touch(ctx context.Context, t source.Tree, paths []string) error {
	ctr, err := r.container(ctx, t.Ref, engine.Mount{Volume: t.Volume, Path: tree})
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

// listFile is where a list of paths is put for find(1).
const listFile = "/tmp/paths"

func putList(ctx context.Context, ctr *engine.Container, paths []string) error {
	list := strings.Join(paths, "\x00") + "\x00"
	return ctr.Put(ctx, path.Dir(listFile), engine.File{Name: path.Base(listFile), Mode: 0o644, Size: int64(len(list)), Body: strings.NewReader(list)})
}

// strangers is how many files and folders at the top of a tree the other one may lack.
// Where it lacks more it is no kernel, or none that is near, and nothing that was built
// from it is of use: a tree serves all architectures, and is not to look new to all of
// them for the sake of one.
const strangers = 4

// differing reads what diff --brief tells of two trees. known is false where a line
// is not understood, and where they have little in common.
func differing(out string) (d Difference, known bool) {
	if strings.Count(out, "Only in "+tree+": ") > strangers {
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
