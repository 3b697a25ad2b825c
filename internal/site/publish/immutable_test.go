package publish

import (
	"net/http"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/sitetest"
)

// TestImmutableTags pushes to a real registry behind a proxy that refuses to overwrite a tag.
func TestImmutableTags(t *testing.T) {
	upstream := registrytest.Start(t)
	address := registrytest.FlakyProxy(t, upstream, registrytest.Keeps(upstream, http.StatusPreconditionFailed, "configured as immutable"))
	first, err := push(t, tagged(t, "immutable one", address, "v1.0.0", "latest"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := push(t, tagged(t, "immutable two", address, "v1.1.0"))
	if err != nil || !second.Verified || second.Digest == first.Digest {
		t.Fatalf("a new tag: %+v, %v", second, err)
	}
	again, err := push(t, tagged(t, "immutable two", address, "v1.1.0", "v1.1"))
	if err != nil || again.Digest != second.Digest || len(again.Tags) != 2 {
		t.Errorf("a second tag for the same: %+v, %v", again, err)
	}
	s := tagged(t, "immutable three", address, "v1.2.0", "latest")
	_, err = push(t, s)
	if fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), address+"/me/site:latest") || !strings.Contains(err.Error(), "the registry does not move it") {
		t.Errorf("an existing tag: got %v", err)
	}
	if left := resolved(t, s, upstream); left["latest"] != first.Digest || left["v1.2.0"] != "" {
		t.Errorf("after the refusal the tags resolve to %v", left)
	}
}

// tagged opens a site that is pushed under tags.
func tagged(t *testing.T, page, address string, tags ...string) site.Site {
	t.Helper()
	s := sitetest.Open(t, page, address)
	s.Settings.Tags = tags
	return s
}

// TestCollectedManifest has the registry remove the image, which has no tag yet, between the
// pull and the tags.
func TestCollectedManifest(t *testing.T) {
	upstream := registrytest.Start(t)
	s := sitetest.Open(t, "collected", registrytest.FlakyProxy(t, upstream, registrytest.Collects(upstream)))
	p, err := push(t, s)
	if err != nil || !p.Verified {
		t.Fatalf("%+v, %v", p, err)
	}
	for tag, digest := range resolved(t, s, upstream) {
		if digest != p.Digest {
			t.Errorf("%s resolves to %q", tag, digest)
		}
	}
}
