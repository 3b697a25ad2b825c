package kernel

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/kernel/arch"
	"github.com/romanatrashyonok/kiln/kernel/boot"
	"github.com/romanatrashyonok/kiln/kernel/release"
	"github.com/romanatrashyonok/kiln/kernel/upstream"
	"github.com/romanatrashyonok/kiln/report"
)

// Published is all that is known of a kernel that lies in dist/.
type Published struct {
	Folder   string
	Manifest Manifest
	Image    Artefact          // the kernel itself
	Boot     *boot.Report      // nil where this very kernel was not booted
	Twice    *Reproduction     // nil where it was not built again
	Standing *release.Standing // nil where nothing is known of kernel.org's releases
}

// Published gives the kernels in dist/, in the order of their folders' names. Nothing is
// fetched: how they stand is judged by what an earlier run was told. A folder that
// holds no whole kernel is an error that names it.
func (w *Works) Published(ctx context.Context) ([]Published, error) {
	manifests, err := filepath.Glob(filepath.Join(w.Dist, "kernels", "*", manifestFile))
	if err != nil {
		return nil, fault.Wrap(fault.Surroundings, err)
	}
	know, err := w.known(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Published, len(manifests))
	for i, file := range manifests {
		if list[i], err = readPublished(filepath.Dir(file)); err != nil {
			return nil, fault.New(fault.Bad, "go tool mage extract copies it anew; or remove the folder", "read kernel %s: %w", filepath.Dir(file), err)
		}
		if v := list[i].Manifest.Source.Version; know != nil {
			standing := know.Judge(list[i].Manifest.Name, release.Exactly(v), v, release.Version{})
			list[i].Standing = &standing
		}
	}
	return list, nil
}

// known gives what earlier runs were told of kernel.org's releases, nil if nothing.
func (w *Works) known(ctx context.Context) (*release.Knowledge, error) {
	know := release.Knowledge{Now: w.Upstream.Now()}
	var err error
	if know.Feed, _, err = w.Upstream.Feed(ctx, upstream.Kept); err == nil {
		know.Dates, _, err = w.Upstream.Dates(ctx, upstream.Kept)
	}
	switch {
	case len(know.Feed.Releases) > 0 && (err == nil || errors.Is(err, upstream.ErrNotKept)):
		return &know, nil
	case errors.Is(err, upstream.ErrNotKept):
		return nil, nil
	}
	return nil, err
}

// readPublished reads the documents of a kernel's folder. A boot or a second build of
// another kernel than the one that lies there says nothing of it.
func readPublished(dir string) (Published, error) {
	p := Published{Folder: dir}
	if err := report.Read(filepath.Join(dir, manifestFile), &p.Manifest); err != nil {
		return p, err
	}
	a, err := arch.Find(p.Manifest.Arch)
	if err != nil {
		return p, err
	}
	p.Image = p.Manifest.artefact(path.Base(a.Image))
	var booted boot.Report
	var twice Reproduction
	if there, err := readIfThere(filepath.Join(dir, bootFile), &booted); err != nil {
		return p, err
	} else if there && booted.Plan == p.Manifest.Plan && booted.Image == p.Image.SHA256 {
		p.Boot = &booted
	}
	if there, err := readIfThere(filepath.Join(dir, reproduceFile), &twice); err != nil {
		return p, err
	} else if there && twice.Plan == p.Manifest.Plan {
		p.Twice = &twice
	}
	return p, nil
}

// readIfThere reads a document, and tells whether there is one.
func readIfThere(file string, into any) (bool, error) {
	err := report.Read(file, into)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
