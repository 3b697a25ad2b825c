package fetch

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// layerDir is where the layers of two trees are mounted.
const layerDir = "/layers/"

// layered compares two trees that are overlays on one unpatched tree, by their layers: a few
// files, where comparing the trees would read both. known is false if they are not such
// trees. sealed has the labels of the other tree's volume.
func (v Volumes) layered(ctx context.Context, other string, sealed map[string]string, t source.Tree) (d Difference, known bool, err error) {
	if sealed[labelSource] != labels(t.Ref)[labelSource] {
		return d, false, nil
	}
	plain := source.Volume(t.Ref, nil)
	mounts := []engine.Mount{{Volume: plain, Path: originalTree, ReadOnly: true}}
	layers := []string{}
	for _, volume := range []string{other, t.Volume} {
		layer, found, err := v.Engine.Volumes().Layer(ctx, volume)
		if err != nil || (!found && volume != plain) {
			return d, false, err
		}
		layers = append(layers, "")
		if found {
			layers[len(layers)-1] = layerDir + layer
			mounts = append(mounts, engine.Mount{Volume: layer, Path: layerDir + layer, ReadOnly: true})
		}
	}
	ctr, err := v.container(ctx, t.Ref, mounts...)
	if err != nil {
		return d, false, err
	}
	defer ctr.RemoveInBackground()
	before, err := layerOf(ctx, ctr, layers[0])
	if err != nil {
		return d, false, err
	}
	now, err := layerOf(ctx, ctr, layers[1])
	if err != nil {
		return d, false, err
	}
	under, err := sumsOf(ctx, ctr, originalTree, slices.Concat(slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(now))))
	return before.over(under).differ(now.over(under)), err == nil, err
}

// content is the content of files by their paths below a tree ("kernel/pid.c"): a sha256,
// or the target of a link; "" means no file.
type content map[string]string

// layerOf reads the content of a layer, where a file that it removes is "". dir "" is no
// layer.
func layerOf(ctx context.Context, ctr *engine.Container, dir string) (content, error) {
	if dir == "" {
		return content{}, nil
	}
	out, err := ctr.Output(ctx, engine.Command{Argv: []string{
		"find", dir + "/upper/", "-type", "f", "-exec", "sha256sum", "{}", "+", "-or", "-not", "-type", "d", "-printf", "%y%l  %p\\n",
	}})
	return contentOf(out, dir+"/upper/"), err
}

// sumsOf reads the content of some files of a tree.
func sumsOf(ctx context.Context, ctr *engine.Container, dir string, names []string) (content, error) {
	if len(names) == 0 {
		return content{}, nil
	}
	paths := make([]string, len(names))
	for i, name := range names {
		paths[i] = dir + "/" + name
	}
	if err := putList(ctx, ctr, paths); err != nil {
		return nil, err
	}
	out, err := ctr.Output(ctx, engine.Command{Argv: []string{
		"find", "-files0-from", listFile, "-type", "f", "-exec", "sha256sum", "{}", "+", "-or", "-type", "l", "-printf", "%y%l  %p\\n",
	}})
	var exit *engine.ExitError
	if errors.As(err, &exit) { // some do not exist
		err = nil
	}
	return contentOf(out, dir+"/"), err
}

// contentOf reads lines of sha256sum(1), or of find(1) as layerOf and sumsOf call it.
func contentOf(out, dir string) content {
	c := content{}
	for line := range strings.Lines(out) {
		what, path, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok {
			continue
		}
		if what == "c" { // a character device: it removes the file below
			what = ""
		}
		c[strings.TrimPrefix(path, dir)] = what
	}
	return c
}

// over returns the content of a layer over that of an unpatched tree.
func (c content) over(under content) content {
	all := maps.Clone(under)
	maps.Copy(all, c)
	return all
}

// differ returns how a later tree differs from c.
func (c content) differ(now content) (d Difference) {
	names := slices.Concat(slices.Collect(maps.Keys(c)), slices.Collect(maps.Keys(now)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		switch {
		case c[name] == now[name]:
		case now[name] == "":
			d.Gone++
		default:
			d.Changed = append(d.Changed, tree+"/"+name)
		}
	}
	return d
}
