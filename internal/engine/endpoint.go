package engine

import (
	"fmt"
	"net/http"
	"net/netip"
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

// endpoint is where an engine listens, and who said so.
type endpoint struct {
	host   string // unix:///..., tcp://..., ssh://...
	origin string // "DOCKER_HOST", `the docker context "work"`, "the usual socket"
	tls    string // folder with ca.pem, cert.pem and key.pem; "" for none
}

// findEndpoint looks where the docker command looks: DOCKER_HOST, then the
// current context (DOCKER_CONTEXT or the one of the configuration file), then
// the usual sockets of Docker, rootless Docker, Docker Desktop and Podman.
func findEndpoint(getenv func(string) string) (endpoint, error) {
	if host := getenv("DOCKER_HOST"); host != "" {
		e := endpoint{host: host, origin: "DOCKER_HOST"}
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
		return contextEndpoint(name)
	}
	return endpoint{host: usualSocket(getenv), origin: "the usual socket"}, nil
}

// contextEndpoint reads a docker context from the store of the docker command.
func contextEndpoint(name string) (endpoint, error) {
	contexts := store.New(config.ContextStoreDir(), store.NewConfig(
		func() any { return &map[string]any{} },
		store.EndpointTypeGetter("docker", func() any { return &context.EndpointMetaBase{} }),
	))
	meta, err := contexts.GetMetadata(name)
	if err != nil {
		return endpoint{}, fault.New(fault.Usage, "choose a context of docker context ls, or set DOCKER_HOST",
			"read docker context %q: %w", name, err)
	}
	docker, ok := meta.Endpoints["docker"].(context.EndpointMetaBase)
	if !ok || docker.Host == "" {
		return endpoint{}, fault.New(fault.Usage, "choose a different context: docker context use NAME",
			"docker context %q has no Docker endpoint", name)
	}
	e := endpoint{host: docker.Host, origin: fmt.Sprintf("the docker context %q", name)}
	tls := filepath.Join(contexts.GetStorageInfo(name).TLSPath, "docker")
	if _, err := os.Stat(filepath.Join(tls, "ca.pem")); err == nil {
		e.tls = tls
	}
	return e, nil
}

// usualSocket gives the first socket that is there, else Docker's own.
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

// options says to the SDK how the endpoint is dialled.
func (e endpoint) options() ([]client.Opt, error) {
	helper, err := connhelper.GetConnectionHelper(e.host)
	if err != nil {
		return nil, fault.New(fault.Usage, "write it as ssh://user@host", "read %s: %w", e.origin, err)
	}
	if helper != nil { // ssh:// is a command whose stdin and stdout are the connection
		return []client.Opt{
			client.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: helper.Dialer}}),
			client.WithHost(helper.Host),
			client.WithDialContext(helper.Dialer),
		}, nil
	}
	opts := []client.Opt{client.WithHost(e.host)}
	if e.tls != "" {
		opts = append(opts, client.WithTLSClientConfig(filepath.Join(e.tls, "ca.pem"),
			filepath.Join(e.tls, "cert.pem"), filepath.Join(e.tls, "key.pem")))
	}
	return opts, nil
}

// machine gives the name under which ports of the engine's machine are reached
// from here: loopback, unless the engine is on another machine.
func (e endpoint) machine() string {
	u, err := url.Parse(e.host)
	if err != nil || (u.Scheme != "tcp" && u.Scheme != "ssh") {
		return "127.0.0.1"
	}
	return u.Hostname()
}

// bindIP gives the address that ports are offered at: loopback where that
// reaches us, else all addresses of the engine's machine.
func (e endpoint) bindIP() string {
	if ip, err := netip.ParseAddr(e.machine()); err == nil && ip.IsLoopback() || e.machine() == "localhost" {
		return "127.0.0.1"
	}
	return "0.0.0.0"
}
