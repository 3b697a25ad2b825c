package fetch

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/engine/owner"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// labelOrigin is the label of a sealed volume whose tree is one of many states: it identifies
// what has them.
const labelOrigin = "kiln.origin"

// originOf returns what a tree is a state of: a folder, or the source of a kernel with its
// patches and files. Several machines and projects may share an engine, so the origin has the
// machine and a whole path. It is "" for a source that never changes.
func (f Fetcher) originOf(t *source.Tree) string {
	what := t.Ref.String()
	if t.Kind == source.Folder {
		what = absolute(t.URL)
	}
	switch machine := owner.Current().Host; {
	case t.Volume != source.Volume(t.Ref, nil) && f.Kernel != "":
		return machine + ": " + what + " for kernel " + f.Kernel + " of " + absolute(f.Dir)
	case t.Volume == source.Volume(t.Ref, nil) && t.Kind == source.Folder:
		return machine + ": " + what
	}
	return ""
}

// absolute returns a whole path; path itself if there is no working directory.
func absolute(path string) string {
	whole, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return whole
}

// keptStates is how many states of one origin are kept, whatever the limit: the present one,
// and the one before, with which an incremental build compares it.
const keptStates = 2

// makeRoom removes sources from the engine: those that surplus returns, unless a container
// uses them.
func (f Fetcher) makeRoom(ctx context.Context) error {
	volumes, err := f.Engine.Volumes().List(ctx, engine.Sealed)
	if err != nil {
		return err
	}
	for _, t := range surplus(treesOf(volumes), f.Limit) {
		mounted, err := f.Engine.Volumes().Mounted(ctx, t.volumes()...)
		if err != nil {
			return err
		}
		if mounted {
			continue
		}
		for _, volume := range t.volumes() {
			if err := f.Engine.Volumes().Remove(ctx, volume); err != nil {
				return err
			}
		}
		if !t.isOverlay { // which takes next to nothing
			f.Console.Logf("removed a source to make room: %s, %s, last used %s", t.about, report.Bytes(t.size), t.used.Format("2006-01-02 15:04"))
		}
	}
	return nil
}

// storedTree is a source in the engine. The patched ones that are overlays on it can only be
// used together with it.
type storedTree struct {
	volume    string
	overlays  []*storedTree
	isOverlay bool
	about     string // the source, for people
	origin    string // see labelOrigin
	size      int64  // bytes
	used      time.Time
	inUse     bool // by a run that still lives, as far as is known
}

// volumes returns the names of the tree's volumes, in the order in which they can be removed.
func (t *storedTree) volumes() (names []string) {
	for _, o := range t.overlays {
		names = append(names, o.volume)
	}
	return append(names, t.volume)
}

// unknownSize is the size, in bytes, of a source whose size was not recorded: that of a
// kernel.
const unknownSize = 1700 << 20

// treesOf returns the complete sources among volumes, with their overlays.
func treesOf(volumes []engine.VolumeInfo) []*storedTree {
	trees := map[string]*storedTree{}
	var list []*storedTree
	for _, v := range volumes {
		if v.Sealed && v.Lower == "" {
			trees[v.Name] = stored(v)
			list = append(list, trees[v.Name])
		}
	}
	for _, v := range volumes {
		if t := trees[v.Lower]; t != nil {
			t.overlays = append(t.overlays, stored(v))
			t.inUse = t.inUse || v.InUse
			if v.Used.After(t.used) {
				t.used = v.Used
			}
		}
	}
	return list
}

func stored(v engine.VolumeInfo) *storedTree {
	t := &storedTree{volume: v.Name, isOverlay: v.Lower != "", about: v.Labels[labelSource], origin: v.Labels[labelOrigin], used: v.Used, inUse: v.InUse}
	if !t.isOverlay {
		t.size = sizeOf(v.Labels[labelSize])
	}
	return t
}

func sizeOf(label string) int64 {
	size, err := strconv.ParseInt(strings.TrimSpace(label), 10, 64)
	if err != nil {
		return unknownSize
	}
	return size
}

// surplus returns what to remove of sources and their overlays: earlier states of an origin,
// then the sources least recently used, so that the others take at most limit bytes. It
// returns nothing that a run uses.
func surplus(trees []*storedTree, limit int64) (remove []*storedTree) {
	remove, kept := outdated(trees)
	var total int64
	for _, t := range kept {
		total += t.size
	}
	var overlays []*storedTree
	for _, t := range slices.Backward(kept) {
		if limit > 0 && total > limit && !t.inUse {
			remove, total = append(remove, t), total-t.size
			continue
		}
		overlays = append(overlays, t.overlays...)
	}
	old, _ := outdated(overlays)
	return append(remove, old...)
}

// outdated divides trees into earlier states of an origin, except those that a run uses, and
// all others. Both are sorted: the most recently used come first.
func outdated(trees []*storedTree) (earlier, others []*storedTree) {
	slices.SortFunc(trees, func(a, b *storedTree) int {
		return cmp.Or(b.used.Compare(a.used), strings.Compare(a.volume, b.volume))
	})
	states := map[string]int{}
	for _, t := range trees {
		if states[t.origin]++; t.origin != "" && states[t.origin] > keptStates && !t.inUse {
			earlier = append(earlier, t)
		} else {
			others = append(others, t)
		}
	}
	return earlier, others
}
