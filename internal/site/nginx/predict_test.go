package nginx

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// readText reads a configuration whose http block has a text.
func readText(t testing.TB, text string) *Config {
	t.Helper()
	c, err := readLive(t, wrapped(text), 0)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestPredict has single constructs that people's configurations have, with the right answer.
// The differential test holds the same ones against Nginx.
func TestPredict(t *testing.T) {
	site := "server { listen 8080; root /srv/site; absolute_redirect off; "
	for name, c := range map[string]struct {
		config, method, target string
		status                 int
		header, value          string // "" for a header that is absent
	}{
		"add_header without always":      {site + "add_header X-Frame-Options DENY; }", "GET", "/missing", 404, "X-Frame-Options", ""},
		"add_header without always, 200": {site + "add_header X-Frame-Options DENY; }", "GET", "/", 200, "X-Frame-Options", "DENY"},
		"add_header in a location":       {site + "add_header X-A a; location /docs { add_header X-B b; } }", "GET", "/docs/", 200, "X-A", ""},
		"quotes in a value":              {site + `add_header X-Q "say \"hi\""; }`, "GET", "/", 200, "X-Q", `say "hi"`},
		"limit_except":                   {site + "location / { limit_except GET { deny all; } } }", "POST", "/", 403, "Location", ""},
		"default_type":                   {site + "default_type text/html; }", "GET", "/LICENSE", 200, "Content-Type", "text/html"},
		"ending in capitals":             {"types { application/pdf pdf; } " + site + "}", "GET", "/Paper.PDF", 200, "Content-Type", "application/pdf"},
		"charset without types":          {"types { text/plain txt; } charset utf-8; " + site + "}", "GET", "/robots.txt", 200, "Content-Type", "text/plain; charset=utf-8"},
		"charset off":                    {"charset utf-8; " + site + "charset off; }", "GET", "/", 200, "Content-Type", "text/html"},
		"charset of all types":           {"types { image/png png; } charset utf-8; charset_types *; " + site + "}", "GET", "/img/logo.png", 200, "Content-Type", "image/png; charset=utf-8"},
		"folder with parentheses":        {site + "}", "GET", "/Mercury_(planet)", 301, "Location", "/Mercury_(planet)/"},
		"folder with plus":               {site + "}", "GET", "/tags/c%2B%2B", 301, "Location", "/tags/c++/"},
		"folder with a question mark":    {site + "}", "GET", "/a%3Fb", 301, "Location", "/a%3Fb/"},
		"question mark in a rewrite":     {site + "rewrite ^(.*[^/])$ $1/ permanent; }", "GET", "/a%3Fb", 301, "Location", "/a?b/"},
		"group in a rewrite":             {site + "rewrite ^(.*[^/])$ $1/ permanent; }", "GET", "/sp%20ace", 301, "Location", "/sp%20ace/"},
		"try_files with arguments":       {site + "location / { try_files $uri $uri/ /index.html?$args; } }", "GET", "/x?a=1", 200, "Accept-Ranges", "bytes"},
		"try_files with is_args":         {site + "location / { try_files $uri /index.html$is_args$args; } }", "GET", "/x?a=1", 200, "Accept-Ranges", "bytes"},
		"error page with 200":            {site + "error_page 404 =200 /index.html; }", "GET", "/x", 200, "Content-Type", "text/html"},
		"internal error page":            {site + "error_page 404 /404.html; location = /404.html { internal; } }", "GET", "/404.html", 404, "Content-Type", "text/html"},
		"several codes":                  {site + "error_page 400 405 414 /50x.html; }", "POST", "/", 405, "Content-Type", "text/html"},
		"key before expression":          {`map $uri $x { ~. expression; /about.html key; } ` + site + "add_header X-M $x; }", "GET", "/about.html", 200, "X-M", "key"},
		"key without case":               {`map $uri $x { /About.html key; } ` + site + "add_header X-M $x; }", "GET", "/about.html", 200, "X-M", "key"},
		"expression without case":        {`map $uri $x { "~*\.(css|JS)$" asset; } ` + site + "add_header X-M $x; }", "GET", "/app/main.js", 200, "X-M", "asset"},
		"key of the sent type":           {`map $sent_http_content_type $x { text/html page; } charset utf-8; ` + site + "add_header X-M $x; }", "GET", "/", 200, "X-M", "page"},
		"other variable":                 {`map $http_upgrade $x { default upgrade; '' close; } ` + site + "add_header X-M $x; }", "GET", "/", 200, "X-M", "close"},
		"volatile":                       {`map $uri $x { volatile; /about.html a; } ` + site + "add_header X-M $x; }", "GET", "/about.html", 200, "X-M", "a"},
		"moved by an expression":         {`map $uri $x { ~^/old/(.*)$ /new/$1; } ` + site + "if ($x) { return 301 $x; } }", "GET", "/old/a", 301, "Location", "/new/a"},
		"moved elsewhere":                {`map $uri $x { /old-page https://example.org/new; } ` + site + "if ($x) { return 301 $x; } }", "GET", "/old-page", 301, "Location", "https://example.org/new"},
		"favicon":                        {site + "location = /favicon.ico { access_log off; return 404; } }", "GET", "/favicon.ico", 404, "Location", ""},
		"expires":                        {site + "expires 1h; }", "GET", "/", 200, "Cache-Control", "max-age=3600"},
		"referers":                       {site + "valid_referers none ~\\.google\\. server_names; if ($invalid_referer) { return 403; } }", "GET", "/", 200, "Location", ""},
		"referers without none":          {site + "valid_referers blocked www.example.net ~\\.google\\.; if ($invalid_referer) { return 403; } }", "GET", "/", 403, "Location", ""},
		"unused module":                  {site + "brotli_static off; early_hints 1; }", "GET", "/", 200, "Vary", ""},
	} {
		p := readText(t, c.config).Predict(liveTree{}, Request{c.method, "example.org", c.target, nil})
		var want []string
		if c.value != "" {
			want = []string{c.value}
		}
		got, spoken := p.Headers[http.CanonicalHeaderKey(c.header)]
		if p.Status != c.status || !spoken || !slices.Equal(got, want) {
			t.Errorf("%s: got %+v", name, p)
		}
	}
}

// TestUnknown has what the model must not predict.
func TestUnknown(t *testing.T) {
	for config, want := range map[string]Unknown{
		"server { listen 8080; root /srv/site;\n add_header X-Id $request_id; }":                 {"header X-Id", "$request_id", "kiln.conf", 8, "the model does not know this variable", 0},
		"server { listen 8080;\n location / { proxy_pass http://x; } }":                          {"answer", "proxy_pass", "kiln.conf", 8, "the model does not know what it answers", len(always)},
		"server { listen 8080; root /srv/site;\n pagespeed on; }":                                {"answer", "pagespeed", "kiln.conf", 8, "the model does not know this directive", len(always)},
		"server { listen 8080; root /srv/site;\n sub_filter a b; }":                              {"body", "sub_filter", "kiln.conf", 8, "it changes the body", 0},
		"server { listen 8080; root /srv/site;\n gunzip on; }":                                   {"header Vary", "gunzip", "kiln.conf", 8, "it changes the encoding", 0},
		"server { listen 8080; root /srv/site; gzip_vary on;\n gunzip on; }":                     {"header Accept-Ranges", "gunzip", "kiln.conf", 8, "it changes the encoding", 0},
		"geo $x { default 1; }\nserver { listen 8080; root /srv/site; if ($x) { return 403; } }": {"answer", "$x", "kiln.conf", 7, "geo: the model does not know its value", len(always)},
		"server { listen 8080; root /usr/share/nginx/html; }":                                    {"answer", "root", "kiln.conf", 7, "the base image may have files in /usr/share/nginx/html", len(always)},
		"server { listen 8080; root /srv/site;\n location ~ ^/(?|a|b) { } }":                     {"answer", "location ~ ^/(?|a|b)", "kiln.conf", 8, "the model does not know this construct of PCRE", len(always)},
		"server { listen 8080; root /srv/site;\n location / { allow 10.0.0.0/8; deny all; } }":   {"answer", "deny", "kiln.conf", 8, "it depends on the client's address", len(always)},
	} {
		p := readText(t, config).Predict(liveTree{}, Request{"GET", "example.org", "/", nil})
		if !slices.Contains(p.Unknown, want) {
			t.Errorf("%s: got %+v", config, p.Unknown)
		}
	}
}

// TestMissingInclude has included files that may be the base image's.
func TestMissingInclude(t *testing.T) {
	fsys := fstest.MapFS{"etc/nginx/kiln.conf": {Data: []byte(`http { include mime.types; server { listen 80; root /srv/site;
		location /x { include snippets/x.conf; } } }`)}}
	c, err := Read(fsys, "etc/nginx/kiln.conf", strings.Clone)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Predict(liveTree{}, Request{"GET", "x", "/about.html", nil})
	if p.Status != 200 || len(p.Unknown) != 1 || p.Unknown[0].What != "header Content-Type" {
		t.Errorf("mime.types: got %+v", p)
	}
	if p := c.Predict(liveTree{}, Request{"GET", "x", "/x", nil}); len(p.Unknown) != 1 || p.Unknown[0].What != "answer" || p.Unknown[0].Line != 2 {
		t.Errorf("a file of the base: got %+v", p)
	}
}

// TestFaults has half-typed configurations: all faults at once, with file and line.
func TestFaults(t *testing.T) {
	text := "http {\nserver {\nlisten;\ntry_files;\nroot /srv\nindex index.html;\nlocation {\n}\nmap $x {\n}\nunknown_directive on;\n}\n"
	_, err := Read(fstest.MapFS{"etc/nginx/kiln.conf": {Data: []byte(text)}}, "etc/nginx/kiln.conf", func(string) string { return "site/nginx.conf" })
	if fault.Code(err) != int(fault.Usage) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"nginx.conf:3: \"listen\"", "nginx.conf:4: \"try_files\"", "nginx.conf:5: \"root\"", "nginx.conf:7: \"location\"", "nginx.conf:9: \"map\"", `nginx.conf:13: unexpected end of file, expected "}" for the block of line 1`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "unknown_directive") {
		t.Errorf("nginx decides what a directive is:\n%v", err)
	}
}

