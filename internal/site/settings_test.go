package site

import (
	"fmt"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/site/gitinfo"
)

// faults returns the keys that Check reports.
func faults(s Settings) (keys []string) {
	s.Check(func(key, format string, args ...any) { keys = append(keys, key+": "+fmt.Sprintf(format, args...)) })
	return keys
}

func TestCheck(t *testing.T) {
	if got := faults(Defaults()); len(got) > 0 {
		t.Errorf("a project without a site: %q", got)
	}
	for key, change := range map[string]func(*Settings){
		"repository": func(s *Settings) { s.Repository = "example.com/me/site:1" },
		"base":       func(s *Settings) { s.Base = "Nginx" },
		"tags":       func(s *Settings) { s.Tags = []string{"{release}"} },
		"mirrors":    func(s *Settings) { s.Mirrors = []string{s.Repository} },
		"platforms":  func(s *Settings) { s.Platforms = []string{"arm64"} },
		"missing":    func(s *Settings) { s.Missing = "skip" },
		"artefacts":  func(s *Settings) { s.Artefacts = true },
		"port":       func(s *Settings) { s.Port = 70000 },
	} {
		s := Defaults()
		s.Repository = "example.com/me/site"
		if got := faults(s); len(got) > 0 {
			t.Errorf("valid settings: %q", got)
		}
		change(&s)
		if got := faults(s); len(got) != 1 || !strings.HasPrefix(got[0], key+": expected") {
			t.Errorf("%s: %q", key, got)
		}
	}
}

func TestSiteWithoutRepository(t *testing.T) {
	s := Defaults()
	s.Port = 8081
	if got := faults(s); len(got) != 1 || !strings.Contains(got[0], "KILN_SITE_REPOSITORY") {
		t.Errorf("got %q", got)
	}
	_, err := Defaults().ReadSource(t.TempDir(), gitinfo.Commit{})
	if fault.Code(err) != int(fault.Usage) || !strings.Contains(fmt.Sprintf("%v", err), "no repository") {
		t.Errorf("got %v", err)
	}
}

func TestUncommittedChangesAreNotPublishable(t *testing.T) {
	s := Site{Settings: Defaults(), Source: Source{Dir: "site", Commit: gitinfo.Commit{ID: "abc", Dirty: true}}}
	if err := s.Publishable(); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "KILN_SITE_DIRTY") {
		t.Errorf("got %v", err)
	}
	s.Settings.Dirty = true
	if err := s.Publishable(); err != nil {
		t.Error(err)
	}
}

func TestTagsOfGit(t *testing.T) {
	for tag, want := range map[string]bool{"latest": false, "{version}": true, "edge-{commit}": true} {
		if got := (Settings{Tags: []string{"v1", tag}}).TagsOfGit(); got != want {
			t.Errorf("%s: got %v", tag, got)
		}
	}
}
