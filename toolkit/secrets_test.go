package toolkit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/imagebuild/imagebuildtest"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
)

// uploadBase pushes a small image, to be taken for a base, and returns its digest.
func uploadBase(t *testing.T, ref string) string {
	t.Helper()
	image := imagebuildtest.Tiny(t, imagebuildtest.Bare("amd64"), "base", time.Now())
	digest, err := registrytest.Client(registrytest.Password).Upload(t.Context(), ref, image)
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// TestSecretsNeitherShowNorAlter logs in with planted secrets, some of them words of the output
// and parts of the digest: with each, right or wrong, everything that is printed is the same.
func TestSecretsNeitherShowNorAlter(t *testing.T) {
	const long = "x9Kq3vB7nM2pL5sD8fG1hJ4kZ6cV0bN9mQ2wE5rT"
	accounts := map[string]string{"neutral": "Neutral", "me": "a", "z": "ok", "sha256": "latest", "base": "tag", "resolves": "hunter2!", "bot": long}
	address := registrytest.StartWithAccounts(t, accounts)
	digest := uploadBase(t, address+"/me/base:1")
	c := newClone(t)
	printed := func(user, password, format string) string {
		code, stdout, stderr := c.run([]string{
			"KILN_SITE_BASE=" + address + "/me/base:1", "KILN_SITE_REPOSITORY=" + address + "/me/site", "KILN_OUTPUT=" + format,
			registry.UsernameVariable + "=" + user, registry.PasswordVariable + "=" + password,
		}, "config", "image:track")
		return fmt.Sprint(code, "\n", stdout, stderr)
	}
	right, wrong := printed("neutral", "Neutral", "json"), printed("neutral", "wrong", "text")
	if !strings.HasPrefix(right, "0\n") || !strings.Contains(right, digest) || !strings.HasPrefix(wrong, "3\n") || !strings.Contains(wrong, "refused the credentials") {
		t.Fatalf("got %s\n%s", right, wrong)
	}
	for user, password := range accounts {
		if got := printed(user, password, "json"); got != right {
			t.Errorf("user %q, password %q: got\n%s\nwant\n%s", user, password, got, right)
		}
	}
	for _, password := range []string{"a", "ok", "latest", digest[7:10], "hunter2!", long} {
		if got := printed("nobody", password, "text"); got != wrong {
			t.Errorf("wrong password %q: got\n%s\nwant\n%s", password, got, wrong)
		}
	}
}

// TestSecretsOfTheEnvironment plants passwords where users have them, in places that break: none
// of them is printed.
func TestSecretsOfTheEnvironment(t *testing.T) {
	const secret = "hunter2"
	c := newClone(t)
	for name, tc := range map[string]struct {
		env    []string
		target string
		code   int
		want   string
	}{
		"proxy that is no URL":   {[]string{"HTTPS_PROXY=http://me:" + secret + " ^@proxy.invalid:3128", "KILN_SITE_BASE=registry.invalid/x:1"}, "image:track", 2, "HTTPS_PROXY"},
		"proxy without scheme":   {[]string{"HTTPS_PROXY=me:" + secret + "%zz@proxy.invalid:3128", "KILN_SITE_BASE=registry.invalid/x:1"}, "image:track", 2, "HTTPS_PROXY"},
		"proxy that is away":     {[]string{"HTTPS_PROXY=http://me:" + secret + "@proxy.invalid:3128", "KILN_SITE_BASE=registry.invalid/x:1"}, "image:track", 3, "proxy.invalid"},
		"repository":             {[]string{"KILN_SITE_REPOSITORY=https://me:" + secret + "@registry.invalid/x"}, "config", 2, "KILN_SITE_REPOSITORY"},
		"repository, no scheme":  {[]string{"KILN_SITE_REPOSITORY=me:" + secret + "@registry.invalid/x"}, "config", 2, "KILN_SITE_REPOSITORY"},
		"mirror of images":       {[]string{"KILN_SITE_MIRRORS=me:" + secret + "@registry.invalid/x"}, "config", 2, "KILN_SITE_MIRRORS"},
		"base":                   {[]string{"KILN_SITE_BASE=me:" + secret + "@registry.invalid/x@sha256:1"}, "config", 2, "KILN_SITE_BASE"},
		"mirror of sources":      {[]string{"KILN_KERNEL_UPSTREAM_MIRRORS=https://me:" + secret + "@mirror.invalid/x"}, "config", 2, "KILN_KERNEL_UPSTREAM_MIRRORS"},
		"list that is broken":    {[]string{`KILN_KERNEL_UPSTREAM_MIRRORS=https://me:` + secret + `@mirror.invalid/x,"`}, "config", 2, "KILN_KERNEL_UPSTREAM_MIRRORS"},
		"git source":             {[]string{"KILN_KERNEL_SOURCE=git+https://me:" + secret + "@host.invalid/linux.git"}, "config", 2, "git+https://host.invalid"},
		"engine":                 {[]string{"DOCKER_HOST=tcp://me:" + secret + "@127.0.0.1:1"}, "image", 3, "127.0.0.1:1"},
		"DOCKER_AUTH_CONFIG":     {[]string{`DOCKER_AUTH_CONFIG={"auths": {"registry.invalid": {"auth": "` + secret + `"}}}`, "KILN_SITE_BASE=registry.invalid/x:1"}, "image:track", 2, "DOCKER_AUTH_CONFIG"},
		"DOCKER_AUTH_CONFIG cut": {[]string{`DOCKER_AUTH_CONFIG={"auths": {"x": "` + secret, "KILN_SITE_BASE=registry.invalid/x:1"}, "image:update", 2, "DOCKER_AUTH_CONFIG"},
		"unknown variable":       {[]string{"KILN_REGISTRY_PASWORD=" + secret}, "config", 2, "KILN_REGISTRY_PASWORD"},
	} {
		code, stdout, stderr := c.run(tc.env, tc.target)
		if code != tc.code || strings.Contains(stdout+stderr, secret) || !strings.Contains(stderr, tc.want) {
			t.Errorf("%s: exit code %d, want %d and %q:\n%s%s", name, code, tc.code, tc.want, stdout, stderr)
		}
	}
}

// TestCredentialsThatCannotBeRead breaks docker's configuration: every target that asks a
// registry says the same, before anything is built, and one that asks none says nothing.
func TestCredentialsThatCannotBeRead(t *testing.T) {
	address := registrytest.Start(t)
	c, home := newClone(t), t.TempDir()
	config := filepath.Join(home, "config.json")
	if err := os.WriteFile(config, []byte(`{"credsStore": "missing"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	site := []string{"KILN_SITE_BASE=" + address + "/x:1", "KILN_SITE_REPOSITORY=" + address + "/me/site", "KILN_SITE_DIRTY=true"}
	for want, tc := range map[string]struct {
		env  string
		code int
	}{
		"DOCKER_AUTH_CONFIG: expected JSON":                                       {"DOCKER_AUTH_CONFIG={", 2},
		"docker-credential-missing, which " + config + " names, is not installed": {"DOCKER_CONFIG=" + home, 3},
	} {
		for _, target := range []string{"image:track", "image:update", "image", "push"} {
			code, stdout, stderr := c.run(append(site, tc.env), target)
			if code != tc.code || strings.Count(stderr, want) != 1 || strings.Contains(stderr, "building") || stdout != "" {
				t.Errorf("%s, %s: exit code %d, want %d and once %q:\n%s", tc.env, target, code, tc.code, want, stderr)
			}
		}
		if code, _, stderr := c.run(append(site, tc.env), "config"); code != 0 || stderr != "" {
			t.Errorf("%s, config: exit code %d: %s", tc.env, code, stderr)
		}
	}
}
