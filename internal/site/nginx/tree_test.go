package nginx

import (
	"net/http"
	"strings"
)

// tree are the files that are served, below /srv/site.
var tree = map[string]string{
	"index.html": "<p>home</p>", "about.html": "<p>about</p>", "about/index.html": "<p>about, a folder</p>", "docs/index.html": "<p>docs</p>",
	"docs/guide.html": "<p>guide</p>", "docs/guide/deep.html": "<p>deep</p>", "contact.html": "<p>contact</p>", "contact.html.gz": "\x1f\x8bcontact",
	"assets/app.js": strings.Repeat("let a = 1;\n", 200), "assets/app-1a2b3c4d5e.js": "let b", "assets/style.css": strings.Repeat("a { b: c }\n", 300),
	"assets/style.css.gz": "\x1f\x8bstyle", "assets/app.js.gz": "\x1f\x8bapp", "assets/index-B3kq9xZ1.css": "i {}", "assets/font.woff2": "wOF2",
	"img/logo.png": "PNG", "img/LOGO.JPG": "JPG", "img/photo.webp": "WEBP", "favicon.ico": "ICO", "robots.txt": "User-agent: *\n", "feed.xml": "<rss/>",
	"data.json": "{}", "LICENSE": "Apache", "Paper.PDF": "%PDF", "sitemap.xml": "<urlset/>", "site.webmanifest": "{}", "doc.md": "# doc", "big.html": strings.Repeat("<p>big</p>\n", 400),
	".htaccess": "deny", ".git/config": "[core]", ".well-known/security.txt": "Contact: x", ".well-known/acme-challenge/token": "token",
	"404.html": "<p>not found</p>", "50x.html": "<p>server error</p>", "403.html": "<p>forbidden</p>", "maintenance.html": "<p>maintenance</p>",
	"tags/c++/index.html": "<p>c++</p>", "tags/c#/index.html": "<p>c#</p>", "Mercury_(planet)/index.html": "<p>Mercury</p>", "posts/[id]/index.html": "<p>id</p>",
	"what's-new/index.html": "<p>new</p>", "a?b/index.html": "<p>a?b</p>", "100%/index.html": "<p>100%</p>", "sp ace/index.html": "<p>space</p>", "sp ace.html": "<p>sp ace</p>",
	"café/index.html": "<p>café</p>", "caf\xe9.html": "<p>latin</p>", "x;y.html": "<p>x;y</p>", "a&b/index.html": "<p>a&b</p>", "empty/file.txt": "file", "two..dots.html": "<p>dots</p>",
	"en/index.html": "<p>en</p>", "en/about.html": "<p>en about</p>", "de/index.html": "<p>de</p>", "app/index.html": "<p>app</p>", "app/main.js": "main",
	"blog/post.html": "<p>post</p>", "blog/index.html": "<p>blog</p>", "blog/2024/01/hello/index.html": "<p>hello</p>", "download/file.pdf": "%PDF-1", "private/index.html": "<p>private</p>",
	"folder.html/index.html": "<p>a folder with an ending</p>", "noext/page": "page", "v1.2/index.html": "<p>v1.2</p>", "index.php": "<?php", "video.mp4": "mp4", "dist/index.html": "<p>dist</p>", "dist/assets/x.js": "x",
}

// targets are what every configuration is asked for by GET.
var targets = strings.Fields(`
	/ /index.html /about /about/ /about.html /about.html/ /about/index.html /docs /docs/ /docs/guide /docs/guide.html /docs/guide/ /docs/missing
	/contact /contact.html /missing /missing/ /missing.html /missing.css /missing.js /missing.php /assets /assets/ /assets/app.js /assets/app-1a2b3c4d5e.js
	/assets/style.css /assets/index-B3kq9xZ1.css /assets/missing.js /assets/font.woff2 /img/logo.png /img/LOGO.JPG /img/logo.PNG /img/photo.webp /favicon.ico /robots.txt
	/feed.xml /data.json /LICENSE /Paper.PDF /sitemap.xml /site.webmanifest /doc.md /big.html /.htaccess /.git/config /.git/ /.git /.well-known/security.txt
	/.well-known/acme-challenge/token /.well-known/none /404.html /50x.html /403.html /maintenance.html /tags/c++ /tags/c++/ /tags/c%2B%2B /tags/c%2b%2b/ /tags/c%23 /tags/c%23/
	/Mercury_(planet) /Mercury_(planet)/ /Mercury_%28planet%29 /posts/[id] /posts/[id]/ /posts/%5Bid%5D /what's-new /what%27s-new/ /a%3Fb /a%3Fb/ /100%25 /100%25/
	/sp%20ace /sp%20ace/ /sp%20ace.html /caf%C3%A9 /caf%C3%A9/ /caf%E9.html /x;y.html /x%3By.html /a&b /a%26b/ /empty /empty/ /two..dots.html
	//about.html /docs//guide.html //docs// /./about.html /docs/../about.html /docs/./ /docs/.. /../x /%2e%2e/x /docs/%2e%2e/about.html /a/b/../../about.html /%zz /a%00b /a%2 /a%
	/%41bout.html /docs%2Fguide.html /about.html?x=1&y=2 /about?utm=1&lang=de /docs?x /docs?a=b%20c /?q=1 /?p=1/2 /missing?x=1 /about.html#x /about?x#y
	/en /en/ /en/about /en/missing /de /de/ /fr/x /api/x /api /app /app/ /app/route/x /app/main.js /blog /blog/ /blog/post /blog/post/ /blog/2024/01/hello /blog/2024/01/hello/
	/download/file.pdf /private /private/ /folder.html /folder.html/ /noext/page /v1.2 /v1.2/ /index.php /INDEX.HTML /video.mp4 /dist/ /dist/assets/x.js /static/style.css /files/robots.txt
	/healthz /health /status /old /old/ /old/x /old/x/y /old-page /old.html /new /user/42 /product/42/name /category.php?id=7 /wp-login.php /index /index/ /about/team /xmlrpc.php
	/search?q=a+b /e%2Ft%2Fc /%2F /%2E%2E%2F /about%2ehtml /about.html%20 /a:b /~user/ /$x /a,b=c /%C3%28 /%FF`)

