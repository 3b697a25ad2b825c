package registry_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
)

const host = "registry.example.com"

// environment returns a function as os.Getenv, with HOME a folder that has a config.json and,
// on PATH, a credential helper of the name docker-credential-test.
func environment(t *testing.T, config, helper string, more map[string]string) func(string) string {
	t.Helper()
	home := t.TempDir()
	if config != "" {
		write(t, filepath.Join(home, ".docker", "config.json"), config, 0o600)
	}
	if helper != "" {
		write(t, filepath.Join(home, "docker-credential-test"), "#!/bin/sh\nread -r server\n"+helper, 0o700)
		t.Setenv("PATH", home+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	return func(name string) string {
		if value, ok := more[name]; ok {
			return strings.ReplaceAll(value, "HOME", home)
		}
		return map[string]string{"HOME": home}[name]
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// basic returns a user and password in the form of config.json.
func basic(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}

func auths(key, auth string) string { return fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, key, auth) }

func TestCredentials(t *testing.T) {
	for name, tc := range map[string]struct {
		config, helper string
		env            map[string]string
		ref            string // of host if it is empty
		want, token    string // user and password with a colon; "" for none
		source         string
	}{
		"none":                               {},
		"variables":                          {env: map[string]string{registry.UsernameVariable: "me", registry.PasswordVariable: "a:b\r\n"}, want: "me:a:b", source: registry.UsernameVariable},
		"variables of a different":           {env: map[string]string{registry.UsernameVariable: "me", registry.PasswordVariable: "x"}, ref: "nginx:1"},
		"config.json":                        {config: auths(host, basic("me", "x")), want: "me:x", source: "config.json"},
		"with a byte order mark":             {config: "\uFEFF" + auths(host, basic("me", "x")), want: "me:x", source: "config.json"},
		"a key with a scheme":                {config: auths("https://"+host+"/v2/", basic("me", "x")), want: "me:x", source: "config.json"},
		"Docker Hub":                         {config: auths("https://index.docker.io/v1/", basic("me", "x")), ref: "nginx:1", want: "me:x", source: "config.json"},
		"Docker Hub by its name":             {config: auths("docker.io", basic("me", "x")), ref: "me/site", want: "me:x", source: "config.json"},
		"user and password apart":            {config: `{"auths": {"` + host + `": {"username": "me", "password": "x"}}}`, want: "me:x", source: "config.json"},
		"identity token":                     {config: `{"auths": {"` + host + `": {"identitytoken": "t"}}}`, token: "t", source: "config.json"},
		"entry without credentials":          {config: `{"auths": {"` + host + `": {}}}`},
		"unknown keys":                       {config: `{"plugins": 7, "auths": {"` + host + `": {"auth": "` + basic("me", "x") + `", "email": null}}}`, want: "me:x", source: "config.json"},
		"variable of docker":                 {env: map[string]string{"DOCKER_AUTH_CONFIG": auths(host, basic("me", "x"))}, config: auths(host, basic("you", "y")), want: "me:x", source: "DOCKER_AUTH_CONFIG"},
		"a broken entry of a different host": {config: `{"auths": {"other.example.com": {"auth": "%%"}, "` + host + `": {"auth": "` + basic("me", "x") + `"}}}`, want: "me:x", source: "config.json"},
		"helper for all":                     {config: `{"credsStore": "test"}`, helper: `echo '{"ServerURL":"x","Username":"me","Secret":"'$server'"}'`, want: "me:" + host, source: "docker-credential-test"},
		"helper for Docker Hub":              {config: `{"credsStore": "test"}`, helper: `echo '{"Username":"me","Secret":"'$server'"}'`, ref: "nginx", want: "me:https://index.docker.io/v1/", source: "docker-credential-test"},
		"helper for one host":                {config: `{"credsStore": "missing", "credHelpers": {"` + host + `": "test"}}`, helper: `echo '{"Username":"me","Secret":"s"}'`, want: "me:s", source: "docker-credential-test"},
		"helper for a different host":        {config: `{"credHelpers": {"other.example.com": "missing"}}`},
		"helper of the variable":             {env: map[string]string{"DOCKER_AUTH_CONFIG": `{"credHelpers": {"` + host + `": "test"}}`}, helper: `echo '{"Username":"me","Secret":"s"}'`, want: "me:s", source: "docker-credential-test"},
		"helper with a token":                {config: `{"credsStore": "test"}`, helper: `echo '{"Username":"<token>","Secret":"t"}'`, token: "t", source: "docker-credential-test"},
		"helper without the host":            {config: `{"credsStore": "test"}`, helper: "echo 'credentials not found in native keychain'; exit 1"},
		"folder that does not exist":         {env: map[string]string{"DOCKER_CONFIG": "HOME/none"}},
		"folder":                             {env: map[string]string{"DOCKER_CONFIG": "HOME/.docker"}, config: auths(host, basic("me", "x")), want: "me:x", source: "config.json"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.ref == "" {
				tc.ref = host + "/me/site:1"
			}
			got, err := registry.New(environment(t, tc.config, tc.helper, tc.env), host+"/me/site").Credentials(t.Context(), tc.ref)
			password := strings.TrimPrefix(got.Username+":"+got.Password, ":")
			if err != nil || password != tc.want || got.IdentityToken != tc.token || !strings.HasSuffix(got.Source, tc.source) || (got.Source == "") != (tc.source == "") {
				t.Errorf("got %q, token %q, of %q, %v", password, got.IdentityToken, got.Source, err)
			}
			if text := fmt.Sprintf("%v %+v %#v %s", got, got, got, got); tc.want != "" && (strings.Contains(text, got.Password+" ") || strings.Contains(text, basic(got.Username, got.Password))) {
				t.Errorf("they print as %s", text)
			}
		})
	}
}

func TestCredentialsThatCannotBeRead(t *testing.T) {
	const secret = "s3cret-hunter2"
	for name, tc := range map[string]struct {
		config, helper string
		env            map[string]string
		class          fault.Class
		want           string
	}{
		"variable that is cut off":  {env: map[string]string{"DOCKER_AUTH_CONFIG": `{"auths": {"` + host + `": {"auth": "` + secret}, class: fault.Usage, want: "DOCKER_AUTH_CONFIG: expected JSON"},
		"variable with a file name": {env: map[string]string{"DOCKER_AUTH_CONFIG": "/builds/" + secret}, class: fault.Usage, want: "DOCKER_AUTH_CONFIG: expected JSON"},
		"variable with a string":    {env: map[string]string{"DOCKER_AUTH_CONFIG": `"` + secret + `"`}, class: fault.Usage, want: "DOCKER_AUTH_CONFIG: expected a JSON object"},
		"variable of a wrong type":  {env: map[string]string{"DOCKER_AUTH_CONFIG": `{"auths": "` + secret + `"}`}, class: fault.Usage, want: "DOCKER_AUTH_CONFIG: a value of auths"},
		"no base64":                 {config: auths(host, secret+"%"), class: fault.Usage, want: ".docker/config.json: auth of " + host},
		"no colon":                  {config: auths(host, base64.StdEncoding.EncodeToString([]byte(secret))), class: fault.Usage, want: ".docker/config.json: auth of " + host},
		"broken file":               {config: `{"auths": {` + secret, class: fault.Usage, want: ".docker/config.json: expected JSON"},
		"no folder":                 {config: "{}", env: map[string]string{"DOCKER_CONFIG": "HOME/.docker/config.json"}, class: fault.Usage, want: "DOCKER_CONFIG: expected a folder"},
		"password alone":            {env: map[string]string{registry.PasswordVariable: secret}, class: fault.Usage, want: registry.UsernameVariable + " is empty"},
		"user alone":                {env: map[string]string{registry.UsernameVariable: secret}, class: fault.Usage, want: registry.PasswordVariable + " is empty"},
		"helper not installed":      {config: `{"credsStore": "missing"}`, class: fault.Environment, want: "docker-credential-missing"},
		"helper fails":              {config: `{"credsStore": "test"}`, helper: "echo " + secret + "; echo " + secret + " >&2; exit 3", class: fault.Environment, want: "docker-credential-test"},
		"helper prints rubbish":     {config: `{"credsStore": "test"}`, helper: "echo " + secret, class: fault.Environment, want: "docker-credential-test"},
		"helper prints half":        {config: `{"credsStore": "test"}`, helper: `echo '{"Username": "me"}'`, class: fault.Environment, want: "docker-credential-test"},
		"helper of the variable":    {env: map[string]string{"DOCKER_AUTH_CONFIG": `{"credsStore": "missing"}`}, class: fault.Environment, want: "DOCKER_AUTH_CONFIG"},
	} {
		t.Run(name, func(t *testing.T) {
			r := registry.New(environment(t, tc.config, tc.helper, tc.env), host+"/me/site")
			_, uploadErr := r.Upload(t.Context(), host+"/me/site:1", tiny(t, "one"))
			_, lookupErr := r.Digest(t.Context(), host+"/me/site:1")
			for _, err := range []error{uploadErr, lookupErr} {
				if !errors.Is(err, registry.ErrCredentials) || fault.Code(err) != int(tc.class) || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "\n  fix: ") || strings.Contains(err.Error(), secret) {
					t.Errorf("got %v, want %q", err, tc.want)
				}
			}
		})
	}
}

func TestHelperThatHangs(t *testing.T) {
	r := registry.New(environment(t, `{"credsStore": "test"}`, "exec sleep 60", nil), "")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := r.Digest(ctx, host+"/me/site:1")
	if spent := time.Since(start); spent > 5*time.Second || !errors.Is(err, registry.ErrCredentials) || !strings.Contains(err.Error(), "docker-credential-test") {
		t.Errorf("after %s: %v", spent, err)
	}
}

// TestDeniedSaysWhatWasUsed asks a registry that wants a password without one and with wrong
// ones.
func TestDeniedSaysWhatWasUsed(t *testing.T) {
	address := registrytest.Start(t)
	for want, tc := range map[string]struct {
		config string
		env    map[string]string
	}{
		"config.json (does not exist)": {},
		"the folder of DOCKER_CONFIG":  {env: map[string]string{"DOCKER_CONFIG": "HOME/none"}},
		"credentials of DOCKER_AUTH":   {env: map[string]string{"DOCKER_AUTH_CONFIG": auths(address, basic("me", "wrong-hunter2"))}},
		"config.json\n":                {config: auths(address, basic("me", "wrong-hunter2"))},
	} {
		_, err := registry.New(environment(t, tc.config, "", tc.env), "").Digest(t.Context(), address+"/me/site:1")
		if !errors.Is(err, registry.ErrDenied) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func FuzzDockerConfig(f *testing.F) {
	for _, seed := range []string{"", "{", auths(host, basic("me", "x")), auths(host, "%"), `{"auths": []}`, `{"auths": {"` + host + `": {"identitytoken": 1}}}`, "\uFEFF{}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := registry.New(func(name string) string {
			return map[string]string{"DOCKER_AUTH_CONFIG": text, "PATH": "/nonexistent"}[name]
		}, "")
		_, err := r.Credentials(t.Context(), host+"/x")
		if err != nil && !errors.Is(err, registry.ErrCredentials) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
