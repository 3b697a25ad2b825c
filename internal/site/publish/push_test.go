package publish

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/sitetest"
)

// push builds the image and pushes it.
func push(t *testing.T, s site.Site) (Result, error) {
	t.Helper()
	return Push(t.Context(), s, sitetest.Build(t, s))
}

// resolved returns what every tag resolves to; "" where there is none.
func resolved(t *testing.T, s site.Site, address string) map[string]string {
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

func TestPushOfUnchangedSiteSendsNothing(t *testing.T) {
	var requests atomic.Int64
	address := registrytest.FlakyProxy(t, registrytest.Start(t), registrytest.Counts(&requests))
	s := sitetest.Open(t, "one", address)
	first, err := push(t, s)
	if err != nil || !first.Verified || first.Unchanged {
		t.Fatalf("%+v, %v", first, err)
	}
	for tag, digest := range resolved(t, s, address) {
		if digest != first.Digest {
			t.Errorf("%s resolves to %s, not %s", tag, digest, first.Digest)
		}
	}
	requests.Store(0)
	second, err := push(t, s)
	if err != nil || !second.Unchanged || second.Digest != first.Digest || second.Attempts != 0 {
		t.Errorf("%+v, %v", second, err)
	}
	// For each of two tags: a ping, without and with the account, and a HEAD.
	if n := requests.Load(); n > 6 {
		t.Errorf("%d requests", n)
	}
}

func TestVersionIsNeverMoved(t *testing.T) {
	address := registrytest.Start(t)
	first, err := push(t, sitetest.Open(t, "one", address))
	if err != nil {
		t.Fatal(err)
	}
	s := sitetest.Open(t, "two", address)
	_, err = push(t, s)
	if fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "v1.0.0") {
		t.Errorf("got %v", err)
	}
	for tag, digest := range resolved(t, s, address) {
		if digest != first.Digest {
			t.Errorf("%s was moved to %s", tag, digest)
		}
	}
}

// TestUnreliableRegistries pushes to a real registry behind a proxy that misbehaves.
func TestUnreliableRegistries(t *testing.T) {
	for name, tc := range map[string]struct {
		faults []registrytest.Fault
		want   string // in the error; "" where the push succeeds
	}{
		"busy":            {faults: []registrytest.Fault{registrytest.Answers(1, registrytest.Begins, http.StatusTooManyRequests, "Retry-After", "1")}},
		"two errors":      {faults: []registrytest.Fault{registrytest.Answers(2, registrytest.Begins, http.StatusInternalServerError)}},
		"interrupted":     {faults: []registrytest.Fault{registrytest.Cuts(1, registrytest.Sends)}},
		"eventual":        {faults: []registrytest.Fault{registrytest.Lags(time.Second)}},
		"token expired":   {faults: []registrytest.Fault{registrytest.Answers(-1, registrytest.Begins, http.StatusUnauthorized, "WWW-Authenticate", `Basic realm="kiln"`)}, want: "refused the credentials"},
		"disk full":       {faults: []registrytest.Fault{registrytest.Answers(-1, registrytest.Sends, http.StatusInsufficientStorage)}, want: "507"},
		"tag refused":     {faults: []registrytest.Fault{registrytest.Answers(-1, registrytest.Tags("latest"), http.StatusForbidden)}, want: "latest"},
		"always an error": {faults: []registrytest.Fault{registrytest.Answers(-1, registrytest.Begins, http.StatusInternalServerError)}, want: "500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			registry := registrytest.Start(t)
			address := registrytest.FlakyProxy(t, registry, tc.faults...)
			s := sitetest.Open(t, name, address)
			p, err := push(t, s)
			if tc.want == "" {
				if err != nil || !p.Verified {
					t.Fatalf("%+v, %v", p, err)
				}
				for tag, digest := range resolved(t, s, registry) {
					if digest != p.Digest {
						t.Errorf("%s resolves to %q", tag, digest)
					}
				}
				return
			}
			if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), registrytest.Password) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if left := resolved(t, s, registry); left["latest"] != "" {
				t.Errorf("the tags resolve to %v", left)
			}
		})
	}
}

// TestTwoRegistriesAreNeverLeftDifferent has the second of two registries refuse a tag
// that the first has set.
func TestTwoRegistriesAreNeverLeftDifferent(t *testing.T) {
	one, two := registrytest.Start(t), registrytest.Start(t)
	first, err := push(t, sitetest.Open(t, "one", one, two))
	if err != nil {
		t.Fatal(err)
	}
	refusing := registrytest.FlakyProxy(t, two, registrytest.Answers(-1, registrytest.Tags("latest"), http.StatusForbidden))
	s := sitetest.Open(t, "two", one, refusing)
	s.Settings.Tags = []string{"latest"}
	_, err = push(t, s)
	if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "every tag resolves to what it did before") {
		t.Errorf("got %v", err)
	}
	for _, registry := range []string{one, two} {
		if got := resolved(t, s, registry)["latest"]; got != first.Digest {
			t.Errorf("%s: latest resolves to %s, not %s", registry, got, first.Digest)
		}
	}
}
