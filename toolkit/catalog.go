package toolkit

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/kernel/boot"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/record"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/site/bundle"
	"github.com/romanatrashyonok/kiln/internal/site/catalog"
)

// catalogFolder is the folder of the kernels' pages on the site.
const catalogFolder = "kernels"

// catalog renders the pages of the kernels in dist/, and adds the kernels' files where
// site.toml asks for them.
func (s *Site) catalog(ctx context.Context) ([]bundle.File, error) {
	if !s.p.site.Value.Kernels {
		return nil, nil
	}
	b, err := s.p.Kernels().newBuilder(nil)
	if err != nil {
		return nil, err
	}
	known, err := b.tracker.Known(ctx)
	if err != nil {
		return nil, err
	}
	cache, err := s.imageCache()
	if err != nil {
		return nil, err
	}
	published, err := record.List(b.Folder.Dir, known)
	if err != nil {
		return nil, err
	}
	var kernels []catalog.Kernel
	var files []bundle.File
	for _, kernel := range published {
		k := entry(kernel)
		if s.p.site.Value.Artefacts {
			offered, err := offer(&k, kernel.Folder)
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
			f.Time = firstSeen(cache, page)
		}
		files = append(files, f)
	}
	return files, err
}

// firstSeen returns when a page was rendered with this text for the first time on this
// machine: its time changes only when its text does.
func firstSeen(cache imagebuild.Cache, page catalog.Page) (at time.Time) {
	at = time.Now().UTC().Truncate(time.Second)
	if key := "page-" + trust.Hash(page.Body); !cache.Read(key, &at) {
		cache.Write(key, at)
	}
	return at
}

// offer reads the files of a kernel, verifies each by its sha256, and links the page to
// them.
func offer(k *catalog.Kernel, folder string) (files []bundle.File, err error) {
	for i := range k.Files {
		f := &k.Files[i]
		path := filepath.Join(folder, f.Name)
		got, err := trust.HashFile(path)
		if err != nil {
			return nil, fault.Wrap(fault.Environment, err)
		}
		if got != f.SHA256 {
			return nil, fault.New(fault.Failed, "go tool mage extract", "publish %s: damaged: sha256 %s, recorded %s", path, got, f.SHA256)
		}
		f.Path = k.ID() + "/" + f.Name
		files = append(files, bundle.File{Name: catalogFolder + "/" + f.Path, Path: path, Time: k.Built})
	}
	return files, nil
}

// entry returns what the pages show of a kernel.
func entry(p record.Entry) catalog.Kernel {
	m := p.Manifest
	k := catalog.Kernel{
		Name: m.Name, Version: m.Version, Arch: m.Arch, Plan: m.Plan, Warnings: len(m.Warnings),
		Signature: m.Source.Signature.Status, Signer: m.Source.Signature.Signer, Source: m.Source.Kind,
		Image: file(p.Image), Seconds: m.Finished.Sub(m.Started).Seconds(), Built: m.Finished, Status: statusOf(p.Status),
	}
	for _, a := range m.Artefacts {
		k.Files = append(k.Files, file(a))
	}
	if p.Boot != nil && p.Boot.Verdict != boot.NoQEMU && p.Boot.Verdict != boot.Untestable {
		k.Boot = catalog.Boot{Verdict: string(p.Boot.Verdict), Warnings: len(p.Boot.Warnings), Seconds: p.Boot.Init, How: machineOf(*p.Boot)}
	}
	if p.Rebuild != nil {
		k.Rebuild = catalog.Rebuild{Tried: true, Same: p.Rebuild.Same}
	}
	return k
}

func file(a plan.Artefact) catalog.File {
	return catalog.File{Name: a.Path, SHA256: a.SHA256, Size: a.Size}
}

// machineOf names what a kernel was booted in; "" without QEMU.
func machineOf(r boot.Report) string {
	if r.QEMU == "" {
		return ""
	}
	return fmt.Sprintf("%s, %s", strings.Replace(r.QEMU, "QEMU emulator version", "QEMU", 1), r.Accelerator)
}

// statusOf returns the release status of a kernel as a word and a sentence.
func statusOf(s *release.Status) catalog.Status {
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
