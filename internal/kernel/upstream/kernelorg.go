package upstream

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path"
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

// Feed returns kernel.org's list of releases, no older than maxAge where it can be reached.
func (c *Client) Feed(ctx context.Context, maxAge time.Duration) (release.Feed, Document, error) {
	var feed release.Feed
	d, err := c.document(ctx, c.Config.Releases, maxAge, func(text []byte) (err error) {
		feed, err = release.ParseFeed(text)
		return err
	})
	return feed, d, err
}

// Dates returns the ends of life, no older than maxAge where their host can be reached.
func (c *Client) Dates(ctx context.Context, maxAge time.Duration) (release.Dates, Document, error) {
	var dates release.Dates
	d, err := c.document(ctx, c.Config.EOL, maxAge, func(text []byte) (err error) {
		dates, err = release.ParseDates(text)
		return err
	})
	return dates, d, err
}

// Checksums is a verified list of the sha256 of the tarballs of a major version.
type Checksums struct {
	Signer trust.Signer
	files  map[string]string // sha256 by the file's name
	source Document
}

// Document returns the list as it was fetched.
func (s Checksums) Document() Document { return s.source }

// Tarball is the tarball of a release, as a list of checksums has it.
type Tarball struct {
	Name   string // linux-6.12.7.tar.gz
	SHA256 string // in hex
}

// Of returns a release's tarball, in the first of its forms that is on the list. A release
// that is not on the list is an error of state trust.Unpublished.
func (s Checksums) Of(v release.Version) (Tarball, error) {
	for _, name := range tarballs(v) {
		if sum, ok := s.files[name]; ok {
			return Tarball{name, sum}, nil
		}
	}
	return Tarball{}, trust.Refuse(trust.Unpublished, "they are published some hours after a release: wait, or use the release before",
		"%s lists none of %s", s.source.URL, strings.Join(tarballs(v), ", "))
}

// Versions returns every release whose tarball is on the list.
func (s Checksums) Versions() []release.Version {
	var versions []release.Version
	for name := range s.files {
		text, _, _ := strings.Cut(strings.TrimPrefix(name, "linux-"), ".tar.")
		if v, err := release.Parse(text); err == nil && slices.Contains(tarballs(v), name) {
			versions = append(versions, v)
		}
	}
	return versions
}

// forms are the extensions of the tarballs that kernel.org has, in the order in which they
// are preferred. All have one signature, over the tar in them. xz is two thirds the size;
// gzip is unpacked twice as fast, and unpacking is what a build waits for (a tar of 245 MB:
// gzip -dc 1.4 s, xz -dc 3.0 s).
var forms = []string{".tar.gz", ".tar.xz"}

// tarballs returns the file names that a release's tarball may have.
func tarballs(v release.Version) []string {
	names := make([]string, len(forms))
	for i, form := range forms {
		names[i] = "linux-" + v.String() + form
	}
	return names
}

// folder returns the folder of a major version.
func folder(major int) string { return fmt.Sprintf("v%d.x", major) }

// sumLine matches a line of sha256sums.asc.
var sumLine = regexp.MustCompile(`^([0-9a-f]{64})  (\S+)$`)

// Checksums returns the checksums of a major version's files, no older than maxAge where
// their host can be reached. It verifies their signature each time, also of a cached list.
func (c *Client) Checksums(ctx context.Context, major int, maxAge time.Duration) (Checksums, error) {
	address := join(c.Config.Sums, folder(major)+"/sha256sums.asc")
	ring, err := c.ring(ctx, "checksums", trust.ChecksumSigners(), c.Config.Trust.Sums)
	if err != nil {
		return Checksums{}, err
	}
	sums := Checksums{}
	sums.source, err = c.document(ctx, address, maxAge, func(text []byte) error {
		signed, by, err := ring.Clearsigned(text)
		if err != nil {
			return err
		}
		sums.Signer, sums.files = by, parseSums(string(signed))
		if len(sums.files) == 0 {
			return fmt.Errorf("expected lines with a sha256 and a file name")
		}
		return nil
	})
	return sums, err
}

// parseSums returns the sha256 of each file of a list.
func parseSums(text string) map[string]string {
	files := map[string]string{}
	for line := range strings.Lines(text) {
		if m := sumLine.FindStringSubmatch(strings.TrimRight(line, "\r\n")); m != nil {
			files[m[2]] = m[1]
		}
	}
	return files
}

// ring returns the trusted keys for a purpose: the pinned ones and those of the
// configuration.
func (c *Client) ring(ctx context.Context, purpose string, pinned []trust.Signer, further []string) (trust.Keyring, error) {
	more, err := trust.ParseSigners(further)
	if err != nil {
		return trust.Keyring{}, fault.Wrap(fault.Usage, err)
	}
	return c.Keys().Ring(ctx, purpose, slices.Concat(pinned, more))
}

// Keys returns the source of public keys.
func (c *Client) Keys() trust.Keys {
	return trust.Keys{From: c.Config.keysIn(c.Dir), Cache: filepath.Join(c.Cache, "keys"), Get: c.get, Now: c.Now}
}

// ReleaseKeys returns the keys that are trusted for tarballs and tags.
func (c *Client) ReleaseKeys(ctx context.Context) (trust.Keyring, error) {
	return c.ring(ctx, "releases", trust.ReleaseSigners(), c.Config.Trust.Release)
}

// Download downloads a release's tarball unless it is cached, compares it with its sha256,
// and returns its path on this machine. address is that of the tarball at whichever mirror:
// its last element is the tarball's name.
func (c *Client) Download(ctx context.Context, v release.Version, address, sum string) (string, error) {
	name := path.Base(address)
	if !slices.Contains(tarballs(v), name) {
		name = tarballs(v)[0]
	}
	return c.download(ctx, folder(v.Major())+"/"+name, sum)
}

// Signature downloads, unless it is cached, the signature beside a release's tarball: over
// the uncompressed tar, by a maintainer.
func (c *Client) Signature(ctx context.Context, v release.Version) ([]byte, error) {
	name := "linux-" + v.String() + ".tar.sign"
	cached := filepath.Join(c.Cache, "downloads", name)
	if text, err := os.ReadFile(cached); err == nil {
		return text, nil
	}
	var errs []error
	for _, mirror := range c.Config.Mirrors {
		text, err := c.get(ctx, join(mirror, folder(v.Major())+"/"+name))
		if isStatus(err, http.StatusNotFound) {
			err = trust.Refuse(trust.Missing, "", "%s has no %s", hostOf(mirror), name)
		}
		if err == nil {
			if err := os.MkdirAll(filepath.Dir(cached), 0o755); err != nil {
				return nil, fault.Wrap(fault.Environment, err)
			}
			return text, fault.Wrap(fault.Environment, renameio.WriteFile(cached, text, 0o644))
		}
		errs = append(errs, err)
	}
	return nil, worst("get "+name, errs)
}

// ForgetSignature removes a cached signature, one that did not match.
func (c *Client) ForgetSignature(v release.Version) {
	os.Remove(filepath.Join(c.Cache, "downloads", "linux-"+v.String()+".tar.sign"))
}