// also are further requests to every configuration.
var also = []Request{
	{"HEAD", "example.org", "/", nil}, {"HEAD", "example.org", "/missing", nil}, {"HEAD", "example.org", "/docs", nil}, {"HEAD", "example.org", "/assets/style.css", http.Header{"Accept-Encoding": {"gzip"}}},
	{"POST", "example.org", "/", nil}, {"POST", "example.org", "/about.html", nil}, {"POST", "example.org", "/missing", nil}, {"POST", "example.org", "/docs", nil}, {"POST", "example.org", "/api/x", nil},
	{"PUT", "example.org", "/about.html", nil}, {"PUT", "example.org", "/docs/", nil}, {"DELETE", "example.org", "/missing", nil}, {"OPTIONS", "example.org", "/", nil}, {"OPTIONS", "example.org", "/api/x", nil},
	{"PATCH", "example.org", "/docs", nil}, {"TRACE", "example.org", "/", nil}, {"PROPFIND", "example.org", "/", nil},
	{"GET", "www.example.org", "/", nil}, {"GET", "www.example.org", "/about.html?x=1", nil}, {"GET", "other.test", "/", nil}, {"GET", "other.test", "/about.html", nil},
	{"GET", "EXAMPLE.ORG:8080", "/docs", nil}, {"GET", "sub.example.org", "/", nil}, {"GET", "a.b.example.org", "/docs", nil}, {"GET", "example.org.", "/docs", nil}, {"GET", "example..org", "/", nil},
	{"GET", "127.0.0.1:8080", "/", nil}, {"GET", "[::1]:8080", "/docs", nil}, {"GET", "en.example.org", "/", nil}, {"GET", "mail.example.com", "/", nil}, {"GET", "_", "/", nil},
	{"GET", "example.org", "/assets/app.js", http.Header{"Accept-Encoding": {"gzip"}}}, {"GET", "example.org", "/assets/style.css", http.Header{"Accept-Encoding": {"br, gzip;q=0.5"}}},
	{"GET", "example.org", "/assets/style.css", http.Header{"Accept-Encoding": {"gzip;q=0"}}}, {"GET", "example.org", "/contact.html", http.Header{"Accept-Encoding": {"deflate, gzip"}}},
	{"GET", "example.org", "/big.html", http.Header{"Accept-Encoding": {"gzip, deflate, br"}}}, {"GET", "example.org", "/about.html", http.Header{"Accept-Encoding": {"gzip"}}},
	{"GET", "example.org", "/missing", http.Header{"Accept-Encoding": {"gzip"}}}, {"GET", "example.org", "/healthz", http.Header{"Accept-Encoding": {"gzip"}}}, {"GET", "example.org", "/", http.Header{"Accept-Encoding": {"br"}}},
	{"GET", "example.org", "/contact", http.Header{"Accept-Encoding": {"gzip"}}}, {"GET", "example.org", "/docs", http.Header{"Accept-Encoding": {"gzip"}}},
	{"GET", "example.org", "/img/logo.png", http.Header{"Referer": {"https://example.org/x"}}}, {"GET", "example.org", "/img/logo.png", http.Header{"Referer": {"https://evil.test/"}}},
	{"GET", "example.org", "/img/logo.png", http.Header{"Referer": {"weird"}}}, {"GET", "example.org", "/img/photo.webp", http.Header{"Accept": {"image/webp,*/*"}}},
	{"GET", "example.org", "/", http.Header{"User-Agent": {"Googlebot/2.1"}}}, {"GET", "example.org", "/", http.Header{"User-Agent": {"Mozilla/5.0 (iPhone; Mobile)"}}}, {"GET", "example.org", "/", http.Header{"User-Agent": {"curl/8"}, "Accept-Language": {"de-DE,de;q=0.9"}}},
	{"GET", "example.org", "/about.html", http.Header{"X-Forwarded-Proto": {"http"}}}, {"GET", "example.org", "/about.html", http.Header{"X-Forwarded-Proto": {"https"}}}, {"GET", "example.org", "/", http.Header{"Cookie": {"beta=1; lang=de"}}},
	{"GET", "example.org", "/about.html", http.Header{"If-None-Match": {`"x"`}}}, {"GET", "example.org", "/missing", http.Header{"If-None-Match": {"*"}}}, {"GET", "example.org", "/healthz", http.Header{"If-Modified-Since": {"Thu, 01 Jan 1970 00:00:01 GMT"}}},
	{"GET", "example.org", "/about.html", http.Header{"Range": {"bytes=0-1"}}}, {"GET", "example.org", "/missing", http.Header{"Range": {"bytes=0-1"}}}, {"GET", "example.org", "/private/", http.Header{"Authorization": {"Basic dXNlcjpzZWNyZXQ="}}},
	{"GET", "example.org", "/api/x", http.Header{"Origin": {"https://example.org"}}}, {"GET", "example.org", "/assets/font.woff2", http.Header{"Origin": {"https://app.example.org"}}},
}

// allRequests are the requests to every configuration.
func allRequests() (list []Request) {
	for _, t := range targets {
		list = append(list, Request{"GET", "example.org", t, http.Header{"User-Agent": {"test"}}})
	}
	return append(list, also...)
}
