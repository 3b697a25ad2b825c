// Package upstream reaches kernel.org: its lists, its signed checksums and its
// tarballs, over mirrors, with patience, and from what is known from before when
// the network is down.
package upstream

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
)

// Config is where kernel.org is: the [upstream] table of kernels.toml, for a mirror
// or an archive of one's own.
type Config struct {
	Releases string   `toml:"releases"` // what kernel.org lists, releases.json
	EOL      string   `toml:"eol"`      // ends of life, in endoflife.date's form
	Sums     string   `toml:"sums"`     // the folder whose v6.x/sha256sums.asc is believed
	Mirrors  []string `toml:"mirrors"`  // the folders of the tarballs, tried in order
	Git      string   `toml:"git"`      // the repository with the tags of release candidates
	Keys     string   `toml:"keys"`     // "wkd", or a folder of key files
	Trust    Trust    `toml:"trust"`
}

// Trust names further signers, see trust.ParseSigners.
type Trust struct {
	Sums    []string `toml:"sums"`
	Release []string `toml:"release"`
}

// Default is kernel.org itself. The checksums come from another host than the
// tarballs, so that one that was broken into cannot give both.
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

// Check reports every value that cannot be.
func (c Config) Check(report func(key, format string, args ...any)) {
	if len(c.Mirrors) == 0 {
		report("mirrors", "expected at least one")
	}
	addresses := map[string][]string{"releases": {c.Releases}, "eol": {c.EOL}, "sums": {c.Sums}, "mirrors": c.Mirrors}
	for key, list := range addresses {
		for _, address := range list {
			if u, err := url.Parse(address); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
				report(key, "expected a URL as https://host/path, got %q", address)
			}
		}
	}
	for key, list := range map[string][]string{"trust.sums": c.Trust.Sums, "trust.release": c.Trust.Release} {
		if _, err := trust.ParseSigners(list); err != nil {
			report(key, "%v", err)
		}
	}
}

// hosts returns every host that the configuration names: those that a redirect may
// lead to.
func (c Config) hosts() []string {
	var hosts []string
	for _, address := range slices.Concat(c.Mirrors, []string{c.Releases, c.EOL, c.Sums}) {
		if u, err := url.Parse(address); err == nil {
			hosts = append(hosts, u.Host)
		}
	}
	return hosts
}

// keysIn returns where keys come from, a folder being taken from that of the file.
func (c Config) keysIn(dir string) string {
	if c.Keys == trust.WKD || filepath.IsAbs(c.Keys) {
		return c.Keys
	}
	return filepath.Join(dir, c.Keys)
}

// hostOf returns the host of a URL, for messages.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Host
	}
	return address
}

// join puts a path behind a folder's address.
func join(folder, path string) string { return strings.TrimSuffix(folder, "/") + "/" + path }
