package record

import (
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
)

// Published is everything that is known of a kernel in dist/.
type Published struct {
	Record
	Status *release.Status // nil where nothing is known of kernel.org's releases
}

// List returns the kernels in the folders of dir, in the order of their names, with their
// status by what is known of kernel.org's releases; know may be nil. A folder without a
// whole kernel is an error that names it.
func List(dir string, know *release.Data) ([]Published, error) {
	manifests, err := filepath.Glob(filepath.Join(dir, "*", plan.ManifestFile))
	if err != nil {
		return nil, fault.Wrap(fault.Environment, err)
	}
	list := make([]Published, len(manifests))
	for i, file := range manifests {
		if list[i].Record, err = readRecord(filepath.Dir(file)); err != nil {
			return nil, err
		}
		if v := list[i].Manifest.Source.Version; know != nil {
			status := know.Evaluate(list[i].Manifest.Name, release.Exactly(v), v, release.Version{})
			list[i].Status = &status
		}
	}
	return list, nil
}
