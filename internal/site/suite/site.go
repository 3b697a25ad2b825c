package suite

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/site/nginx"
)

// missing is a path that no site has.
const missing = "/not/here.html"

// siteProbes check the site as a whole.
func siteProbes(r *runner, e Expectation) []probe {
	probes := []probe{checkHealth, checkErrorPages, checkNoVersion, checkPipelining}
	for _, path := range append([]string{"/", missing}, sample(r, "paths that the configuration answers", e.Moved)...) {
		probes = append(probes, func(ctx context.Context, r *runner) { checkPath(ctx, r, "GET "+path, path) })
	}
	for _, folder := range sample(r, "folders", e.Folders) {
		for _, path := range []string{folder, strings.TrimSuffix(folder, "/")} {
			probes = append(probes, func(ctx context.Context, r *runner) { checkPath(ctx, r, "GET "+path, path) })
		}
	}
	for _, path := range leakPaths(e) {
		probes = append(probes, func(ctx context.Context, r *runner) { checkPath(ctx, r, "not served: "+path, path) })
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"} {
		probes = append(probes, func(ctx context.Context, r *runner) { checkMethod(ctx, r, method) })
	}
	return probes
}

// sampledPaths is how many of many paths are asked for.
const sampledPaths = 60

// sample returns the whole list, or of a long one elements at equal distances, which it notes.
func sample(r *runner, what string, list []string) []string {
	if len(list) <= sampleLimit {
		return list
	}
	var some []string
	for i := range sampledPaths {
		some = append(some, list[i*len(list)/sampledPaths])
	}
	r.note("%d of %d %s were asked for", len(some), len(list), what)
	return some
}

// checkPath requests a path, and follows the redirects of the site.
func checkPath(ctx context.Context, r *runner, name, path string) {
	if x, ok := r.judge(ctx, name, http.MethodGet, path); ok && x.got.status/100 == 3 {
		r.checkRedirect(ctx, x)
	}
}

// maxRedirects is the number of redirects after which they count as a loop.
const maxRedirects = 5

// checkRedirect follows redirects within the site: they must end.
func (r *runner) checkRedirect(ctx context.Context, x exchange) {
	c := Check{Name: x.name + ": the redirect ends", Passed: true, Expected: fmt.Sprintf("at most %d redirects", maxRedirects)}
	to := r.next(x.got)
	for n := 1; strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//"); n++ {
		a, err := r.ask(ctx, http.MethodGet, to)
		if err != nil {
			c.failIf(true, "%s: %v", to, err)
			break
		}
		c.Got = fmt.Sprintf("%d at %s", a.status, to)
		if c.failIf(n == maxRedirects, "%s", c.Got); a.status/100 != 3 || !c.Passed {
			if a.status >= 400 {
				r.note("%s: redirects to %s, which answers %d", x.name, to, a.status)
			}
			break
		}
		to = r.next(a)
	}
	r.invariant(x, "header Location", c)
}

// next returns what a client requests after a redirect: without the fragment, which it keeps
// for itself (RFC 9110, section 10.2.2).
func (r *runner) next(a answer) string {
	to, _, _ := strings.Cut(a.header.Get("Location"), "#")
	return localPath(to, r.at.host())
}

// checkHealth expects the health location to answer 200.
func checkHealth(ctx context.Context, r *runner) {
	h := r.site.Health
	if h.Origin == "" {
		return // a guess of Kiln's own
	}
	own := *r
	if h.Host != "" {
		own.at.Host = h.Host
	}
	name := "health at " + h.Path
	a, err := own.ask(ctx, http.MethodGet, h.Path)
	if err != nil {
		r.check(noAnswer(name, err))
		return
	}
	r.check(equal(Invariant, name, "200", strconv.Itoa(a.status)))
}

// securityHeaders are those that error answers need as well.
var securityHeaders = []string{
	"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Permissions-Policy",
	"Strict-Transport-Security", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Cross-Origin-Embedder-Policy",
}

