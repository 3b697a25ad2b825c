package fetch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/decompress"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// indexAge is how long Debian's list of kernel sources is cached.
const indexAge = 24 * time.Hour

// debian provides Debian's package linux-source-X.Y: the kernel with Debian's patches. apt
// verifies the package by the archive's signed index.
type debian struct{ fetcher Fetcher }

// debianIndex is Debian's list of kernel sources at some time, as cached.
type debianIndex struct {
	Checked  time.Time       `json:"checked"`
	Packages []debianPackage `json:"packages"`
}

type debianPackage struct {
	Name    string          `json:"name"`    // linux-source-6.12
	Full    string          `json:"full"`    // 6.12.117-1
	Version release.Version `json:"version"` // 6.12.117
	SHA256  string          `json:"sha256"`  // of the .deb
}

func (d debian) resolve(ctx context.Context, want release.Constraint) (source.Ref, error) {
	list, err, _ := d.fetcher.Flight.Do("debian", func() (any, error) { return d.index(ctx) })
	if err != nil {
		return source.Ref{}, err
	}
	index := list.(debianIndex)
	var versions []release.Version
	for _, p := range index.Packages {
		versions = append(versions, p.Version)
	}
	newest, ok := want.Newest(versions)
	if !ok {
		return source.Ref{}, fault.New(fault.Usage, "change the version, or add a source to kernels.toml",
			"Debian has no such kernel source; it has %v", versions)
	}
	for _, p := range index.Packages {
		if p.Version.Compare(newest) == 0 {
			return source.Ref{
				Kind: source.Debian, Version: p.Version, URL: "debian:" + p.Name + "=" + p.Full, SHA256: p.SHA256,
			}, nil
		}
	}
	return source.Ref{}, fmt.Errorf("version %s has no package", newest) // impossible: newest is one of theirs
}

// index returns a list no older than indexAge, from the cache or from apt; an older one if
// Debian cannot be reached.
func (d debian) index(ctx context.Context) (debianIndex, error) {
	path := d.indexPath()
	var index debianIndex
	if report.Read(path, &index) == nil && time.Since(index.Checked) < indexAge {
		return index, nil
	}
	progress := d.fetcher.Console.Progress("list Debian's kernel sources")
	fresh, err := d.query(ctx)
	if err != nil {
		progress.End("failed")
		if len(index.Packages) > 0 {
			d.fetcher.Console.Logf("cannot reach Debian; using its list of %s", index.Checked.Format("2006-01-02"))
			return index, nil
		}
		return debianIndex{}, err
	}
	progress.End(fmt.Sprintf("%d found", len(fresh.Packages)))
	return fresh, report.Write(path, fresh)
}

func (d debian) indexPath() string { return filepath.Join(d.fetcher.Cache, "debian-index.json") }

// query lists the packages with apt in a container.
func (d debian) query(ctx context.Context) (debianIndex, error) {
	ctr, err := d.fetcher.container(ctx, source.Ref{Kind: source.Debian})
	if err != nil {
		return debianIndex{}, err
	}
	defer ctr.Remove()
	if err := aptUpdate(ctx, ctr); err != nil {
		return debianIndex{}, err
	}
	names, err := ctr.Output(ctx, engine.Command{Argv: []string{"apt-cache", "pkgnames", "linux-source-"}})
	if err != nil {
		return debianIndex{}, err
	}
	argv := append([]string{"apt-cache", "show"}, strings.Fields(names)...)
	text, err := ctr.Output(ctx, engine.Command{Argv: argv})
	if err != nil {
		return debianIndex{}, err
	}
	return debianIndex{Checked: time.Now(), Packages: parseStanzas(text)}, nil
}

func aptUpdate(ctx context.Context, ctr *engine.Container) error {
	_, err := ctr.Output(ctx, engine.Command{Argv: []string{"apt-get", "update", "-o", "APT::Update::Error-Mode=any"}})
	if err != nil {
		return fault.NewWithCause(fault.Network, "make Debian's package archive reachable from the engine's containers", "update Debian's package lists: %w", err)
	}
	return nil
}

// kernelVersion finds the kernel's version in a package's: 6.12.117 in 6.12.117-1~deb12u1.
var kernelVersion = regexp.MustCompile(`^(?:\d+:)?(\d+\.\d+(?:\.\d+)?)[-+~]`)

