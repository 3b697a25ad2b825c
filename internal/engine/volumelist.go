package engine

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/volume"
)

// VolumeInfo is a volume with what belongs to it.
type VolumeInfo struct {
	Name   string
	Sealed bool
	Labels map[string]string // of the seal if there is one, else of the volume
	Lower  string            // the volume below an overlay; else ""
	Used   time.Time         // when a run recorded its use, or created it
	InUse  bool              // by the run that recorded its use, as far as is known

	owner map[string]string // labels of the volume itself, or of a layer without one
}

// maxUse is how long a run of a different machine is taken to use a volume.
const maxUse = 24 * time.Hour

// RecordUse records that this run uses a volume.
func (v Volumes) RecordUse(ctx context.Context, name string) error {
	name += usedSuffix
	if err := v.engine.api.VolumeRemove(ctx, name, false); err != nil && !cerrdefs.IsNotFound(err) {
		return failed("remove volume "+name, err)
	}
	return v.Create(ctx, name, "used", nil)
}

// Mounted reports whether a container, running or not, has one of the volumes.
func (v Volumes) Mounted(ctx context.Context, names ...string) (bool, error) {
	for _, name := range names {
		list, err := v.engine.api.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("volume", name))})
		if err != nil || len(list) > 0 {
			return err == nil, failed("list containers", err)
		}
	}
	return false, nil
}

// List returns the volumes of a kind, sorted by their names. A layer without its overlay,
// which an interrupted run left, is one too, by the overlay's name.
func (v Volumes) List(ctx context.Context, kind string) ([]VolumeInfo, error) {
	list, err := v.engine.api.VolumeList(ctx, volume.ListOptions{Filters: filters.NewArgs(filters.Arg("label", Label))})
	if err != nil {
		return nil, failed("list volumes", err)
	}
	all := map[string]*volume.Volume{}
	for _, each := range list.Volumes {
		all[each.Name] = each
	}
	found := map[string]VolumeInfo{}
	for name, each := range all {
		if each.Labels[Label] == kind {
			name = strings.TrimSuffix(name, layerSuffix)
			found[name] = v.info(name, all)
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b VolumeInfo) int { return strings.Compare(a.Name, b.Name) }), nil
}

// info describes one of all volumes.
func (v Volumes) info(name string, all map[string]*volume.Volume) VolumeInfo {
	own := all[name]
	if own == nil {
		own = all[name+layerSuffix]
	}
	i := VolumeInfo{Name: name, Labels: own.Labels, Lower: lowerOf(own.Options["o"]), Used: created(own), owner: own.Labels}
	if seal := all[name+sealSuffix]; seal != nil && own.Name == name {
		i.Sealed, i.Labels = true, seal.Labels
	}
	if use := all[name+usedSuffix]; use != nil {
		i.Used = created(use)
		i.InUse = !v.engine.owner.Gone(use.Labels) && time.Since(i.Used) < maxUse
	}
	return i
}

// lowerOf returns the volume whose folder is the lower one in the options of an overlay.
func lowerOf(options string) string {
	_, rest, found := strings.Cut(options, "lowerdir=")
	dir, _, _ := strings.Cut(rest, ",")
	if !found {
		return ""
	}
	return path.Base(path.Dir(dir))
}

func created(v *volume.Volume) time.Time {
	at, _ := time.Parse(time.RFC3339, v.CreatedAt)
	return at
}
