package source

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/fault"
)

// settled is the time that every file of a tree has, in seconds since 1970: the
// first of January 2000, older than whatever is built. A tarball gives all its files
// the time of the release, so that to make(1) the next release had changed them all.
const settled = 946684800

// settle takes down the source's own time and gives its files the settled one.
// A folder's files have the times of whoever works in it: those say nothing.
func (t *Tree) settle(ctx context.Context, box *docker.Container) error {
	if t.Kind != Folder {
		out, err := box.Output(ctx, docker.Command{Argv: []string{"stat", "--format=%Y", tree + "/Makefile"}})
		if err != nil {
			return err
		}
		if _, err := fmt.Sscan(out, &t.Time); err != nil {
			return fmt.Errorf("read the time of the source's Makefile: %w", err)
		}
	}
	return settleTimes(ctx, box)
}

// settleTimes gives all that is younger the settled time.
func settleTimes(ctx context.Context, box *docker.Container) error {
	at := fmt.Sprintf("@%d", settled)
	_, err := box.Output(ctx, docker.Command{Argv: []string{
		"find", tree, "-newermt", at, "-exec", "touch", "--no-dereference", "--date=" + at, "{}", "+",
	}})
	return fault.Wrap(fault.Surroundings, err)
}

// Renew makes the files of a tree in which it differs from another one newer than
// anything built: make(1) then builds what depends on them anew, over an output that
// was made from the other tree. It gives how many differ, and false where the other
// tree is gone, so that nobody knows.
func (r Room) Renew(ctx context.Context, other string, t Tree) (differ int, known bool, err error) {
	if _, whole, err := r.Engine.Sealed(ctx, other); err != nil || !whole {
		return 0, false, err
	}
	box, err := r.box(ctx, t.Ref,
		docker.Mount{Volume: other, Path: originalTree, ReadOnly: true}, docker.Mount{Volume: t.Volume, Path: tree})
	if err != nil {
		return 0, false, err
	}
	defer box.Remove()
	out, err := box.Output(ctx, docker.Command{Argv: []string{"diff", "--recursive", "--brief", "--no-dereference", originalTree, tree}})
	var exit *docker.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.Code == 1) { // 1: there are differences
		return 0, false, err
	}
	changed, gone, known := differing(out)
	if !known || len(changed) == 0 {
		return gone, known, nil
	}
	return len(changed) + gone, true, touch(ctx, box, changed)
}

// originalTree is where a tree lies that another is made from or compared with.
const originalTree = "/original"

// touch gives files, and all in folders, the present time.
func touch(ctx context.Context, box *docker.Container, paths []string) error {
	list := strings.Join(paths, "\x00") + "\x00"
	err := box.Put(ctx, "/tmp", docker.File{Name: "changed", Mode: 0o644, Size: int64(len(list)), Body: strings.NewReader(list)})
	if err != nil {
		return err
	}
	_, err = box.Output(ctx, docker.Command{Argv: []string{
		"find", "-files0-from", "/tmp/changed", "-exec", "touch", "--no-dereference", "{}", "+",
	}})
	return err
}

// differing reads what diff --brief tells of two trees: what is new or another in
// the second, and how much is gone. known is false where a line is not understood.
func differing(out string) (changed []string, gone int, known bool) {
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "Only in "+originalTree) {
			gone++
			continue
		}
		if at, ok := strings.CutPrefix(line, "Only in "); ok {
			changed = append(changed, strings.Replace(at, ": ", "/", 1))
			continue
		}
		_, both, _ := strings.Cut(line, " "+originalTree+"/")
		name, _, _ := strings.Cut(both, " and ")
		if !strings.HasSuffix(line, " "+originalTree+"/"+name+" and "+tree+"/"+name+" differ") {
			return nil, 0, false
		}
		changed = append(changed, tree+"/"+name)
	}
	return changed, gone, true
}