// parseStanzas reads the output of apt-cache show (deb822: stanzas of "Field: value" lines).
func parseStanzas(text string) (packages []debianPackage) {
	for stanza := range strings.SplitSeq(text, "\n\n") {
		field := map[string]string{}
		for line := range strings.Lines(stanza) {
			if name, value, ok := strings.Cut(line, ": "); ok {
				field[name] = strings.TrimSpace(value)
			}
		}
		m := kernelVersion.FindStringSubmatch(field["Version"])
		if m == nil || field["SHA256"] == "" || field["Package"] == "linux-source" {
			continue
		}
		if v, err := release.Parse(m[1]); err == nil {
			packages = append(packages, debianPackage{Name: field["Package"], Full: field["Version"], Version: v, SHA256: field["SHA256"]})
		}
	}
	return packages
}

func (d debian) unpack(ctx context.Context, ctr *engine.Container, t *source.Tree) (source.Signature, error) {
	ref := t.Ref
	by := source.Signature{Status: string(trust.Verified), Signer: "Debian archive, by apt"}
	deb := "/downloads/" + ref.SHA256
	if !d.cached(ctx, ctr, ref) {
		if err := d.download(ctx, ctr, ref, deb); err != nil {
			return by, err
		}
	}
	if _, err := ctr.Output(ctx, engine.Command{Argv: []string{"dpkg-deb", "--extract", deb, "/tmp/package"}}); err != nil {
		return by, fault.Wrap(fault.Failed, err)
	}
	name, _, _ := strings.Cut(packageID(ref), "=")
	a := archive{name: name + ".tar.xz", file: "/tmp/package/usr/src/" + name + ".tar.xz", format: decompress.XZ, prefix: name + "/"}
	return by, d.fetcher.untar(ctx, ctr, a, nil)
}

// packageID returns the package with its version as apt-get takes it, NAME=VERSION.
func packageID(ref source.Ref) string { return strings.TrimPrefix(ref.URL, "debian:") }

// cached reports whether the package was downloaded before and its sha256 is right.
func (d debian) cached(ctx context.Context, ctr *engine.Container, ref source.Ref) bool {
	got, err := sha256Inside(ctx, ctr, "/downloads/"+ref.SHA256)
	return err == nil && got == ref.SHA256
}

func (d debian) download(ctx context.Context, ctr *engine.Container, ref source.Ref, deb string) error {
	progress := d.fetcher.Console.Progress("download " + packageID(ref))
	if err := d.apt(ctx, ctr, ref, deb); err != nil {
		progress.End("failed")
		return err
	}
	progress.End("verified")
	return nil
}

// apt downloads the package with apt-get and checks its sha256.
func (d debian) apt(ctx context.Context, ctr *engine.Container, ref source.Ref, deb string) error {
	if err := aptUpdate(ctx, ctr); err != nil {
		return err
	}
	dir := "/downloads/partial-" + ref.SHA256
	for _, argv := range [][]string{{"rm", "-rf", dir}, {"install", "-d", "-o", "_apt", dir}} {
		if _, err := ctr.Output(ctx, engine.Command{Argv: argv}); err != nil {
			return err
		}
	}
	if _, err := ctr.Output(ctx, engine.Command{Argv: []string{"apt-get", "download", packageID(ref)}, Dir: dir}); err != nil {
		os.Remove(d.indexPath()) // Debian may have a newer package by now
		return fault.NewWithCause(fault.Network, "run it again: it then queries Debian's current packages", "download %s: %w", packageID(ref), err)
	}
	list, err := ctr.Output(ctx, engine.Command{Argv: []string{"ls", dir}})
	if err != nil {
		return err
	}
	file := dir + "/" + strings.TrimSpace(list)
	got, err := sha256Inside(ctx, ctr, file)
	if err != nil {
		return err
	}
	if got != ref.SHA256 {
		return fault.New(fault.Failed, "", "download %s: its sha256 is %s, expected %s", packageID(ref), got, ref.SHA256)
	}
	_, err = ctr.Output(ctx, engine.Command{Argv: []string{"mv", file, deb}})
	return err
}
