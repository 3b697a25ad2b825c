// Package source brings the source of a kernel into a volume of the engine:
// found, fetched, verified, unpacked once, and from then on only read.
//
//	ref, err := room.Resolve(ctx, "debian", want)   // which one, without fetching it
//	volume, err := room.Fetch(ctx, ref, patches)    // the tree, at the root of a volume
//
// A volume that is whole is sealed; what an interrupted run left is made anew.
package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/kernel/release"
	"github.com/romanatrashyonok/kiln/report"
)

// The kinds of source.
const (
	KernelOrg = "kernel.org"
	Debian    = "debian"
	Git       = "git"
	Folder    = "folder"
	Tarball   = "tarball"
)

// Ref is one certain source: enough to fetch it, and to tell it from any other.
type Ref struct {
	Kind      string          `json:"kind"`
	Version   release.Version `json:"version"`
	URL       string          `json:"url"`              // where it is, or the path of what is on this machine
	SHA256    string          `json:"sha256,omitempty"` // of the tarball or package; of a folder's files
	Commit    string          `json:"commit,omitempty"` // of a git source
	Signature Signature       `json:"signature"`
}

// Signature tells what is known about who made a source.
type Signature struct {
	Status string `json:"status"` // "verified", "unchecked" or "none"
	Signer string `json:"signer"` // who vouches for it
}

// String names the source for a line of log.
func (r Ref) String() string {
	sum := r.SHA256 + r.Commit
	return fmt.Sprintf("%s from %s (%.12s)", r.Version, r.Kind, sum)
}

// Room is what the sources work with.
type Room struct {
	Engine   *docker.Engine
	Image    func(context.Context) (string, error) // the image with git, xz, patch and apt
	Console  *report.Console
	Cache    string // folder of this machine for downloads and lists
	Dir      string // folder that paths of the file are relative to
	Upstream Upstream
	HTTP     *http.Client
}

// origin is one kind of source.
type origin interface {
	// resolve finds the source that want asks for.
	resolve(ctx context.Context, want release.Want) (Ref, error)
	// unpack puts the tree of ref into the box's folder tree.
	unpack(ctx context.Context, box *docker.Container, ref Ref) error
}

// tree is where a source is unpacked in its container, and where a build finds it.
const tree = "/source"

// origin chooses by what the file says: a name, a git URL, a folder or a tarball.
func (r Room) origin(from string) (origin, error) {
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
	if from == KernelOrg || from == Debian || strings.HasPrefix(from, "git+") || isPath(from) {
		return nil
	}
	return fmt.Errorf(`source %q: expected "kernel.org", "debian", "git+https://...", a folder ("./linux") or a tarball ("./linux.tar.xz")`, from)
}

// isPath tells whether from names something of this machine.
func isPath(from string) bool {
	return strings.Contains(from, "/") && !strings.Contains(from, "://") || strings.Contains(from, ".tar")
}

// Resolve finds which source is meant, without fetching it where that can be had.
func (r Room) Resolve(ctx context.Context, from string, want release.Want) (Ref, error) {
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

// Fetch gives the volume that holds the tree of ref with the patches applied. It
// is fetched, verified and unpacked unless that was done before.
func (r Room) Fetch(ctx context.Context, from string, ref Ref, patches []Patch) (volume string, err error) {
	volume = Volume(ref, patches)
	if whole, err := r.Engine.Sealed(ctx, volume); err != nil || whole {
		return volume, err
	}
	o, err := r.origin(from)
	if err != nil {
		return "", err
	}
	image, err := r.Image(ctx)
	if err != nil {
		return "", err
	}
	if err := r.fill(ctx, o, image, volume, ref, patches); err != nil {
		return "", fmt.Errorf("fetch kernel %s: %w", ref, err)
	}
	return volume, nil
}

// fill makes the volume in a container and seals it when it is whole.
func (r Room) fill(ctx context.Context, o origin, image, volume string, ref Ref, patches []Patch) error {
	if err := r.Engine.RemoveVolume(ctx, volume); err != nil { // what a broken-off run left
		return err
	}
	labels := ref.labels()
	if _, err := r.Engine.Volume(ctx, volume, "source", labels); err != nil {
		return err
	}
	box, err := r.box(ctx, image, ref, docker.Mount{Volume: volume, Path: tree})
	if err != nil {
		return err
	}
	defer box.Remove()
	if err := o.unpack(ctx, box, ref); err != nil {
		return err
	}
	if err := r.apply(ctx, box, patches); err != nil {
		return err
	}
	if err := checkVersion(ctx, box, ref); err != nil {
		return err
	}
	return r.Engine.Seal(ctx, volume, labels)
}

// box starts the container that fetches and unpacks.
func (r Room) box(ctx context.Context, image string, ref Ref, mounts ...docker.Mount) (*docker.Container, error) {
	if _, err := r.Engine.Volume(ctx, downloads, "downloads", nil); err != nil {
		return nil, err
	}
	return r.Engine.Run(ctx, docker.Spec{
		Image: image, Kind: "source", Name: ref.Version.String(), Command: []string{"sleep", "infinity"},
		Mounts:  append(mounts, docker.Mount{Volume: downloads, Path: "/downloads"}),
		Offline: ref.Kind == KernelOrg || ref.Kind == Folder || ref.Kind == Tarball,
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
func checkVersion(ctx context.Context, box *docker.Container, ref Ref) error {
	makefile, err := box.Output(ctx, docker.Command{Argv: []string{"head", "-n", "40", tree + "/Makefile"}})
	if err != nil {
		return fault.New(fault.Bad, "is it a kernel's source?", "read the source's Makefile: %w", err)
	}
	got, err := makefileVersion(makefile)
	if err != nil {
		return err
	}
	if got.Compare(ref.Version) != 0 {
		return fault.New(fault.Bad, "", "the source's Makefile says %s, expected %s", got, ref.Version)
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
	return v, fault.Wrap(fault.Bad, err)
}

// hostOf gives the host of a URL, for messages.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return address
}
