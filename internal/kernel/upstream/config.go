// Package upstream is a client of kernel.org: of its lists, signed checksums and tarballs.
// It tries mirrors in order, retries, and falls back to cached lists when the network is
// down.
package upstream

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// Config has the addresses of kernel.org, or of a mirror or archive of one's own: the
// [upstream] table of kernels.toml.
type Config struct {
	Releases string   `toml:"releases"` // URL of the list of releases, releases.json
	EOL      string   `toml:"eol"`      // URL of the ends of life, in endoflife.date's form
	Sums     string   `toml:"sums"`     // folder with the trusted v6.x/sha256sums.asc
	Mirrors  []string `toml:"mirrors"`  // folders with the tarballs, tried in order
	Git      string   `toml:"git"`      // repository with the tags of release candidates
	Keys     string   `toml:"keys"`     // trust.WKD, or a folder of key files
	Trust    Trust    `toml:"trust"`
}

// Trust names further signers, see trust.ParseSigners.
type Trust struct {
	Sums    []string `toml:"sums"`
	Release []string `toml:"release"`
}

// Default returns the addresses of kernel.org itself. Checksums and tarballs come from
// different hosts, so that one compromised host cannot forge both.
func Default() Config {
	return Config{
		Releases: "https://www.kernel.org/releases.json",
		EOL:      "https://endoflife.date/api/linux-kernel.json",
		Sums:     "https://www.kernel.org/pub/linux/kernel",
		Mirrors:  []string{"https://cdn.kernel.org/pub/linux/kernel", "https://mirrors.edge.kernel.org/pub/linux/kernel"},
		Git:      "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git",
		Keys:     trust.WKD,
	}
}

// Check reports every invalid value, with its key below [upstream].
func (c Config) Check(report func(key, format string, args ...any)) {
	if len(c.Mirrors) == 0 {
		report("mirrors", "expected at least one")
	}
	addresses := map[string]string{"releases": c.Releases, "eol": c.EOL, "sums": c.Sums}
	for i, mirror := range c.Mirrors {
		addresses[fmt.Sprintf("mirrors[%d]", i)] = mirror
	}
	for key, address := range addresses {
		if err := checkURL(address); err != nil {
			report(key, "%v", err)
		}
	}
	if strings.Contains(c.Git, "@") {
		report("git", "%v", errUserInfo)
	}
	for key, list := range map[string][]string{"trust.sums": c.Trust.Sums, "trust.release": c.Trust.Release} {
		if _, err := trust.ParseSigners(list); err != nil {
			report(key, "%v", err)
		}
	}
}

// errUserInfo is the error of an address that may hold a password, and does not show it.
var errUserInfo = errors.New("expected a URL without user name or password: it is published in plans and manifests")

// checkURL reports, as an error, an address that is not one of a web server.
func checkURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case strings.Contains(address, "@"):
		return errUserInfo
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return fmt.Errorf("expected a URL as https://host/path, got %q", address)
	}
	return nil
}

// hosts returns every host in the configuration: the allowed targets of a redirect.
func (c Config) hosts() []string {
	var hosts []string
	for _, address := range slices.Concat(c.Mirrors, []string{c.Releases, c.EOL, c.Sums}) {
		if u, err := url.Parse(address); err == nil {
			hosts = append(hosts, u.Host)
		}
	}
	return hosts
}

// TarballURL returns the URL of a release's tarball, by its name, at the first mirror.
func (c Config) TarballURL(v release.Version, name string) string {
	return join(c.Mirrors[0], folder(v.Major())+"/"+name)
}

// ChangelogURL returns the URL of a release's changelog at the first mirror.
func (c Config) ChangelogURL(v release.Version) string {
	return join(c.Mirrors[0], folder(v.Major())+"/ChangeLog-"+v.String())
}

// keysIn returns where keys come from: trust.WKD, or the path of a folder, which is relative
// to dir unless it is absolute.
func (c Config) keysIn(dir string) string {
	if c.Keys == trust.WKD || filepath.IsAbs(c.Keys) {
		return c.Keys
	}
	return filepath.Join(dir, c.Keys)
}

// CheckKeys reports, as an error, a folder of keys that does not exist. Keys is relative to dir.
func (c Config) CheckKeys(dir string) error {
	from := c.keysIn(dir)
	if from == trust.WKD {
		return nil
	}
	info, err := os.Stat(from)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no folder", from)
	}
	if err != nil {
		return fmt.Errorf("expected %q or a folder of key files, relative to that of kernels.toml: %w", trust.WKD, err)
	}
	return nil
}

// hostOf returns the host of a URL, for messages.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return address
}

// join appends a path to a folder's URL.
func join(folder, path string) string { return strings.TrimSuffix(folder, "/") + "/" + path }
