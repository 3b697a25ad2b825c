package nginx

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzRead reads any text as a configuration, and predicts answers of what can be read.
func FuzzRead(f *testing.F) {
	_, texts := configurations(f)
	for i, text := range texts {
		f.Add(text, "/docs/guide.html?x=1", "example.org", i%2 == 0)
	}
	for seed := range uint64(20) {
		f.Add(randomConfig(seed), "/a%3Fb/../c", "www.example.org:80", true)
	}
	f.Add("http { server { listen 80; include *.conf; include kiln.conf; location ~ (?<a>.) { alias $a; } } }", "/%zz", "[::1]:x", false)
	f.Fuzz(func(t *testing.T, text, target, host string, post bool) {
		c, err := Read(fstest.MapFS{"etc/nginx/kiln.conf": {Data: []byte(text)}, "etc/nginx/mime.types": {Data: []byte("types { text/html html; }")}}, "etc/nginx/kiln.conf", strings.Clone)
		if err != nil {
			return
		}
		c.Port()
		c.ServerName()
		c.HealthPaths()
		c.Answered()
		c.ErrorPages()
		c.Roots()
		c.Hosts()
		c.WithPlaces("nginx: [emerg] pcre2_compile() failed: x in \"" + target + "\" in kiln.conf:1\nnginx: [emerg] unknown \"" + host + "\" variable\ninvalid variable name in kiln.conf:2")
		r := Request{Method: "GET", Host: host, Target: target, Header: http.Header{"Accept-Encoding": {"gzip"}, "Referer": {target}}}
		if post {
			r.Method, r.Header = "POST", nil
		}
		p := c.Predict(liveTree{}, r)
		if p.Status == 0 && !p.Closed && len(p.Unknown) == 0 {
			t.Errorf("nothing is predicted, and nothing is unknown: %+v", p)
		}
	})
}
