package upstream

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// Feed returns what kernel.org lists, no older than fresh where it can be reached.
func (c *Client) Feed(ctx context.Context, fresh time.Duration) (release.Feed, Document, error) {
	var feed release.Feed
	d, err := c.document(ctx, c.Config.Releases, fresh, func(text []byte) (err error) {
		feed, err = release.ParseFeed(text)
		return err
	})
	return feed, d, err
}

// Dates returns the ends of life, no older than fresh where they can be had.
func (c *Client) Dates(ctx context.Context, fresh time.Duration) (release.Dates, Document, error) {
	var dates release.Dates
	d, err := c.document(ctx, c.Config.EOL, fresh, func(text []byte) (err error) {
		dates, err = release.ParseDates(text)
		return err
	})
	return dates, d, err
}

// Checksums is a verified list of checksums.
type Checksums struct {
	Signer trust.Signer
	files  map[string]string // sha256 by the file's name
	source Document
}

// FetchError says why the list could not be fetched anew, if so.
func (s Checksums) FetchError() error { return s.source.FetchError }

// Of returns the sha256 of a release's tarball.
func (s Checksums) Of(v release.Version) (string, error) {
	sum, ok := s.files[tarball(v)]
	if !ok {
		return "", trust.Refuse(trust.Unpublished, "wait some hours after the release, or choose the release before",
			"%s does not name %s", s.source.URL, tarball(v))
	}
	return sum, nil
}

// Versions returns every release whose tarball the list names.
func (s Checksums) Versions() []release.Version {
	var versions []release.Version
	for name := range s.files {
		text := strings.TrimSuffix(strings.TrimPrefix(name, "linux-"), form)
		if v, err := release.Parse(text); err == nil && tarball(v) == name {
			versions = append(versions, v)
		}
	}
	return versions
}

// form is the packing of the tarballs that are taken. kernel.org has them as
// .tar.xz too, two thirds the size, with the same signature; gzip is unpacked many
// times faster, and unpacking is what a build waits for.
const form = ".tar.gz"

// tarball names a release's tarball.
func tarball(v release.Version) string { return "linux-" + v.String() + form }

// folder names the folder of a major version.
func folder(major int) string { return fmt.Sprintf("v%d.x", major) }

// TarballURL returns where a release's tarball is: at the first mirror.
func (c *Client) TarballURL(v release.Version) string {
	return join(c.Config.Mirrors[0], folder(v.Major())+"/"+tarball(v))
}

// ChangelogURL returns where a release's changes are told: at the first mirror.
func (c *Client) ChangelogURL(v release.Version) string {
	return join(c.Config.Mirrors[0], folder(v.Major())+"/ChangeLog-"+v.String())
}

// sumLine is a line of sha256sums.asc.
var sumLine = regexp.MustCompile(`^([0-9a-f]{64})  (\S+)$`)

// Checksums returns the checksums of a major version's files, no older than fresh where
// they can be had. Their signature is checked each time, also of a kept list.
func (c *Client) Checksums(ctx context.Context, major int, fresh time.Duration) (Checksums, error) {
	address := join(c.Config.Sums, folder(major)+"/sha256sums.asc")
	ring, err := c.ring(ctx, "checksums", trust.ChecksumSigners(), c.Config.Trust.Sums)
	if err != nil {
		return Checksums{}, err
	}
	sums := Checksums{}
	sums.source, err = c.document(ctx, address, fresh, func(text []byte) error {
		signed, by, err := ring.Clearsigned(text)
		if err != nil {
			return err
		}
		sums.Signer, sums.files = by, map[string]string{}
		for line := range strings.Lines(string(signed)) {
			if m := sumLine.FindStringSubmatch(strings.TrimRight(line, "\r\n")); m != nil {
				sums.files[m[2]] = m[1]
			}
		}
		if len(sums.files) == 0 {
			return fmt.Errorf("expected lines of a sha256 and a file's name")
		}
		return nil
	})
	return sums, err
}

// ring gathers the keys for a purpose, those of the configuration among them.
func (c *Client) ring(ctx context.Context, purpose string, pinned []trust.Signer, further []string) (trust.Keyring, error) {
	more, err := trust.ParseSigners(further)
	if err != nil {
		return trust.Keyring{}, fault.Wrap(fault.Usage, err)
	}
	return c.Keys().Ring(ctx, purpose, slices.Concat(pinned, more))
}

// Keys returns where public keys come from.
func (c *Client) Keys() trust.Keys {
	return trust.Keys{From: c.Config.keysIn(c.Dir), Cache: filepath.Join(c.Cache, "keys"), Get: c.get, Now: c.Now}
}

// ReleaseKeys returns the keys that count for tarballs and tags.
func (c *Client) ReleaseKeys(ctx context.Context) (trust.Keyring, error) {
	return c.ring(ctx, "releases", trust.ReleaseSigners(), c.Config.Trust.Release)
}

// Tarball brings a release's tarball, compared with its sha256 and returns its path
// on this machine.
func (c *Client) Tarball(ctx context.Context, v release.Version, sum string) (string, error) {
	return c.download(ctx, folder(v.Major())+"/"+tarball(v), sum)
}

// Signature brings the signature that lies beside a release's tarball: over the
// unpacked tar, by a maintainer. It is kept beside the tarball.
func (c *Client) Signature(ctx context.Context, v release.Version) ([]byte, error) {
	name := "linux-" + v.String() + ".tar.sign"
	kept := filepath.Join(c.Cache, "downloads", name)
	if text, err := os.ReadFile(kept); err == nil {
		return text, nil
	}
	var faults []error
	for _, mirror := range c.Config.Mirrors {
		text, err := c.get(ctx, join(mirror, folder(v.Major())+"/"+name))
		if isStatus(err, http.StatusNotFound) {
			err = trust.Refuse(trust.Missing, "", "%s has no %s", hostOf(mirror), name)
		}
		if err == nil {
			if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
				return nil, fault.Wrap(fault.Environment, err)
			}
			return text, fault.Wrap(fault.Environment, renameio.WriteFile(kept, text, 0o644))
		}
		faults = append(faults, err)
	}
	return nil, worst("get "+name, faults)
}

// ForgetSignature lets go of a kept signature that did not fit.
func (c *Client) ForgetSignature(v release.Version) {
	os.Remove(filepath.Join(c.Cache, "downloads", "linux-"+v.String()+".tar.sign"))
}
