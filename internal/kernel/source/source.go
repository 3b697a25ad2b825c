// Package source brings the source of a kernel into a volume of the engine:
// found, fetched, verified, unpacked once, and from then on only read.
//
//	ref, err := room.Resolve(ctx, "debian", want)            // which one, without fetching it
//	tree, err := room.Fetch(ctx, "debian", ref, patches)     // at the root of a volume
//
// A volume that is whole is sealed; what an interrupted run left is made anew.
package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/sync/singleflight"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// The kinds of source.
const (
	KernelOrg = "kernel.org"
	Debian    = "debian"
	Git       = "git"
	Folder    = "folder"
	Tarball   = "tarball"
)

// NoSignature is the status of a source that nobody signed.
const NoSignature = "none"

// Ref is one certain source: enough to fetch it, and to tell it from any other.
type Ref struct {
	Kind    string          `json:"kind"`
	Version release.Version `json:"version"`
	URL     string          `json:"url"`              // where it is, or the path of what is on this machine
	SHA256  string          `json:"sha256,omitempty"` // of the tarball or package; of a folder's files
	Commit  string          `json:"commit,omitempty"` // of a git source
	Tag     string          `json:"tag,omitempty"`    // that named the commit
}

// Signature tells what is known about who made a source.
type Signature struct {
	Status string `json:"status"` // a trust.State, or NoSignature
	Signer string `json:"signer"` // who vouches for it
}

// Tree is a source that lies unpacked in a volume.
type Tree struct {
	Ref
	Signature Signature `json:"signature"`
	Time      int64     `json:"time"` // seconds since 1970: of the source's Makefile, as it came; 0 for a folder
	Volume    string    `json:"-"`
}

// String names the source for a line of log.
func (r Ref) String() string {
	sum := r.SHA256 + r.Commit
	return fmt.Sprintf("%s from %s (%.12s)", r.Version, r.Kind, sum)
}

// Fetcher is what the sources work with.
type Fetcher struct {
	Engine   *engine.Client
	Image    func(context.Context) (string, error) // the image with git, igzip, xz, patch and apt
	Console  *report.Console
	Cache    string // folder of this machine for lists
	Dir      string // folder that paths of the file are relative to
	Upstream *upstream.Client
	Flight   *singleflight.Group // several kernels may want one tree at once: it is made once
}

// provider is one kind of source.
type provider interface {
	// resolve finds the source that want asks for.
	resolve(ctx context.Context, want release.Constraint) (Ref, error)
	// unpack puts t into the box's folder tree, and tells who signed it. It sets t's time
	// where it gives all files the settled one.
	unpack(ctx context.Context, ctr *engine.Container, t *Tree) (Signature, error)
}

// tree is where a source is unpacked in its container, and where a build finds it.
const tree = "/source"

// origin chooses by what the file says: a name, a git URL, a folder or a tarball.
func (r Fetcher) origin(from string) (provider, error) {
	switch {
	case from == KernelOrg:
		return kernelOrg{r}, nil
	case from == Debian:
		return debian{r}, nil
	case strings.HasPrefix(from, "git+"):
		return newGit(r, strings.TrimPrefix(from, "git+"))
	}
	return newLocal(r, from)
}

// Check tells whether from can be a source at all, without looking for it.
func Check(from string) error {
	if address, ok := strings.CutPrefix(from, "git+"); ok {
		if u, err := url.Parse(address); err == nil && u.User != nil {
			u.User = nil
			return fmt.Errorf("source git+%s: expected an address without a name or a token: it stands in plans and manifests, for all to read; fetch such a source yourself, and name its folder", u)
		}
		return nil
	}
	if from == KernelOrg || from == Debian || isPath(from) {
		return nil
	}
	return fmt.Errorf(`source %q: expected "kernel.org", "debian", "git+https://...", a folder ("./linux") or a tarball ("./linux.tar.xz")`, from)
}

// isPath tells whether from names something of this machine.
func isPath(from string) bool {
	return strings.Contains(from, "/") && !strings.Contains(from, "://") || strings.Contains(from, ".tar")
}

// Resolve finds which source is meant, without fetching it where that can be had.
func (r Fetcher) Resolve(ctx context.Context, from string, want release.Constraint) (Ref, error) {
	o, err := r.origin(from)
	if err != nil {
		return Ref{}, err
	}
	ref, err := o.resolve(ctx, want)
	if err != nil {
		return Ref{}, fmt.Errorf("find kernel %s at %s: %w", want, from, err)
	}
	return ref, nil
}

// Fetch gives the tree of ref with the patches applied. It is fetched, verified
// and unpacked unless that was done before. A patched tree stands on the tree without.
func (r Fetcher) Fetch(ctx context.Context, from string, ref Ref, patches []Patch) (Tree, error) {
	volume := Volume(ref, patches)
	t, err, _ := r.Flight.Do(volume, func() (any, error) {
		t := Tree{Ref: ref, Volume: volume}
		if whole, err := r.sealed(ctx, &t); err != nil || whole {
			return t, err
		}
		unlock, err := r.lock(ctx, volume)
		if err != nil {
			return t, err
		}
		defer unlock()
		if whole, err := r.sealed(ctx, &t); err != nil || whole { // another run may have made it
			return t, err
		}
		if len(patches) > 0 {
			return r.patched(ctx, from, t, patches)
		}
		if err := r.unpack(ctx, from, &t); err != nil {
			return t, fmt.Errorf("fetch kernel %s: %w", ref, err)
		}
		return t, nil
	})
	return t.(Tree), err
}