// TestShippedSite predicts every ordinary answer of the site that Kiln ships.
func TestShippedSite(t *testing.T) {
	fsys := fstest.MapFS{}
	for name, place := range map[string]string{"nginx.conf": "kiln.conf", "mime.types": "kiln.types", "redirects.conf": "kiln.redirects"} {
		text, err := os.ReadFile("../../../site/" + name)
		if err != nil {
			t.Fatal(err)
		}
		fsys["etc/nginx/"+place] = &fstest.MapFile{Data: text}
	}
	c, err := Read(fsys, "etc/nginx/kiln.conf", strings.Clone)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range allRequests() {
		if r.Header["If-None-Match"] != nil || r.Header["Range"] != nil {
			continue // these depend on times and sizes of files
		}
		if p := c.Predict(liveTree{}, r); len(p.Unknown) > 0 {
			t.Errorf("%s %s: %+v", r.Method, r.Target, p.Unknown)
		}
	}
	if port, hint := c.Port(); port != 8080 || hint != "" || c.ServerName() != "localhost" || !slices.Equal(c.HealthPaths(), []string{"/healthz"}) || !slices.Equal(c.Roots(), []string{"/srv/site"}) {
		t.Errorf("port %d %s, name %s, health %v, roots %v", port, hint, c.ServerName(), c.HealthPaths(), c.Roots())
	}
}

