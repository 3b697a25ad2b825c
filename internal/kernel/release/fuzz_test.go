package release

import "testing"

// FuzzParseFeed checks that a list of releases that is accepted can be used.
func FuzzParseFeed(f *testing.F) {
	f.Add([]byte(`{"latest_stable":{"version":"6.12.7"},"releases":[{"moniker":"longterm","version":"6.12.7","iseol":false,"released":{"timestamp":1790000000,"isodate":"2026-09-21"},"source":"https://x/linux-6.12.7.tar.xz","pgp":null}]}`))
	f.Add([]byte(`{"latest_stable":{"version":"7.0"},"releases":[{"moniker":"mainline","version":"7.3-rc4"},{"moniker":"linux-next","version":"next-20260925"}]}`))
	f.Add([]byte(`{"releases":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		feed, err := ParseFeed(text)
		if err != nil {
			return
		}
		for _, v := range feed.Versions() {
			if v.IsZero() || v.Series() == "" {
				t.Errorf("got %q", v)
			}
		}
		for _, m := range monikers {
			feed.Line(m, nil)
		}
	})
}
