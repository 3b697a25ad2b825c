package upstreamtest

import (
	"encoding/json"
	"fmt"
)

// Entry returns an entry of releases.json as kernel.org writes it.
func Entry(moniker, version string, eol bool) map[string]any {
	base := "https://cdn.example.test/linux-" + version
	return map[string]any{
		"moniker": moniker, "version": version, "iseol": eol,
		"released": map[string]any{"timestamp": 1790000000, "isodate": "2026-09-21"},
		"source":   base + ".tar.xz", "pgp": base + ".tar.sign", "changelog": "https://cdn.example.test/ChangeLog-" + version,
		"patch": map[string]any{"full": nil, "incremental": nil}, "gitweb": base, "diffview": base,
	}
}

// Feed publishes a releases.json.
func (o *Org) Feed(stable string, entries ...map[string]any) {
	o.t.Helper()
	text, err := json.Marshal(map[string]any{"latest_stable": map[string]any{"version": stable}, "releases": entries})
	check(o.t, err)
	o.Put("releases.json", text)
}

// Ends publishes the ends of life: pairs of a series and a day, or "true" or "false".
func (o *Org) Ends(longterm []string, pairs ...string) {
	o.t.Helper()
	var list []map[string]any
	for i := 0; i < len(pairs); i += 2 {
		entry := map[string]any{"cycle": pairs[i], "eol": any(pairs[i+1]), "lts": false}
		if pairs[i+1] == "true" || pairs[i+1] == "false" {
			entry["eol"] = pairs[i+1] == "true"
		}
		for _, each := range longterm {
			if each == pairs[i] {
				entry["lts"] = true
			}
		}
		list = append(list, entry)
	}
	text, err := json.Marshal(list)
	check(o.t, err)
	o.Put("linux-kernel.json", text)
}

// String describes the server.
func (o *Org) String() string { return fmt.Sprintf("kernel.org at %s", o.URL) }
