// Package endpoint finds the Docker engine that the docker command would use, and how to
// reach it.
package endpoint

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/connhelper"
	"github.com/docker/cli/cli/context"
	"github.com/docker/cli/cli/context/store"
	"github.com/docker/docker/client"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Endpoint is where an engine listens.
type Endpoint struct {
	Host   string // unix:///..., tcp://..., ssh://...
	Origin string // what named it: "DOCKER_HOST", `the docker context "work"`, "the usual socket"
	tls    string // folder with ca.pem, cert.pem and key.pem; "" for none
}

// Find finds the engine as the docker command does: by DOCKER_HOST, else by the
// current context (DOCKER_CONTEXT, or that of the configuration file), else at the usual
// sockets of Docker, rootless Docker, Docker Desktop and Podman. A context that cannot be
// read is an error of class fault.Usage.
func Find(getenv func(string) string) (Endpoint, error) {
	if host := getenv("DOCKER_HOST"); host != "" {
		e := Endpoint{Host: host, Origin: "DOCKER_HOST"}
		if getenv("DOCKER_TLS_VERIFY") != "" {
			e.tls = getenv("DOCKER_CERT_PATH")
		}
		return e, nil
	}
	name := getenv("DOCKER_CONTEXT")
	if name == "" {
		if file, err := config.Load(config.Dir()); err == nil {
			name = file.CurrentContext
		}
	}
	if name != "" && name != "default" {
		return fromContext(name)
	}
	return Endpoint{Host: usualSocket(getenv), Origin: "the usual socket"}, nil
}

// fromContext reads a docker context from the store of the docker command.
func fromContext(name string) (Endpoint, error) {
	contexts := store.New(config.ContextStoreDir(), store.NewConfig(
		func() any { return &map[string]any{} },
		store.EndpointTypeGetter("docker", func() any { return &context.EndpointMetaBase{} }),
	))
	meta, err := contexts.GetMetadata(name)
	if err != nil {
		return Endpoint{}, fault.New(fault.Usage, "list them with docker context ls, or set DOCKER_HOST",
			"read docker context %q: %w", name, err)
	}
	docker, ok := meta.Endpoints["docker"].(context.EndpointMetaBase)
	if !ok || docker.Host == "" {
		return Endpoint{}, fault.New(fault.Usage, "choose a different one: docker context use NAME",
			"docker context %q has no Docker endpoint", name)
	}
	e := Endpoint{Host: docker.Host, Origin: fmt.Sprintf("the docker context %q", name)}
	tls := filepath.Join(contexts.GetStorageInfo(name).TLSPath, "docker")
	if _, err := os.Stat(filepath.Join(tls, "ca.pem")); err == nil {
		e.tls = tls
	}
	return e, nil
}

// usualSocket returns the first of the usual sockets that exists, else Docker's own.
func usualSocket(getenv func(string) string) string {
	run, home := getenv("XDG_RUNTIME_DIR"), getenv("HOME")
	for _, path := range []string{
		"/var/run/docker.sock",
		filepath.Join(run, "docker.sock"),
		filepath.Join(home, ".docker/run/docker.sock"),
		filepath.Join(run, "podman/podman.sock"),
		"/run/podman/podman.sock",
	} {
		if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
			return "unix://" + path
		}
	}
	return client.DefaultDockerHost
}

// Options returns how the SDK connects to the endpoint. A host that it does not support is an
// error of class fault.Usage.
func (e Endpoint) Options() ([]client.Opt, error) {
	helper, err := connhelper.GetConnectionHelper(e.Host)
	if err != nil {
		return nil, fault.New(fault.Usage, "write it as ssh://user@host", "read %s: %w", e.Origin, err)
	}
	if helper != nil { // ssh:// is a command whose stdin and stdout are the connection
		return []client.Opt{
			client.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: helper.Dialer}}),
			client.WithHost(helper.Host),
			client.WithDialContext(helper.Dialer),
		}, nil
	}
	opts := []client.Opt{client.WithHost(e.Host)}
	if e.tls != "" {
		opts = append(opts, client.WithTLSClientConfig(filepath.Join(e.tls, "ca.pem"),
			filepath.Join(e.tls, "cert.pem"), filepath.Join(e.tls, "key.pem")))
	}
	return opts, nil
}

// Name returns the host as messages and documents name it: without a password.
func (e Endpoint) Name() string {
	u, err := url.Parse(e.Host)
	if err != nil || u.User == nil {
		return e.Host
	}
	return u.Redacted()
}
