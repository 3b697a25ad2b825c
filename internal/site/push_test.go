package site

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// shopFor opens a shop of the shipped site with a page of its own, that pushes to a
// repository of a test registry.
func shopFor(t testing.TB, page, address string, more ...string) Site {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"Dockerfile", "nginx.conf", "mime.types", "redirects.conf"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(dir, "content"), os.DirFS("content")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "content", "page.html"), []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	s := Defaults()
	s.Repository, s.Tags, s.Kernels = address+"/me/site", []string{"v1.0.0", "latest"}, false
	for _, m := range more {
		s.Mirrors = append(s.Mirrors, m+"/me/site")
	}
	bundle, err := s.ReadBundle(dir)
	if err != nil {
		t.Fatal(err)
	}
	commit := Commit{ID: strings.Repeat("c", 40), Time: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)}
	e := enginetest.Connect(t)
	t.Cleanup(func() {
		for _, repository := range append([]string{s.Repository}, s.Mirrors...) {
			for _, tag := range s.Tags {
				e.RemoveImage(context.Background(), repository+":"+tag)
			}
		}
	})
	return Site{
		Engine: e, Registry: registrytest.Client(registrytest.Password), Console: report.New(t.Output(), t.Output(), ""), Settings: s, Commit: commit,
		Bundle: bundle.WithTimes(commit), Dir: dir, Dist: t.TempDir(), Cache: imagebuild.FolderCache(filepath.Join(os.TempDir(), "kiln-test-notes")),
	}
}

// push builds the image and pushes it.
func push(t *testing.T, s Site) (Push, error) {
	t.Helper()
	image, err := s.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.Push(t.Context(), image)
}

// named gives what every tag names, "" for none: by repository:tag.
func named(t *testing.T, s Site, address string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, tag := range s.Settings.Tags {
		digest, err := s.Registry.Digest(t.Context(), address+"/me/site:"+tag)
		if err != nil && !errors.Is(err, registry.ErrNotFound) {
			t.Fatal(err)
		}
		all[tag] = digest
	}
	return all
}

func TestPushThatChangesNothingSendsNothing(t *testing.T) {
	var requests atomic.Int64
	address := registrytest.FlakyProxy(t, registrytest.Start(t), registrytest.Counts(&requests))
	s := shopFor(t, "one", address)
	first, err := push(t, s)
	if err != nil || !first.Verified || first.Unchanged {
		t.Fatalf("%+v, %v", first, err)
	}
	for tag, digest := range named(t, s, address) {
		if digest != first.Digest {
			t.Errorf("%s names %s, not %s", tag, digest, first.Digest)
		}
	}
	requests.Store(0)
	again, err := push(t, s)
	if err != nil || !again.Unchanged || again.Digest != first.Digest || again.Attempts != 0 {
		t.Errorf("%+v, %v", again, err)
	}
	// For each of two tags: what the registry is, without and with the account, and a HEAD.
	if n := requests.Load(); n > 6 {
		t.Errorf("%d requests", n)
	}
}

func TestAVersionIsNeverMoved(t *testing.T) {
	address := registrytest.Start(t)
	first, err := push(t, shopFor(t, "one", address))
	if err != nil {
		t.Fatal(err)
	}
	s := shopFor(t, "two", address)
	_, err = push(t, s)
	if fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "v1.0.0") {
		t.Errorf("got %v", err)
	}
	for tag, digest := range named(t, s, address) {
		if digest != first.Digest {
			t.Errorf("%s was moved to %s", tag, digest)
		}
	}
}

// TestUnrulyRegistries pushes to a real registry behind a proxy that misbehaves.
func TestUnrulyRegistries(t *testing.T) {
	for name, tc := range map[string]struct {
		faults []registrytest.Fault
		want   string // that the error says; "" where it is survived
	}{
		"busy":            {faults: []registrytest.Fault{registrytest.Answers(1, registrytest.Begins, http.StatusTooManyRequests, "Retry-After", "1")}},
		"twice broken":    {faults: []registrytest.Fault{registrytest.Answers(2, registrytest.Begins, http.StatusInternalServerError)}},
		"cut off":         {faults: []registrytest.Fault{registrytest.Cuts(1, registrytest.Sends)}},
		"finds it late":   {faults: []registrytest.Fault{registrytest.Lags(time.Second)}},
		"token expired":   {faults: []registrytest.Fault{registrytest.Answers(-1, registrytest.Begins, http.StatusUnauthorized, "WWW-Authenticate", `Basic realm="kiln"`)}, want: "refused the credentials"},
		"disk full":       {faults: []registrytest.Fault{registrytest.Answers(-1, registrytest.Sends, http.StatusInsufficientStorage)}, want: "507"},
		"refuses the tag": {faults: []registrytest.Fault{registrytest.Answers(-1, registrytest.Tags("latest"), http.StatusForbidden)}, want: "latest"},
		"broken for good": {faults: []registrytest.Fault{registrytest.Answers(-1, registrytest.Begins, http.StatusInternalServerError)}, want: "500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			registry := registrytest.Start(t)
			address := registrytest.FlakyProxy(t, registry, tc.faults...)
			s := shopFor(t, name, address)
			p, err := push(t, s)
			if tc.want == "" {
				if err != nil || !p.Verified {
					t.Fatalf("%+v, %v", p, err)
				}
				for tag, digest := range named(t, s, registry) {
					if digest != p.Digest {
						t.Errorf("%s names %q", tag, digest)
					}
				}
				return
			}
			if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), registrytest.Password) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if left := named(t, s, registry); left["latest"] != "" {
				t.Errorf("the registry names %v", left)
			}
		})
	}
}

// TestTwoRegistriesAreNeverLeftDifferent has the second of two refuse a tag that the
// first has taken.
func TestTwoRegistriesAreNeverLeftDifferent(t *testing.T) {
	one, two := registrytest.Start(t), registrytest.Start(t)
	first, err := push(t, shopFor(t, "one", one, two))
	if err != nil {
		t.Fatal(err)
	}
	refuses := registrytest.FlakyProxy(t, two, registrytest.Answers(-1, registrytest.Tags("latest"), http.StatusForbidden))
	s := shopFor(t, "two", one, refuses)
	s.Settings.Tags = []string{"latest"}
	_, err = push(t, s)
	if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "no tag was left moved") {
		t.Errorf("got %v", err)
	}
	for _, registry := range []string{one, two} {
		if got := named(t, s, registry)["latest"]; got != first.Digest {
			t.Errorf("%s: latest names %s, not %s", registry, got, first.Digest)
		}
	}
}

func TestWhatNoCommitHasIsNotPushed(t *testing.T) {
	s := Site{Commit: Commit{ID: "abc", Dirty: true}, Settings: Defaults(), Dir: "site"}
	if err := s.Publishable(); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "KILN_SITE_DIRTY") {
		t.Errorf("got %v", err)
	}
	s.Settings.Dirty = true
	if err := s.Publishable(); err != nil {
		t.Error(err)
	}
}
