package engine

import "testing"

// TestAccountIsForItsRegistry asks for the credentials of several registries where the
// environment has an account for one.
func TestAccountIsForItsRegistry(t *testing.T) {
	env := map[string]string{UsernameVariable: "me", PasswordVariable: "secret", "DOCKER_CONFIG": t.TempDir()}
	t.Setenv("DOCKER_CONFIG", env["DOCKER_CONFIG"])
	e := &Client{getenv: func(name string) string { return env[name] }}
	e.UseAccountFor("registry.example.com/me/site")
	for ref, want := range map[string]string{"registry.example.com/me/site:latest": "me", "registry.example.com/base": "me", "nginx:1.30": "", "ghcr.io/x/y": ""} {
		auth, err := e.authFor(ref)
		if err != nil || auth.Username != want {
			t.Errorf("%s: got %q, %v, want %q", ref, auth.Username, err, want)
		}
	}
}
