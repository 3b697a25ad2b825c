package fetch

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// keptOfFolder is how many states of one folder are kept, whatever the limit: the present one,
// and the one before, with which an incremental build compares it.
const keptOfFolder = 2

// makeRoom removes sources from the engine: those that surplus returns, unless a container
// uses them.
func (f Fetcher) makeRoom(ctx context.Context) error {
	volumes, err := f.Engine.Volumes().List(ctx, engine.Sealed)
	if err != nil {
		return err
	}
	for _, t := range surplus(treesOf(volumes), f.Limit) {
		all := append(t.overlays, t.volume)
		mounted, err := f.Engine.Volumes().Mounted(ctx, all...)
		if err != nil {
			return err
		}
		if mounted {
			continue
		}
		for _, volume := range all {
			if err := f.Engine.Volumes().Remove(ctx, volume); err != nil {
				return err
			}
		}
		f.Console.Logf("removed a source to make room: %s, %s, last used %s", t.about, report.Bytes(t.size), t.used.Format("2006-01-02 15:04"))
	}
	return nil
}

// storedTree is an unpatched source in the engine, with the patched ones that are overlays on
// it: they can only be used together.
type storedTree struct {
	volume   string
	overlays []string
	about    string // the source, for people
	folder   string // the path of a folder; else ""
	size     int64  // bytes
	used     time.Time
	inUse    bool // by a run that still lives, as far as is known
}

// unknownSize is the size, in bytes, of a source whose size was not recorded: that of a
// kernel.
const unknownSize = 1700 << 20

// treesOf returns the complete sources among volumes.
func treesOf(volumes []engine.VolumeInfo) []*storedTree {
	trees := map[string]*storedTree{}
	var list []*storedTree
	for _, v := range volumes {
		if !v.Sealed || v.Lower != "" {
			continue
		}
		t := &storedTree{volume: v.Name, about: v.Labels[labelSource], size: sizeOf(v.Labels[labelSize]), used: v.Used, inUse: v.InUse}
		var made source.Tree
		if json.Unmarshal([]byte(v.Labels[labelTree]), &made) == nil && made.Kind == source.Folder {
			t.folder = made.URL
		}
		trees[v.Name], list = t, append(list, t)
	}
	for _, v := range volumes {
		if t := trees[v.Lower]; t != nil {
			t.overlays = append(t.overlays, v.Name)
			t.inUse = t.inUse || v.InUse
			if v.Used.After(t.used) {
				t.used = v.Used
			}
		}
	}
	return list
}

func sizeOf(label string) int64 {
	size, err := strconv.ParseInt(strings.TrimSpace(label), 10, 64)
	if err != nil {
		return unknownSize
	}
	return size
}

// surplus returns the sources to remove: earlier states of a folder, then the least recently
// used, so that the others take at most limit bytes. It returns none that a run uses.
func surplus(trees []*storedTree, limit int64) (remove []*storedTree) {
	slices.SortFunc(trees, func(a, b *storedTree) int {
		return cmp.Or(b.used.Compare(a.used), strings.Compare(a.volume, b.volume))
	})
	states := map[string]int{}
	var total int64
	var kept []*storedTree
	for _, t := range trees { // the most recently used first
		if states[t.folder]++; t.folder != "" && states[t.folder] > keptOfFolder && !t.inUse {
			remove = append(remove, t)
			continue
		}
		kept, total = append(kept, t), total+t.size
	}
	for _, t := range slices.Backward(kept) {
		if limit <= 0 || total <= limit {
			break
		}
		if !t.inUse {
			remove, total = append(remove, t), total-t.size
		}
	}
	return remove
}
