package source

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/docker"
	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/kernel/release"
)

// Upstream is where kernel.org is: the [upstream] table of kernels.toml, for a
// mirror or an archive of one's own.
type Upstream struct {
	Releases string   `toml:"releases"` // what kernel.org lists, releases.json
	Sums     string   `toml:"sums"`     // the folder whose v6.x/sha256sums.asc is believed
	Mirrors  []string `toml:"mirrors"`  // the folders of the tarballs, tried in order
}

// DefaultUpstream is kernel.org itself. The checksums come from another host than
// the tarballs, so that one that was broken into cannot give both.
func DefaultUpstream() Upstream {
	return Upstream{
		Releases: "https://www.kernel.org/releases.json",
		Sums:     "https://www.kernel.org/pub/linux/kernel",
		Mirrors:  []string{"https://cdn.kernel.org/pub/linux/kernel", "https://mirrors.edge.kernel.org/pub/linux/kernel"},
	}
}

// kernelOrg is a release's tarball at kernel.org, verified by the checksums that
// are published beside it.
type kernelOrg struct{ room Room }

// listed is what Kiln reads of https://www.kernel.org/releases.json.
type listed struct {
	Releases []struct {
		Moniker string `json:"moniker"`
		Version string `json:"version"`
		EOL     bool   `json:"iseol"`
	} `json:"releases"`
}

// resolve finds the newest admitted release in the list of current ones, else in
// the checksums, which name all releases of a major version.
func (k kernelOrg) resolve(ctx context.Context, want release.Want) (Ref, error) {
	current, err := k.current(ctx, want)
	if err != nil {
		return Ref{}, err
	}
	if v, ok := want.Newest(current); ok {
		sums, err := k.sums(ctx, v.Major())
		if err != nil {
			return Ref{}, err
		}
		return k.ref(v, sums)
	}
	if want.Moniker() != "" {
		return Ref{}, fault.New(fault.Usage, "", "kernel.org lists no %s release", want)
	}
	return k.older(ctx, want, current)
}

// older looks for a release that is not current any more, newest major first.
func (k kernelOrg) older(ctx context.Context, want release.Want, current []release.Version) (Ref, error) {
	newest := 6
	for _, v := range current {
		newest = max(newest, v.Major())
	}
	for major := newest; major >= 4; major-- {
		sums, err := k.sums(ctx, major)
		if err != nil {
			return Ref{}, err
		}
		var versions []release.Version
		for name := range sums {
			if v, err := release.Parse(name); err == nil {
				versions = append(versions, v)
			}
		}
		if v, ok := want.Newest(versions); ok {
			return k.ref(v, sums)
		}
	}
	return Ref{}, fault.New(fault.Usage, "ask for another version", "kernel.org has no such release")
}

// current reads the list of releases; with a moniker only those called so.
func (k kernelOrg) current(ctx context.Context, want release.Want) ([]release.Version, error) {
	text, err := k.room.get(ctx, k.room.Upstream.Releases)
	if err != nil {
		return nil, err
	}
	var list listed
	if err := json.Unmarshal(text, &list); err != nil || len(list.Releases) == 0 {
		return nil, fault.New(fault.Surroundings, "has its form changed?", `read %s: expected an object with "releases" (%v)`, k.room.Upstream.Releases, err)
	}
	var versions []release.Version
	for _, r := range list.Releases {
		if want.Moniker() != "" && (r.Moniker != want.Moniker() || r.EOL) {
			continue
		}
		if v, err := release.Parse(r.Version); err == nil { // linux-next has no version
			versions = append(versions, v)
		}
	}
	return versions, nil
}

// sumLine is a line of sha256sums.asc for a tarball of the kernel.
var sumLine = regexp.MustCompile(`^([0-9a-f]{64})  linux-(\S+)\.tar\.xz$`)

// sums reads the published checksums of the tarballs of a major version, by version.
func (k kernelOrg) sums(ctx context.Context, major int) (map[string]string, error) {
	address := fmt.Sprintf("%s/v%d.x/sha256sums.asc", k.room.Upstream.Sums, major)
	text, err := k.room.get(ctx, address)
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if m := sumLine.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			sums[m[2]] = m[1]
		}
	}
	if len(sums) == 0 {
		return nil, fault.New(fault.Surroundings, "has its form changed?", "read %s: expected lines of sha256 and linux-VERSION.tar.xz", address)
	}
	return sums, nil
}

func (k kernelOrg) ref(v release.Version, sums map[string]string) (Ref, error) {
	sum, ok := sums[v.String()]
	if !ok {
		return Ref{}, fault.New(fault.Surroundings, "they come some hours after a release: wait, or ask for the one before",
			"kernel %s has no published checksum yet", v)
	}
	return Ref{
		Kind: KernelOrg, Version: v, SHA256: sum,
		URL:       fmt.Sprintf("%s/v%d.x/linux-%s.tar.xz", k.room.Upstream.Mirrors[0], v.Major(), v),
		Signature: Signature{Status: "unchecked", Signer: "kernel.org's checksum list, over TLS"},
	}, nil
}

// unpack downloads the tarball, compares its sha256 before a byte of it reaches a
// decompressor, and unpacks it.
func (k kernelOrg) unpack(ctx context.Context, box *docker.Container, ref Ref) error {
	path, err := k.download(ctx, ref)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("linux-%s.tar.xz", ref.Version)
	if err := putFile(ctx, box, path, "/tmp", name); err != nil {
		return err
	}
	return k.room.untar(ctx, box, "/tmp/"+name)
}

// download tries the mirrors in order.
func (k kernelOrg) download(ctx context.Context, ref Ref) (string, error) {
	path := filepath.Join(k.room.Cache, "downloads", ref.SHA256)
	if got, err := HashFile(path); err == nil && got == ref.SHA256 {
		return path, nil
	}
	var faults []string
	for _, mirror := range slices.Compact(k.room.Upstream.Mirrors) {
		address := fmt.Sprintf("%s/v%d.x/linux-%s.tar.xz", mirror, ref.Version.Major(), ref.Version)
		err := k.room.download(ctx, address, path, ref.SHA256)
		if err == nil || ctx.Err() != nil {
			return path, err
		}
		k.room.Console.Say("%v", err)
		faults = append(faults, hostOf(mirror))
	}
	return "", fault.New(fault.Surroundings, "see the lines above", "download kernel %s: none of %s gave it", ref.Version, strings.Join(faults, ", "))
}
