package release

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// feedText returns releases.json in kernel.org's form, changed by change.
func feedText(t *testing.T, change func(map[string]any)) []byte {
	t.Helper()
	entry := func(moniker, version string, eol bool) map[string]any {
		return map[string]any{
			"moniker": moniker, "version": version, "iseol": eol, "released": map[string]any{"timestamp": 1790000000, "isodate": "2026-09-21"},
			"source": "https://x/linux-" + version + ".tar.xz", "pgp": "https://x/linux-" + version + ".tar.sign", "changelog": "https://x/ChangeLog-" + version,
			"patch": map[string]any{"full": nil, "incremental": nil}, "gitweb": "https://x", "diffview": "https://x",
		}
	}
	rc, next := entry("mainline", "7.3-rc10", false), entry("linux-next", "next-20260925", false)
	rc["pgp"], rc["changelog"] = nil, nil
	next["source"], next["pgp"] = nil, nil
	doc := map[string]any{
		"latest_stable": map[string]any{"version": "7.2.8"},
		"releases": []any{rc, entry("stable", "7.2.8", false), entry("stable", "6.19.14", true),
			entry("longterm", "6.18.54", false), entry("longterm", "6.12.117", false), entry("longterm", "6.6.140", false), next},
	}
	if change != nil {
		change(doc)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func entryOf(doc map[string]any, i int) map[string]any {
	return doc["releases"].([]any)[i].(map[string]any)
}

func TestFeedOfTheExpectedForm(t *testing.T) {
	for name, change := range map[string]func(map[string]any){
		"unchanged":      nil,
		"an added field": func(d map[string]any) { d["more"] = 1; entryOf(d, 1)["sbom"] = "https://x" },
		"null URLs":      func(d map[string]any) { entryOf(d, 1)["source"], entryOf(d, 1)["changelog"] = nil, nil },
	} {
		feed, err := ParseFeed(feedText(t, change))
		if err != nil || len(feed.Releases) != 6 || feed.Stable.String() != "7.2.8" {
			t.Errorf("%s: %d releases, %v", name, len(feed.Releases), err)
		}
	}
}

func TestFeedOfADifferentFormIsAnError(t *testing.T) {
	good := string(feedText(t, nil))
	for name, tc := range map[string]struct{ text, want string }{
		"truncated":          {good[:len(good)/2], "expected kernel.org's releases.json"},
		"a page":             {"<html>down for maintenance</html>", "expected kernel.org's releases.json"},
		"empty":              {"", "expected kernel.org's releases.json"},
		"different document": {`{"kernels":[]}`, `"latest_stable" and "releases"`},
		"no releases":        {string(feedText(t, func(d map[string]any) { d["releases"] = []any{} })), "has no release"},
		"no moniker":         {string(feedText(t, func(d map[string]any) { delete(entryOf(d, 1), "moniker") })), `expected a field "moniker"`},
		"no iseol":           {string(feedText(t, func(d map[string]any) { delete(entryOf(d, 3), "iseol") })), `entry 4: expected a field "iseol"`},
		"no date":            {string(feedText(t, func(d map[string]any) { entryOf(d, 1)["released"] = "today" })), "released"},
		"odd version":        {string(feedText(t, func(d map[string]any) { entryOf(d, 1)["version"] = "seven" })), `"seven"`},
		"version a number":   {string(feedText(t, func(d map[string]any) { entryOf(d, 1)["version"] = 7.2 })), "expected kernel.org's"},
		"no latest version":  {string(feedText(t, func(d map[string]any) { d["latest_stable"] = map[string]any{} })), "latest_stable"},
	} {
		if _, err := ParseFeed([]byte(tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}

func TestLinesOfDevelopment(t *testing.T) {
	feed, err := ParseFeed(feedText(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	for moniker, want := range map[string]string{"longterm": "6.18.54", "stable": "7.2.8", "mainline": "7.3-rc10"} {
		if line := feed.Line(moniker, nil); len(line) == 0 || line[0].String() != want {
			t.Errorf("%s: %v, want %s first", moniker, line, want)
		}
	}
	// kernel.org calls the newest longterm "stable" while no other stable exists.
	lone, err := ParseFeed(feedText(t, func(d map[string]any) {
		d["latest_stable"] = map[string]any{"version": "6.18.54"}
		d["releases"] = []any{entryOf(d, 0), entryOf(d, 3), entryOf(d, 4)}
		entryOf(d, 1)["moniker"] = "stable"
	}))
	if err != nil {
		t.Fatal(err)
	}
	dates := Dates{"6.18": {Longterm: true}, "6.12": {Longterm: true}}
	if line := lone.Line("longterm", dates); len(line) != 2 || line[0].String() != "6.18.54" {
		t.Errorf("longterm under stable: %v", line)
	}
	if line := lone.Line("stable", dates); len(line) != 1 || line[0].String() != "6.18.54" {
		t.Errorf("stable: %v", line)
	}
}

func TestEndsOfLife(t *testing.T) {
	dates, err := ParseDates([]byte(`[{"cycle":"6.12","eol":"2026-12-31","lts":true},{"cycle":"7.0","eol":true},{"cycle":"7.2","eol":false},{"cycle":"6.1","eol":"2026-01-15"}]`))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 24, 13, 0, 0, 0, time.UTC)
	for version, want := range map[string]string{
		"6.12.117": "only 37 more days, until 2026-12-31", "7.0.3": "has reached its end of life", "7.2.8": "", "6.1.2": "on 2026-01-15", "6.6.1": "",
	} {
		if got := dates.Warn(parse(t, version), now); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", version, got, want)
		}
	}
	if got := dates.Warn(parse(t, "6.12.117"), now.Add(-24*time.Hour*24)); got != "" {
		t.Errorf("61 days before: %q", got)
	}
	for name, text := range map[string]string{
		"truncated": `[{"cycle":"6.12"`, "empty": "[]", "a page": "<html>", "no cycle": `[{"eol":true}]`, "odd date": `[{"cycle":"6.12","eol":"soon"}]`,
	} {
		if _, err := ParseDates([]byte(text)); err == nil || !strings.Contains(err.Error(), "expected") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStatus(t *testing.T) {
	feed, err := ParseFeed(feedText(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	data := Data{Feed: feed, Dates: Dates{
		"6.12": {Longterm: true, End: time.Date(2028, 12, 31, 0, 0, 0, 0, time.UTC)}, "6.19": {End: time.Date(2026, 4, 22, 0, 0, 0, 0, time.UTC)},
		"6.6": {Longterm: true, End: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)}, "7.2": {Ended: true},
	}, Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)}
	for _, tc := range []struct {
		asked, locked, newest string
		behind                int
		todo, warning         string
	}{
		{"~> 6.12.0", "6.12.117", "6.12.117", 0, "", ""},
		{"~> 6.12.0", "6.12.111", "6.12.117", 6, "kernel:update -name=k", ""},
		{"~> 6.12.0", "", "6.12.117", 0, "pin it", ""},
		{"6.6", "6.6.140", "6.6.140", 0, "", "37 more days"},
		{"6.19", "6.19.14", "6.19.14", 0, "move to a series that is maintained", "on 2026-04-22"},
		{"stable", "7.2.8", "7.2.8", 0, "move to a series", "kernel.org still lists 7.2"},
		{"~> 6.12.0", "6.12.118", "6.12.117", 0, "older release than the lock", ""},
		{">= 9", "", "", 0, "kernel.org has no release", ""},
	} {
		want, err := ParseConstraint(tc.asked)
		if err != nil {
			t.Fatal(err)
		}
		var locked, newest Version
		if tc.locked != "" {
			locked = parse(t, tc.locked)
		}
		if tc.newest != "" {
			newest = parse(t, tc.newest)
		}
		s := data.Evaluate("k", want, locked, newest)
		if s.Behind != tc.behind || (tc.todo == "") != (s.Todo == "") || !strings.Contains(s.Todo, tc.todo) || !strings.Contains(strings.Join(s.Warnings, ";"), tc.warning) {
			t.Errorf("%s locked %q: %+v", tc.asked, tc.locked, s)
		}
	}
}

func TestStreams(t *testing.T) {
	for name, want := range map[string]Stream{
		"6.12.117": Upstream, "v7.3-rc4": Upstream, "next-20260925": Next, "6.12.111-rt10": RT, "v6.12-rc3-rt2": RT,
		"6.12.111-cip32": CIP, "6.12.111-cip32-rt5": CIP, "6.6+": Unknown, "": Unknown,
	} {
		if got := StreamOf(name); got != want {
			t.Errorf("stream of %q is %s, want %s", name, got, want)
		}
	}
	if _, err := Parse("6.12.111-cip32-rt5"); err == nil || !strings.Contains(err.Error(), "civil infrastructure") {
		t.Errorf("got %v", err)
	}
}

func TestBetween(t *testing.T) {
	list := Between(parse(t, "6.12.114"), parse(t, "6.12.117"))
	if len(list) != 3 || list[0].String() != "6.12.115" || list[2].String() != "6.12.117" {
		t.Errorf("got %v", list)
	}
	if list := Between(parse(t, "6.6.1"), parse(t, "6.12.117")); len(list) != 1 {
		t.Errorf("across series: %v", list)
	}
}

// FuzzParse checks that versions are totally ordered and read back.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"6.12.117", "7.3", "7.3-rc10", "v7.3-rc9", "2.6.39.4", "next-20260925", "6.12-rt3", "7.1.1-rc2"} {
		f.Add(name, "7.3-rc4")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		v, err := Parse(a)
		if err != nil {
			return
		}
		if again, err := Parse(v.String()); err != nil || again.Compare(v) != 0 || again.String() != v.String() {
			t.Errorf("%q does not read back: %v, %v", a, again, err)
		}
		if StreamOf(a) != Upstream || v.Series() == "" || v.Point() < 0 {
			t.Errorf("%q: stream %s, series %s", a, StreamOf(a), v.Series())
		}
		w, err := Parse(b)
		if err != nil {
			return
		}
		if v.Compare(w) != -w.Compare(v) {
			t.Errorf("%s and %s have no order", v, w)
		}
		if !Exactly(v).Admits(v) || Exactly(v).Admits(w) != (v.Compare(w) == 0) {
			t.Errorf("Exactly(%s) admits %s wrongly", v, w)
		}
	})
}
