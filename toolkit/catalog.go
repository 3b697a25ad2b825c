package toolkit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/kernel"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/site/bundle"
	"github.com/romanatrashyonok/kiln/internal/site/catalog"
)

// catalogFolder is where the kernels' pages are on the site.
const catalogFolder = "kernels"

// catalog makes the pages of the kernels that lie in dist/, and adds the kernels
// themselves where site.toml says so.
func (w *Project) catalog(ctx context.Context) ([]bundle.File, error) {
	if !w.Site.Value.Kernels {
		return nil, nil
	}
	b, err := w.works(nil)
	if err != nil {
		return nil, err
	}
	published, err := b.Published(ctx)
	if err != nil {
		return nil, err
	}
	var kernels []catalog.Kernel
	var files []bundle.File
	for _, p := range published {
		k := entry(p)
		if w.Site.Value.Artefacts {
			offered, err := offer(&k, p.Folder)
			if err != nil {
				return nil, err
			}
			files = append(files, offered...)
		}
		kernels = append(kernels, k)
	}
	pages, err := catalog.Render(kernels)
	for _, page := range pages {
		f := bundle.File{Name: catalogFolder + "/" + page.Name, Body: page.Body}
		if len(kernels) > 0 {
			f.Time = w.firstSeen(page)
		}
		files = append(files, f)
	}
	return files, err
}

// firstSeen gives when a page said for the first time, on this machine, what it says: its
// time changes when its text does, and not before.
func (w *Project) firstSeen(p catalog.Page) (at time.Time) {
	at = time.Now().UTC().Truncate(time.Second)
	cache, err := cacheDir()
	if err != nil {
		return at
	}
	notes, key := imagebuild.FolderCache(filepath.Join(cache, "images")), "page-"+trust.Hash(p.Body)
	if !notes.Read(key, &at) {
		notes.Write(key, at)
	}
	return at
}

// offer reads the files of a kernel, compares each with its sha256, and has the page
// lead to them.
func offer(k *catalog.Kernel, folder string) (files []bundle.File, err error) {
	for i := range k.Files {
		f := &k.Files[i]
		path := filepath.Join(folder, f.Name)
		body, err := os.ReadFile(path)
		if err != nil {
			return nil, fault.Wrap(fault.Environment, err)
		}
		if got := trust.Hash(body); got != f.SHA256 {
			return nil, fault.New(fault.Failed, "go tool mage extract", "publish %s: it is damaged: sha256 %s, recorded %s", path, got, f.SHA256)
		}
		f.Path = k.ID() + "/" + f.Name
		files = append(files, bundle.File{Name: catalogFolder + "/" + f.Path, Body: body, Time: k.Built})
	}
	return files, nil
}

// entry says of a kernel what the pages tell.
func entry(p kernel.Published) catalog.Kernel {
	m := p.Manifest
	k := catalog.Kernel{
		Name: m.Name, Version: m.Version, Arch: m.Arch, Plan: m.Plan, Warnings: len(m.Warnings),
		Signature: m.Source.Signature.Status, Signer: m.Source.Signature.Signer, Source: m.Source.Kind,
		Image: file(p.Image), Seconds: m.Finished.Sub(m.Started).Seconds(), Built: m.Finished, Status: standing(p.Status),
	}
	for _, a := range m.Artefacts {
		k.Files = append(k.Files, file(a))
	}
	if p.Boot != nil && p.Boot.Verdict != boot.NoQEMU {
		k.Boot = catalog.Boot{Verdict: string(p.Boot.Verdict), Seconds: p.Boot.Init, How: machineOf(*p.Boot)}
	}
	if p.Rebuild != nil {
		k.Rebuild = catalog.Rebuild{Tried: true, Same: p.Rebuild.Same}
	}
	return k
}

func file(a kernel.Artefact) catalog.File {
	return catalog.File{Name: a.Path, SHA256: a.SHA256, Size: a.Size}
}

// machineOf names what a kernel was booted in; "" where nothing could.
func machineOf(r boot.Report) string {
	if r.QEMU == "" {
		return ""
	}
	return fmt.Sprintf("QEMU %s, %s", r.QEMU, r.Accelerator)
}

// standing puts how a kernel stands into a word, and what more is known into a sentence.
func standing(s *release.Status) catalog.Status {
	switch {
	case s == nil || s.Moniker == "" && s.End == "" && !s.Ended:
		return catalog.Status{Word: catalog.Unknown}
	case s.Ended:
		return catalog.Status{Word: catalog.Over, Text: since(s.End)}
	case s.DaysLeft != nil && time.Duration(*s.DaysLeft)*24*time.Hour <= release.WarningPeriod:
		return catalog.Status{Word: catalog.Ending, Text: "No more fixes after " + s.End + "."}
	case s.Behind > 0:
		return catalog.Status{Word: catalog.Behind, Text: fmt.Sprintf("Newer point releases are out: %d.", s.Behind)}
	case s.End != "":
		return catalog.Status{Word: catalog.Current, Text: fmt.Sprintf("%s, until %s.", s.Moniker, s.End)}
	}
	return catalog.Status{Word: catalog.Current, Text: s.Moniker}
}

func since(day string) string {
	if day == "" {
		return ""
	}
	return "Since " + day + "."
}