// TestPortWithPages: a port that only redirects to HTTPS is not asked, whatever its order.
func TestPortWithPages(t *testing.T) {
	for text, want := range map[string]int{
		"server { listen 80 default_server; return 301 https://$host$request_uri; } server { listen 8080; root /srv/site; }":         8080,
		"server { listen 8081; root /a; } server { listen 80; return 301 /x; } server { listen 8080 default_server; root /b; }":      8080,
		"server { listen 80; return 301 https://$host$request_uri; } server { listen 443 ssl; root /srv/site; }":                     80,
		"server { listen 8081; return 404; } server { listen 8080 default_server; return 404; }":                                     8080,
		"server { listen 443 ssl; root /a; } server { listen [::]:81; root /a; } server { listen unix:/x; } server { listen 9000; }": 9000,
	} {
		c, err := Read(fstest.MapFS{"nginx.conf": {Data: []byte("http {" + text + "}")}}, "nginx.conf", strings.Clone)
		if err != nil {
			t.Fatal(err)
		}
		if port, _ := c.Port(); port != want {
			t.Errorf("%s: port %d, want %d", text, port, want)
		}
	}
}

// TestFacts has what the caller asks of a configuration.
func TestFacts(t *testing.T) {
	c := readText(t, `map $uri $moved { /old /new; /a b; ~x y; "/sp ace" /c; }
server { listen 8080 default_server; server_name _; return 444; }
server { listen 8080; listen 9090; server_name *.example.org; root /srv/site/; error_page 404 =200 /404.html;
	location = /favicon.ico { return 404; }
	location = /up { return 200; }
	if ($moved) { return 301 $moved; } }`)
	if port, hint := c.Port(); port != firstPort || hint == "" {
		t.Errorf("port %d, hint %q", port, hint)
	}
	if c.ServerName() != "example.org" && !strings.HasSuffix(c.ServerName(), ".example.org") {
		t.Errorf("name %s", c.ServerName())
	}
	if !slices.Equal(c.HealthPaths(), []string{"/up"}) {
		t.Errorf("health %v", c.HealthPaths())
	}
	if !slices.Equal(c.Answered(), []string{"/a", "/old", "/sp%20ace", "/favicon.ico", "/up"}) {
		t.Errorf("answered %v", c.Answered())
	}
	if p := c.ErrorPages(); len(p) != 1 || p[0].Answer != 200 || p[0].Page != "/404.html" || p[0].Line != 9 {
		t.Errorf("error pages %+v", p)
	}
}
