package registry

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/docker/cli/cli/config/credentials"
	"github.com/docker/cli/cli/config/types"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// What the docker command reads.
const (
	authVariable = "DOCKER_AUTH_CONFIG" // config.json as text
	dirVariable  = "DOCKER_CONFIG"      // folder of config.json
)

// dockerHubKey is Docker Hub's key in docker's configuration, and the name by which a
// credential helper knows it.
const dockerHubKey = "https://index.docker.io/v1/"

// serverOf returns a host as docker's configuration and credential helpers know it.
func serverOf(host string) string {
	if host == DockerHub {
		return dockerHubKey
	}
	return host
}

// dockerConfig is what docker's configuration says of credentials.
type dockerConfig struct {
	origin  string                      // the variable or the file
	Auths   map[string]types.AuthConfig `json:"auths"`
	Store   string                      `json:"credsStore"`
	Helpers map[string]string           `json:"credHelpers"`
}

// configVariable reads DOCKER_AUTH_CONFIG.
func (c *Client) configVariable() (dockerConfig, error) {
	return parseConfig([]byte(c.getenv(authVariable)), authVariable)
}

// configFile reads config.json. A missing one counts as empty.
func (c *Client) configFile() (dockerConfig, error) {
	path := c.configPath()
	if path == "" {
		return dockerConfig{}, nil
	}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, syscall.ENOTDIR) && c.getenv(dirVariable) != "":
		return dockerConfig{}, unreadable(fault.Usage, "set it to the folder that config.json is in, or unset it", "%s: expected a folder, got %s", dirVariable, filepath.Dir(path))
	case errors.Is(err, fs.ErrNotExist):
		return dockerConfig{}, nil
	case err != nil:
		return dockerConfig{}, unreadable(fault.Environment, "make it readable for this user", "%v", err)
	}
	return parseConfig(text, path)
}

// configPath returns the path of config.json; "" where no variable names its folder.
func (c *Client) configPath() string {
	dir, home := c.getenv(dirVariable), "HOME"
	if runtime.GOOS == "windows" {
		home = "USERPROFILE"
	}
	if dir == "" && c.getenv(home) != "" {
		dir = filepath.Join(c.getenv(home), ".docker")
	}
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "config.json")
}

// parseConfig parses docker's configuration. Its errors contain nothing of the text, which
// holds secrets.
func parseConfig(text []byte, origin string) (dockerConfig, error) {
	config := dockerConfig{origin: origin}
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\uFEFF")))
	if len(text) == 0 {
		return config, nil
	}
	err := json.Unmarshal(text, &config)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return config, unreadable(fault.Usage, fixOf(origin), "%s: expected JSON, and it is none from character %d on", origin, syntax.Offset)
	case errors.As(err, &kind) && kind.Field != "":
		return config, unreadable(fault.Usage, fixOf(origin), "%s: a value of %s has the wrong type", origin, strings.SplitN(kind.Field, ".", 2)[0])
	case err != nil:
		return config, unreadable(fault.Usage, fixOf(origin), `%s: expected a JSON object, {"auths": {...}}`, origin)
	}
	return config, nil
}

// fixOf returns the fix for a broken variable or file.
func fixOf(origin string) string {
	if origin == authVariable {
		return "correct or unset " + authVariable + `: {"auths": {"registry.example.com": {"auth": "base64 of user:password"}}}`
	}
	return "correct " + origin + ", or move it away and run docker login"
}

// credentials returns the credentials for a host: of the helper that is configured for it, of
// the helper for all, or those of the configuration itself.
func (d dockerConfig) credentials(ctx context.Context, host string) (Credentials, error) {
	helper := d.Store
	for key, name := range d.Helpers {
		if isFor(key, host) {
			helper = name
		}
	}
	if helper != "" {
		h := credentialHelper{program: "docker-credential-" + helper, origin: d.origin}
		if found, err := h.get(ctx, host); err != nil || found.Source != "" {
			return found, err
		}
	}
	for key, auth := range d.Auths {
		if isFor(key, host) {
			return d.decode(key, host, auth)
		}
	}
	return Credentials{}, nil
}

// isFor reports whether a key of docker's configuration means a host: the host, or a URL of it.
func isFor(key, host string) bool {
	name := credentials.ConvertToHostname(key)
	if host == DockerHub {
		return name == DockerHub || name == "index.docker.io" || name == "registry-1.docker.io"
	}
	return name == host
}

// decode returns the credentials of an entry. One that is empty has none.
func (d dockerConfig) decode(key, host string, auth types.AuthConfig) (Credentials, error) {
	auth.ServerAddress = serverOf(host)
	if auth.Auth != "" {
		text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(auth.Auth))
		user, password, ok := strings.Cut(string(text), ":")
		if err != nil || !ok || user == "" {
			return Credentials{}, unreadable(fault.Usage, fixOf(d.origin), "%s: auth of %s: expected the base64 form of user:password", d.origin, key)
		}
		auth.Username, auth.Password, auth.Auth = user, strings.Trim(password, "\x00\r\n"), ""
	}
	if auth.Username == "" && auth.IdentityToken == "" && auth.RegistryToken == "" {
		return Credentials{}, nil
	}
	return Credentials{auth, d.origin}, nil
}
