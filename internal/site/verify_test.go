package site_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/sitetest"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// verify reads, builds and verifies a site, and expects it to pass.
func verify(t *testing.T, s site.Site) site.Verdict {
	t.Helper()
	s = sitetest.Read(t, s)
	v, err := s.Verify(t.Context(), sitetest.Build(t, s))
	if err != nil || v.Failed > 0 {
		t.Errorf("%s, %v", v, err)
	}
	return v
}

// notJudged returns the constructs that a verdict does not judge.
func notJudged(v site.Verdict) (names []string) {
	for _, n := range v.NotJudged {
		names = append(names, n.What)
	}
	return names
}

// kinds counts the checks of each kind.
func kinds(v site.Verdict) map[suite.Kind]int {
	counts := map[suite.Kind]int{}
	for _, c := range v.Checks {
		counts[c.Kind]++
	}
	return counts
}

func TestVerifyOfTheShippedSite(t *testing.T) {
	s := sitetest.Open(t, "shipped", sitetest.NoRegistry)
	s.Settings.Strict = true
	s.Settings.Expect = []site.Expect{{Path: "/", Headers: map[string]string{"X-Frame-Options": "DENY"}}, {Path: "/none", Status: 404}}
	v := verify(t, s)
	if n := kinds(v); n[suite.Invariant] < 100 || n[suite.Predicted] < 500 || n[suite.Expected] != 3 || len(v.NotJudged) > 0 || v.Memory == 0 {
		t.Errorf("%v, %s", n, v)
	}
	text, err := os.ReadFile(filepath.Join(s.Dist, "verify.json"))
	if err != nil {
		t.Fatal(err)
	}
	var written struct {
		Checks    []struct{ Kind string }
		NotJudged []any `json:"not_judged"`
	}
	if err := json.Unmarshal(text, &written); err != nil || len(written.Checks) != len(v.Checks) || written.Checks[0].Kind == "" || written.NotJudged == nil {
		t.Errorf("verify.json: %v", err)
	}
}

// TestVerifyOfDifferentSites verifies, on the real server, sites that differ from the
// shipped one: with moved paths, one of them long, with hashed files, and with a single
// page for all paths.
func TestVerifyOfDifferentSites(t *testing.T) {
	long := "/blog/2024/01/15/" + strings.Repeat("a-longer-title-", 8) + ".html"
	for name, last := range map[string]string{"pages": "=404", "single page": "/index.html?$args"} {
		t.Run(name, func(t *testing.T) {
			s := sitetest.Open(t, name, sitetest.NoRegistry)
			sitetest.Edit(t, s, "nginx.conf", "index.html =404;", "index.html "+last+";")
			for file, text := range map[string]string{
				"redirects.conf": "/old.html /index.html;\n" + long + " https://example.com/new;\n/index.php /;\n~^/posts/(?<slug>[a-z]+)$ https://blog.example/$slug;\n" +
					"/.env /gone;\n/old-page https://example.org/new;\n/with-query /index.html?a=(b)&c=d;\n\"/a b\" /page.html;\n",
				"content/app.3f2a9c1b.js": "let kiln = 1", "content/deep/er/index.html": "<p>deep</p>",
			} {
				sitetest.Write(t, s, file, text)
			}
			if v := verify(t, s); len(v.NotJudged) > 0 || v.Memory == 0 {
				t.Errorf("%s", v)
			}
		})
	}
}

