package record

import (
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
)

// Entry is a kernel in dist/ with the status of its version.
type Entry struct {
	Record
	Status *release.Status // nil if nothing is known of kernel.org's releases
}

// List returns the kernels in the folders of dir, by name. Their status comes from what is
// known of kernel.org's releases; data may be nil. A folder whose documents cannot be read
// is an error of class fault.Failed that names it.
func List(dir string, data *release.Data) ([]Entry, error) {
	found, err := folders(dir)
	if err != nil {
		return nil, err
	}
	list := make([]Entry, len(found))
	for i, folder := range found {
		if list[i].Record, err = readRecord(folder); err != nil {
			return nil, err
		}
		if data == nil {
			continue
		}
		m := list[i].Manifest
		version, err := release.Parse(m.Source.Version)
		if err != nil {
			return nil, fault.New(fault.Failed, "go tool mage extract", "read the manifest in %s: %w", folder, err)
		}
		status := data.Evaluate(m.Name, release.Exactly(version), version, release.Version{})
		list[i].Status = &status
	}
	return list, nil
}
