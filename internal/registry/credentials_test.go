package registry_test

import (
	"testing"

	"github.com/romanatrashyonok/kiln/internal/registry"
)

func TestVariablesAreForOneRegistryOnly(t *testing.T) {
	env := map[string]string{registry.UsernameVariable: "me", registry.PasswordVariable: "secret"}
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	r := registry.New(func(name string) string { return env[name] }, "registry.example.com/me/site")
	for ref, want := range map[string]string{"registry.example.com/me/site:latest": "me", "registry.example.com/base": "me", "nginx:1.30": "", "ghcr.io/x/y": ""} {
		auth, err := r.Credentials(ref)
		if err != nil || auth.Username != want {
			t.Errorf("%s: got %q, %v, want %q", ref, auth.Username, err, want)
		}
	}
}