// checkErrorPages notes the headers that a page has and an error does not.
func checkErrorPages(_ context.Context, r *runner) {
	page, failing := r.predict(http.MethodGet, "/"), r.predict(http.MethodGet, missing)
	if failing.Status < 400 {
		return
	}
	for _, h := range securityHeaders {
		if values, known := failing.Headers[h]; len(page.Headers[h]) > 0 && known && len(values) == 0 {
			r.note("error answers have no %s: its add_header lacks always", h)
		}
	}
}

// checkNoVersion expects a Server header without a digit in it, on errors too, unless the
// configuration says otherwise: then it is noted.
func checkNoVersion(ctx context.Context, r *runner) {
	for _, path := range []string{"/", missing} {
		x, name := exchange{want: r.predict(http.MethodGet, path)}, "Server reveals no version at "+path
		a, err := r.ask(ctx, http.MethodGet, path)
		if err != nil {
			r.check(noAnswer(name, err))
			continue
		}
		server := a.header.Get("Server")
		c := Check{
			Name: name, Passed: !strings.ContainsAny(server, "0123456789"),
			Expected: "a Server header without a version", Got: server,
		}
		if c.Passed || r.site.HidesVersion {
			r.invariant(x, "header Server", c)
			continue
		}
		r.note("the server reveals its version, %s: server_tokens off hides it", server)
	}
}

// leakPaths returns paths that must not be served: out of the root in several spellings,
// files of editors and of version control, and the server's own files. A path that is a file
// of the site is left out.
func leakPaths(e Expectation) []string {
	paths := []string{
		"/../etc/passwd", "/../../../../etc/passwd", "/%2e%2e/etc/passwd", "/%2e%2e%2fetc%2fpasswd", "/..%2f..%2fetc/passwd",
		"/..%5c..%5cetc/passwd", "/%252e%252e/etc/passwd", "/.%2e/.%2e/etc/passwd", "//etc/passwd", "/etc/passwd", "/proc/self/environ",
		"/.git/config", "/.git/HEAD", "/.env", "/.htaccess", "/.DS_Store", "/.well-known/.hidden",
		"/nginx.conf", "/kiln.conf", "/etc/nginx/kiln.conf", "/mime.types", "/Dockerfile", "/.dockerignore",
		"/50x.html", "/index.html~", "/index.html.bak", "/index.html.orig", "/index.php", "/server-status", "/nginx_status",
	}
	return slices.DeleteFunc(paths, func(p string) bool {
		return slices.ContainsFunc(e.Files, func(f File) bool { return f.URL == p })
	})
}

// checkMethod expects that a method that does not read is refused, or what the configuration
// answers to it.
func checkMethod(ctx context.Context, r *runner, method string) {
	x := exchange{name: method + " /", want: r.predict(method, "/")}
	var err error
	if x.got, err = r.ask(ctx, method, "/"); err != nil && !x.want.Closed {
		r.check(noAnswer(x.name, err))
		return
	}
	if x.want.Status > 0 && x.want.Status < 400 {
		r.check(equal(Predicted, x.name+": status", strconv.Itoa(x.want.Status), strconv.Itoa(x.got.status)))
		return
	}
	refused := x.got.status >= 400 || err != nil
	c := Check{Name: x.name + " is refused", Kind: Predicted, Passed: refused, Expected: "4xx or 5xx", Got: strconv.Itoa(x.got.status)}
	if x.want.Status != 0 || x.want.Closed {
		r.check(c)
		return
	}
	r.invariant(x, "status", c)
	r.unknown = append(r.unknown, gapsOf(x)...)
}

// gapsOf returns what is not known of an answer's status.
func gapsOf(x exchange) (list []gap) {
	for _, u := range x.want.Unknown {
		if u.What == "answer" || u.What == "status" {
			list = append(list, gap{Unknown: nginx.Unknown{What: "status", Construct: u.Construct, File: u.File, Line: u.Line, Why: u.Why}, request: x.name})
		}
	}
	return list
}