// TestVerifyOfWhatPeopleWrite verifies a site whose configuration and files have what guides
// recommend and generators make: all of it is good, and nothing of it fails.
func TestVerifyOfWhatPeopleWrite(t *testing.T) {
	s := sitetest.Open(t, "people", sitetest.NoRegistry)
	edit := func(old, new string) { sitetest.Edit(t, s, "nginx.conf", old, new) }
	edit("    server {\n", `    upstream app-servers { server app_1:8000; server app_2:8000 backup; }
    map $http_upgrade $up { default upgrade; "" close; }
    map $uri $long { volatile; default ""; "~*\.(css|js|png)$" "max-age=600"; }
    map $sent_http_content_type $kind { default other; text/html page; ~^image/ picture; }

    server {
        listen 8080 default_server;
        server_name "";
        return 444;
    }
    server {
        location = /favicon.ico { access_log off; return 404; }
        location = /nginx_status { stub_status; }
        location = /version { return 200 "1.2.3\n"; }
        location /api/ { limit_except GET { deny all; } }
        location /assets/ {
            add_header X-Kind $kind;
            add_header X-Long $long;
            add_header X-Up $up;
            add_header Link "</a.css>; rel=preload";
            add_header Link "</b.css>; rel=\"preload\"";
            expires 7d;
        }
        location /backend/ { proxy_pass http://api:3000; }
        location /app/ { proxy_pass http://app-servers; }
        location ~ \.php$ { fastcgi_pass php.internal:9000; access_log syslog:server=logs:514; }
        location /ids/ { add_header X-Request $request_id; add_header X-Host $hostname; }
`)
	edit("server_name _;", "server_name site.example www.site.example;")
	edit(`add_header X-Frame-Options "DENY" always;`, "add_header X-Frame-Options DENY;")
	edit("default_type application/octet-stream;", "default_type text/html;")
	edit("    charset_types text/plain text/css text/xml text/javascript text/markdown application/json application/xml application/atom+xml application/manifest+json image/svg+xml;\n", "")
	edit("error_page 404 /404.html;", "error_page 403 404 /404.html;\n        error_page 400 405 414 /error.html;\n        location = /404.html { internal; }\n        location /gone/ { return 404; error_page 404 =200 /index.html; }")
	sitetest.Edit(t, s, "Dockerfile", "http://127.0.0.1:8080/healthz", "--header 'Host: site.example' http://127.0.0.1:8080/healthz")
	sitetest.Edit(t, s, "Dockerfile", `HTTP/1.0\r\nHost: 127.0.0.1\r\n`, `HTTP/1.0\r\nHost: site.example\r\n`)
	page := "<!doctype html><p>page</p>"
	for _, name := range []string{
		"tags/c++/index.html", "Mercury_(planet)/index.html", "posts/[id]/index.html", "what's-new/index.html", "a?b/index.html", "a b/index.html", "100%/index.html",
		"IMG_0001.JPG", "Paper.PDF", "no-ending", "assets/a.css", "assets/logo.PNG", "ids/x.html", "gone/x.html", "api/data.json", "search/c#/index.html", "straße/index.html",
	} {
		sitetest.Write(t, s, "content/"+name, page+name)
	}
	sitetest.Write(t, s, "content/error.html", "<!doctype html>"+strings.Repeat("<p>something is wrong</p>", 210))
	v := verify(t, s)
	t.Log(v)
	for _, want := range []string{"stub_status", "$request_id", "$hostname", "fastcgi_pass"} {
		if !strings.Contains(strings.Join(notJudged(v), " "), want) {
			t.Errorf("%s is not named: %s", want, v)
		}
	}
	if len(v.NotJudged) > 5 {
		t.Errorf("too much is not judged: %s", v)
	}
	if !strings.Contains(strings.Join(v.Notes, "\n"), "error answers have no X-Frame-Options") {
		t.Errorf("notes: %q", v.Notes)
	}
	for _, n := range v.NotJudged {
		if n.File != filepath.Join(s.Dir, "nginx.conf") || n.Line == 0 || n.Why == "" {
			t.Errorf("%+v", n)
		}
	}
	s.Settings.Strict = true
	if err := s.Failure(v); fault.Code(err) != int(fault.Failed) || !strings.Contains(err.Error(), "stub_status") {
		t.Errorf("strict: %v", err)
	}
}

// TestVerifyOfABasesFiles verifies a configuration that includes the base's own list of types.
func TestVerifyOfABasesFiles(t *testing.T) {
	s := sitetest.Open(t, "base", sitetest.NoRegistry)
	sitetest.Edit(t, s, "nginx.conf", "include /etc/nginx/kiln.types;", "include /etc/nginx/mime.types;")
	sitetest.Write(t, s, "content/app.js", "let kiln = 1")
	if v := verify(t, s); len(v.NotJudged) > 0 {
		t.Errorf("%s", v)
	}
}

// TestWrongHealthCheck expects that a health check which cannot succeed shows within two
// seconds of the server's first answer, with what was asked and what came.
func TestWrongHealthCheck(t *testing.T) {
	s := sitetest.Open(t, "health", sitetest.NoRegistry)
	sitetest.Write(t, s, "redirects.conf", "/healthz /index.html;\n")
	s = sitetest.Read(t, s)
	image := sitetest.Build(t, s)
	good := s
	good.Settings.Health = "/page.html"
	begin := time.Now()
	running, err := good.Runner().Start(t.Context(), image.ID)
	first := time.Since(begin) // answer, on this machine as busy as it is
	if err != nil {
		t.Fatal(err)
	}
	running.Remove()
	begin = time.Now()
	_, err = s.Verify(t.Context(), image)
	if fault.Code(err) != int(fault.Failed) || !strings.Contains(err.Error(), "GET /healthz (HEALTHCHECK of the Dockerfile): expected 200, got 301 to /index.html") {
		t.Errorf("got %v", err)
	}
	if elapsed := time.Since(begin); elapsed > first+2*time.Second {
		t.Errorf("it took %s, the first answer %s", elapsed, first)
	}
	s.Settings.Health = "/page.html"
	if v, err := s.RunSuite(t.Context(), image.ID, image.Base); err != nil || !strings.Contains(v.String(), "health") && v.Failed > 0 {
		t.Errorf("with a health check of site.toml: %s, %v", v, err)
	}
}