// lock has one run at a time make a volume.
func (r Fetcher) lock(ctx context.Context, volume string) (unlock func(), err error) {
	image, err := r.Image(ctx)
	if err != nil {
		return nil, err
	}
	return r.Engine.Acquire(ctx, image, volume, func(lock string) {
		r.Console.Logf("another run fetches this source: waiting (if there is none: docker rm %s)", lock)
	})
}

// sealed tells whether a tree is there, whole, and takes in what is known of it.
func (r Fetcher) sealed(ctx context.Context, t *Tree) (bool, error) {
	labels, whole, err := r.Engine.Sealed(ctx, t.Volume)
	if err != nil || !whole {
		return false, err
	}
	var filled Tree
	if json.Unmarshal([]byte(labels[labelTree]), &filled) != nil {
		return false, nil
	}
	t.Signature, t.Time = filled.Signature, filled.Time
	return true, nil
}

// labelTree keeps with a whole volume what was learnt when it was filled.
const labelTree = "kiln.tree"

// unpack fills a volume with the source as it comes.
func (r Fetcher) unpack(ctx context.Context, from string, t *Tree) error {
	o, err := r.origin(from)
	if err != nil {
		return err
	}
	return r.fill(ctx, t, nil, func(ctr *engine.Container) error {
		if t.Signature, err = o.unpack(ctx, ctr, t); err != nil {
			return err
		}
		if err := checkVersion(ctx, ctr, t.Ref); err != nil {
			return err
		}
		return t.settle(ctx, ctr)
	})
}

// fill makes a tree's volume in a container, has put fill it, and seals it when it
// is whole.
func (r Fetcher) fill(ctx context.Context, t *Tree, more []engine.Mount, put func(*engine.Container) error) error {
	if err := r.Engine.RemoveVolume(ctx, t.Volume); err != nil { // what a broken-off run left
		return err
	}
	if _, err := r.Engine.Volume(ctx, t.Volume, "source", t.labels()); err != nil {
		return err
	}
	return r.inVolume(ctx, t, more, put)
}

// inVolume has put fill a tree's volume, and seals it.
func (r Fetcher) inVolume(ctx context.Context, t *Tree, more []engine.Mount, put func(*engine.Container) error) error {
	ctr, err := r.box(ctx, t.Ref, append(more, engine.Mount{Volume: t.Volume, Path: tree})...)
	if err != nil {
		return err
	}
	if err := put(ctr); err != nil {
		ctr.Remove() // before another run may have the volume
		return err
	}
	defer ctr.RemoveInBackground()
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	labels := t.labels()
	labels[labelTree] = string(text)
	return r.Engine.Seal(ctx, t.Volume, labels)
}

// box starts the container that fetches and unpacks.
func (r Fetcher) box(ctx context.Context, ref Ref, mounts ...engine.Mount) (*engine.Container, error) {
	image, err := r.Image(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := r.Engine.Volume(ctx, downloads, "downloads", nil); err != nil {
		return nil, err
	}
	return r.Engine.Run(ctx, engine.Spec{
		Image: image, Kind: "source", Name: ref.Version.String(), Command: []string{"sleep", "infinity"},
		Mounts:  append(mounts, engine.Mount{Volume: downloads, Path: "/downloads"}),
		Offline: ref.Commit == "" && (ref.Kind == KernelOrg || ref.Kind == Folder || ref.Kind == Tarball),
	})
}

// downloads is the volume that keeps fetched packages, by their sha256.
const downloads = "kiln-downloads"

// Volume names the volume for a source with its patches.
func Volume(ref Ref, patches []Patch) string {
	text, _ := json.Marshal([]any{ref, patches}) // plain values: cannot fail
	sum := sha256.Sum256(text)
	return "kiln-source-" + ref.Version.String() + "-" + hex.EncodeToString(sum[:6])
}

// labels tells people who look at the engine's volumes what is in this one.
func (r Ref) labels() map[string]string {
	return map[string]string{"kiln.source": r.String(), "kiln.url": r.URL}
}

// checkVersion compares what the tree's own Makefile says with what was to be had.
func checkVersion(ctx context.Context, ctr *engine.Container, ref Ref) error {
	makefile, err := ctr.Output(ctx, engine.Command{Argv: []string{"head", "-n", "40", tree + "/Makefile"}})
	if engine.CommandFailed(err) {
		return fault.New(fault.Failed, "use a source of the Linux kernel", "read the source's Makefile: %w", err)
	}
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	got, err := makefileVersion(makefile)
	if err != nil {
		return err
	}
	if got.Compare(ref.Version) != 0 {
		return fault.New(fault.Failed, "", "the source's Makefile says %s, expected %s", got, ref.Version)
	}
	return nil
}

// makefileVersion reads the version out of the first lines of the kernel's top
// Makefile: VERSION, PATCHLEVEL, SUBLEVEL and EXTRAVERSION.
func makefileVersion(text string) (release.Version, error) {
	field := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(line, "="); ok {
			field[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	name := field["VERSION"] + "." + field["PATCHLEVEL"]
	if s := field["SUBLEVEL"]; s != "" && s != "0" {
		name += "." + s
	}
	if strings.HasPrefix(field["EXTRAVERSION"], "-rc") {
		name += field["EXTRAVERSION"]
	}
	v, err := release.Parse(name)
	return v, fault.Wrap(fault.Failed, err)
}

// stale says when a list is not of today because its host cannot be reached.
func (r Fetcher) stale(what string, d upstream.Document) {
	if d.Down != nil {
		r.Console.LogOnce("%v; going on with %s of %s ago", d.Down, what, report.Duration(r.Upstream.Now().Sub(d.Fetched)))
	}
}
