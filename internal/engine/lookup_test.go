package engine

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/client"

	"github.com/romanatrashyonok/kiln/internal/imagebuild/imagebuildtest"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
)

// withoutDistribution returns a client of the real engine behind a proxy that answers the
// distribution call with a status, as engines do that lack it.
func withoutDistribution(t *testing.T, status int) *Client {
	t.Helper()
	e := realEngine(t)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return e.api.Dialer()(ctx) }
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: "engine"}) },
		Transport: &http.Transport{DialContext: dial},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/distribution/") {
			http.Error(w, `{"message": "Path `+r.URL.Path+` is not supported"}`, status)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	api, err := client.NewClientWithOpts(client.WithHost("tcp://"+strings.TrimPrefix(server.URL, "http://")), client.WithVersion(minAPI))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { api.Close() })
	return &Client{api: api, registry: registrytest.Client(registrytest.Password)}
}

func TestEngineWithoutDistributionCall(t *testing.T) {
	repository := registrytest.Start(t) + "/site"
	image := imagebuildtest.Tiny(t, imagebuildtest.Bare("amd64"), "one", time.Now())
	for _, status := range []int{http.StatusNotFound, http.StatusInternalServerError, http.StatusNotImplemented} {
		e := withoutDistribution(t, status)
		digest, err := e.registry.Upload(t.Context(), repository+":v1", image)
		if err != nil {
			t.Fatal(err)
		}
		for _, ref := range []string{repository + ":v1", repository + "@" + digest} {
			if err := e.Lookup(t.Context(), ref); err != nil {
				t.Errorf("%d: %s: %v", status, ref, err)
			}
		}
		if err := e.Lookup(t.Context(), repository+":v2"); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("%d: a tag that does not exist: got %v", status, err)
		}
	}
}

func TestBrokenCredentialsAreReported(t *testing.T) {
	e := realEngine(t)
	t.Setenv("DOCKER_AUTH_CONFIG", "{")
	e.registry = registry.New(os.Getenv, "")
	for _, err := range []error{e.Pull(t.Context(), "registry.invalid/x"), e.Lookup(t.Context(), "registry.invalid/x")} {
		if !errors.Is(err, registry.ErrCredentials) || !strings.Contains(err.Error(), "DOCKER_AUTH_CONFIG") {
			t.Errorf("got %v", err)
		}
	}
}
