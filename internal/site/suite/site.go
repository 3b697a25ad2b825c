package suite

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// siteProbes check the site as a whole.
func siteProbes(e Expectation) []probe {
	probes := []probe{
		func(ctx context.Context, r *runner) []Check { return checkIndex(ctx, r, e) },
		func(ctx context.Context, r *runner) []Check { return checkNotFound(ctx, r, e) },
		func(ctx context.Context, r *runner) []Check { return checkHealth(ctx, r, e) },
		checkNoVersion,
	}
	if len(e.Files) > 0 {
		probes = append(probes, func(ctx context.Context, r *runner) []Check { return checkPipelining(ctx, r, e.Files[0]) })
	}
	for _, f := range e.Files {
		if folder := strings.TrimSuffix(f.URL, "index.html"); folder != f.URL && folder != "/" && strings.HasSuffix(folder, "/") {
			probes = append(probes, func(ctx context.Context, r *runner) []Check { return checkFolder(ctx, r, folder, f) })
		}
	}
	for _, m := range e.Redirects {
		probes = append(probes, func(ctx context.Context, r *runner) []Check { return checkRedirect(ctx, r, m) })
	}
	for _, path := range e.Folders {
		probes = append(probes, notServed("no listing of "+path, path, e.Fallback))
	}
	for _, path := range leakPaths(e) {
		probes = append(probes, notServed("not served: "+path, path, e.Fallback))
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"} {
		probes = append(probes, func(ctx context.Context, r *runner) []Check { return checkRefused(ctx, r, method) })
	}
	return probes
}

// checkIndex expects index.html at the root.
func checkIndex(ctx context.Context, r *runner, e Expectation) []Check {
	a, err := r.ask(ctx, http.MethodGet, "/")
	if err != nil {
		return failed("GET /", err)
	}
	i := slices.IndexFunc(e.Files, func(f File) bool { return f.URL == "/index.html" })
	if i < 0 {
		return []Check{equal("GET /", "an index.html in the site", "none")}
	}
	return []Check{
		equal("GET /: status", "200", strconv.Itoa(a.status)),
		sameBytes("GET /: is index.html", e.Files[i].body(), a.body),
	}
}

// checkFolder expects the index of a folder, and a redirect to it from the path without the
// slash.
func checkFolder(ctx context.Context, r *runner, folder string, index File) []Check {
	name := "GET " + folder
	a, err := r.ask(ctx, http.MethodGet, folder)
	if err != nil {
		return failed(name, err)
	}
	bare, err := r.ask(ctx, http.MethodGet, strings.TrimSuffix(folder, "/"))
	if err != nil {
		return failed(name, err)
	}
	return []Check{
		equal(name+": status", "200", strconv.Itoa(a.status)),
		sameBytes(name+": is its index.html", index.body(), a.body),
		equal(name+": without the slash", "301 to "+folder, strconv.Itoa(bare.status)+" to "+bare.header.Get("Location")),
	}
}

// checkNotFound expects the site's own page, with all its headers, for an unknown path.
func checkNotFound(ctx context.Context, r *runner, e Expectation) []Check {
	const name = "GET of a missing page"
	a, err := r.ask(ctx, http.MethodGet, "/not/here.html")
	if err != nil {
		return failed(name, err)
	}
	if e.Fallback.URL != "" {
		return []Check{
			equal(name+": status", "200", strconv.Itoa(a.status)), sameBytes(name+": the single page", e.Fallback.body(), a.body),
		}
	}
	checks := []Check{equal(name+": status", "404", strconv.Itoa(a.status))}
	if e.NotFound.URL == "" {
		return checks
	}
	checks = append(checks, sameBytes(name+": the site's own page", e.NotFound.body(), a.body))
	return append(checks, sameHeaders(name, e.NotFound.Headers, a)...)
}

// checkRedirect expects the redirect of a moved path.
func checkRedirect(ctx context.Context, r *runner, m Redirect) []Check {
	name := "GET " + m.From
	a, err := r.ask(ctx, http.MethodGet, m.From)
	if err != nil {
		return failed(name, err)
	}
	return []Check{equal(name+": is redirected", "301 to "+m.To, strconv.Itoa(a.status)+" to "+a.header.Get("Location"))}
}

// checkHealth expects the health location to answer 200.
func checkHealth(ctx context.Context, r *runner, e Expectation) []Check {
	a, err := r.ask(ctx, http.MethodGet, e.Health)
	if err != nil {
		return failed("health", err)
	}
	return []Check{equal("health at "+e.Health, "200", strconv.Itoa(a.status))}
}

// checkNoVersion expects a Server header without a digit in it, on errors too.
func checkNoVersion(ctx context.Context, r *runner) (checks []Check) {
	for _, path := range []string{"/", "/not/here.html"} {
		a, err := r.ask(ctx, http.MethodGet, path)
		if err != nil {
			return append(checks, failed("no version revealed", err)...)
		}
		server := a.header.Get("Server")
		checks = append(checks, Check{
			Name: "no version revealed at " + path, Passed: !strings.ContainsAny(server, "0123456789"),
			Expected: "a Server header without a version", Got: server,
		})
	}
	return checks
}

// notServed expects that a path answers 4xx, or the single page of a site that has one. A
// redirect is a failure too.
func notServed(name, path string, fallback File) probe {
	return func(ctx context.Context, r *runner) []Check {
		a, err := r.ask(ctx, http.MethodGet, path)
		if err != nil {
			return failed(name, err)
		}
		refused := a.status >= 400 && a.status < 500
		single := a.status == http.StatusOK && fallback.URL != "" && a.body.sha256 == fallback.SHA256
		return []Check{{Name: name, Passed: refused || single, Expected: "4xx", Got: strconv.Itoa(a.status) + ", " + a.body.String()}}
	}
}

// leakPaths returns paths that must never be served: out of the root in several spellings,
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

// checkRefused expects 405 for a method that does not read.
func checkRefused(ctx context.Context, r *runner, method string) []Check {
	a, err := r.ask(ctx, method, "/")
	if err != nil {
		return failed(method+" /", err)
	}
	return []Check{equal(method+" / is refused", "405", strconv.Itoa(a.status))}
}
