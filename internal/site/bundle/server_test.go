package bundle

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/site/nginx"
)

// shippedServer reads the server of the site that Kiln ships.
func shippedServer(t *testing.T) Server {
	t.Helper()
	s, err := serverOf(t, shipped(""), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serverOf reads the server of a folder with site.toml.
func serverOf(t *testing.T, dir string, base fstest.MapFS) (Server, error) {
	t.Helper()
	b, err := Read(filepath.Join(dir, "content"), filepath.Join(dir, ConfName))
	if err != nil {
		return Server{}, err
	}
	d, err := imagebuild.ReadDockerfile(filepath.Join(dir, "Dockerfile"))
	if err != nil {
		return Server{}, err
	}
	if base == nil {
		return b.Server(d, nil)
	}
	return b.Server(d, base)
}

// serverOn returns the server of a bundle with the shipped Dockerfile.
func serverOn(t *testing.T, b Bundle) Server {
	t.Helper()
	d, err := imagebuild.ReadDockerfile(shipped("Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.Server(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// folder writes files into a folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, tree); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestShippedServer(t *testing.T) {
	s := shippedServer(t)
	if s.Port != 8080 || !s.Complete() || s.Health.Path != "/healthz" || s.Health.Host != "127.0.0.1:8080" || s.Health.Origin == "" {
		t.Errorf("port %d, complete %v, health %+v", s.Port, s.Complete(), s.Health)
	}
	e := s.Expectation()
	if len(e.Files) < 5 || !slices.Equal(e.Roots, []string{"/srv/site"}) {
		t.Errorf("%d files, roots %v", len(e.Files), e.Roots)
	}
	for _, f := range e.Files {
		if f.Path != "/srv/site"+f.URL || len(f.SHA256) != 64 {
			t.Errorf("%+v", f)
		}
	}
}

// TestHostOfTheSite is a name of a server, or the host of the health check where that alone
// leads to a page.
func TestHostOfTheSite(t *testing.T) {
	const docker = "FROM ${BASE}\nCOPY nginx.conf /etc/nginx/kiln.conf\nCOPY content /srv\nENTRYPOINT [\"nginx\", \"-c\", \"/etc/nginx/kiln.conf\"]\n" +
		"HEALTHCHECK CMD wget -q http://127.0.0.1:8080/\n"
	for rule, want := range map[string]string{
		"server_name _;":            "localhost",
		"server_name site.example;": "site.example",
		`if ($host !~ ^(site\.example|127\.0\.0\.1)$) { return 444; }`:            "127.0.0.1:8080",
		`if ($host = localhost) { return 301 https://site.example$request_uri; }`: "127.0.0.1:8080",
		`return 301 https://site.example$request_uri;`:                            "localhost",
	} {
		s, err := serverOf(t, folder(t, map[string]string{
			"Dockerfile": "ARG BASE\n" + docker, "content/index.html": "x",
			"nginx.conf": "events {}\nhttp { server { listen 8080; root /srv; " + rule + " } }\n",
		}), nil)
		if err != nil || s.Host != want {
			t.Errorf("%s: %q, %v; want %q", rule, s.Host, err, want)
		}
	}
}

// TestServerOfABase reads a configuration of the base image, which includes one file of the
// Dockerfile's and one of its own.
func TestServerOfABase(t *testing.T) {
	dir := folder(t, map[string]string{
		"Dockerfile":   "ARG BASE\nFROM ${BASE}\nCOPY default.conf /etc/nginx/conf.d/\nCOPY content /usr/share/nginx/html\nEXPOSE 8081\nHEALTHCHECK CMD curl -f http://localhost:8081/\n",
		"default.conf": "server {\n    listen 8081;\n    root /usr/share/nginx/html;\n}\n", "content/index.html": "x", "content/a/b.css": "y",
	})
	s, err := serverOf(t, dir, nil)
	if err != nil || s.Complete() || s.Port != 8081 {
		t.Errorf("without the base: %+v, %v", s, err)
	}
	if p := s.predict("/"); p.Status != 0 || len(p.Unknown) == 0 || p.Unknown[0].Construct != "/etc/nginx/nginx.conf" {
		t.Errorf("without the base: %+v", p)
	}
	base := fstest.MapFS{
		"etc/nginx/nginx.conf":          {Data: []byte("events {}\nhttp {\n    include mime.types;\n    include conf.d/*.conf;\n}\n")},
		"etc/nginx/mime.types":          {Data: []byte("types { text/html html; }\n")},
		"etc/nginx/conf.d/default.conf": {Data: []byte("server { listen 1; }\n")},
	}
	if s, err = serverOf(t, dir, base); err != nil || !s.Complete() || s.Port != 8081 || s.Health.Path != "/" {
		t.Errorf("with the base: %+v, %v", s, err)
	}
	for name, want := range map[string]nginx.Kind{
		"/usr/share/nginx/html/index.html": nginx.File, "/usr/share/nginx/html/50x.html": nginx.Unlisted, "/usr/share/nginx/html/a": nginx.Folder,
		"/usr/share/nginx/html/none": nginx.Absent, "/usr/share/nginx": nginx.Folder, "/etc/passwd": nginx.Unlisted,
	} {
		if got := s.places.tree.Stat(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
	if got := s.places.hostName("/etc/nginx/conf.d/default.conf"); got != filepath.Join(dir, "default.conf") {
		t.Errorf("host name %s", got)
	}
}

func TestFilesOfTheImage(t *testing.T) {
	context := fstest.MapFS{"nginx.conf": {Data: []byte("ours")}, "snippets/a.conf": {Data: []byte("a")}}
	base := fstest.MapFS{"etc/nginx/conf.d/default.conf": {Data: []byte("theirs")}, "etc/nginx/conf.d/x.conf": {Data: []byte("x")}}
	files := &imageFS{context: context, copied: map[string]string{
		"/etc/nginx/conf.d/default.conf": "nginx.conf", "/etc/nginx/conf.d/a.conf": "snippets/a.conf",
	}, base: base}
	list, err := files.ReadDir("etc/nginx/conf.d")
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	if err != nil || strings.Join(names, " ") != "a.conf default.conf x.conf" {
		t.Errorf("%v, %v", names, err)
	}
	f, err := files.Open("etc/nginx/conf.d/default.conf")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(f); string(text) != "ours" {
		t.Errorf("%s, %v", text, err)
	}
}

func TestHealthOfTheDockerfile(t *testing.T) {
	for command, want := range map[string]string{
		"wget -q -O /dev/null http://127.0.0.1:8080/healthz 2>/dev/null || exit 1": "/healthz at 127.0.0.1:8080",
		"curl -fsS http://localhost:8080 || exit 1":                                "/ at localhost:8080",
		"curl -H 'Host: www.example.org' http://localhost:8080/a?b=c;":             "/a?b=c at www.example.org",
		"wget --header='Host: x.example' --spider http://[::1]:8080/up":            "/up at x.example",
		`bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080 && printf "GET /live HTTP/1.0"'`: "/live at ",
		"wget http://localhost:9000/metrics":                                       "none",
		"wget http://localhost/":                                                   "none",
		"pgrep nginx":                                                              "none",
		"":                                                                         "none",
	} {
		got := "none"
		if h, ok := healthOf([]string{command}, 8080); ok {
			got = h.Path + " at " + h.Host
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", command, got, want)
		}
	}
}

func TestConfigurationOfTheCommand(t *testing.T) {
	for _, c := range []struct {
		command []string
		want    string
	}{
		{[]string{"nginx", "-c", "/etc/nginx/kiln.conf", "-g", "daemon off;"}, "/etc/nginx/kiln.conf"},
		{[]string{"/bin/sh", "-c", "exec /usr/sbin/nginx -c '/a.conf'"}, "/a.conf"},
		{[]string{"/bin/sh", "-c", "exec nginx -g 'daemon off;' -c /x.conf"}, "/x.conf"},
		{[]string{"nginx", "-g", "daemon off;"}, "/etc/nginx/nginx.conf"},
		{nil, "/etc/nginx/nginx.conf"},
	} {
		if got := configFile(c.command); got != c.want {
			t.Errorf("%q: got %s, want %s", c.command, got, c.want)
		}
	}
}

func TestConfigurationThatIsMissing(t *testing.T) {
	dir := folder(t, map[string]string{
		"Dockerfile":         "ARG BASE\nFROM ${BASE}\nCOPY nginx.conf /etc/nginx/nginx.conf\nCOPY content /srv\n",
		"content/index.html": "x",
	})
	if _, err := serverOf(t, dir, nil); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "Dockerfile:3") {
		t.Errorf("got %v", err)
	}
}
