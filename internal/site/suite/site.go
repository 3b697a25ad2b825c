package suite

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// aboutSite asks what concerns no single file.
func aboutSite(e Expectation) []question {
	questions := []question{
		func(ctx context.Context, r *runner) []Check { return frontPage(ctx, r, e) },
		func(ctx context.Context, r *runner) []Check { return notFound(ctx, r, e) },
		func(ctx context.Context, r *runner) []Check { return health(ctx, r, e) },
		tellsNoVersion,
	}
	if len(e.Files) > 0 {
		questions = append(questions, func(ctx context.Context, r *runner) []Check { return pipelined(ctx, r, e.Files[0]) })
	}
	for _, f := range e.Files {
		if folder := strings.TrimSuffix(f.URL, "index.html"); folder != f.URL && folder != "/" && strings.HasSuffix(folder, "/") {
			questions = append(questions, func(ctx context.Context, r *runner) []Check { return folderPage(ctx, r, folder, f) })
		}
	}
	for _, m := range e.Moved {
		questions = append(questions, func(ctx context.Context, r *runner) []Check { return moved(ctx, r, m) })
	}
	for _, path := range e.Folders {
		questions = append(questions, hidden("no listing of "+path, path, e.Fallback))
	}
	for _, path := range leaks(e) {
		questions = append(questions, hidden("not served: "+path, path, e.Fallback))
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"} {
		questions = append(questions, func(ctx context.Context, r *runner) []Check { return refused(ctx, r, method) })
	}
	return questions
}

// frontPage wants the index at the root.
func frontPage(ctx context.Context, r *runner, e Expectation) []Check {
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
		sameBytes("GET /: is index.html", e.Files[i].Body, a.body),
	}
}

// folderPage wants the index of a folder, and to be led to it where the slash is missing.
func folderPage(ctx context.Context, r *runner, folder string, index File) []Check {
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
		sameBytes(name+": is its index.html", index.Body, a.body),
		equal(name+": without the slash", "301 to "+folder, strconv.Itoa(bare.status)+" to "+bare.header.Get("Location")),
	}
}

// notFound wants the site's own page, with all its headers, for what is not there.
func notFound(ctx context.Context, r *runner, e Expectation) []Check {
	const name = "GET of a page that is not there"
	a, err := r.ask(ctx, http.MethodGet, "/not/here.html")
	if err != nil {
		return failed(name, err)
	}
	if e.Fallback.URL != "" {
		return []Check{
			equal(name+": status", "200", strconv.Itoa(a.status)), sameBytes(name+": the single page", e.Fallback.Body, a.body),
		}
	}
	checks := []Check{equal(name+": status", "404", strconv.Itoa(a.status))}
	if e.NotFound.URL == "" {
		return checks
	}
	checks = append(checks, sameBytes(name+": the site's own page", e.NotFound.Body, a.body))
	return append(checks, sameHeaders(name, e.NotFound.Headers, a)...)
}

// moved wants to be led to where a path has moved.
func moved(ctx context.Context, r *runner, m Redirect) []Check {
	name := "GET " + m.From
	a, err := r.ask(ctx, http.MethodGet, m.From)
	if err != nil {
		return failed(name, err)
	}
	return []Check{equal(name+": has moved", "301 to "+m.To, strconv.Itoa(a.status)+" to "+a.header.Get("Location"))}
}

// health wants the health location to answer.
func health(ctx context.Context, r *runner, e Expectation) []Check {
	a, err := r.ask(ctx, http.MethodGet, e.Health)
	if err != nil {
		return failed("health", err)
	}
	return []Check{equal("health at "+e.Health, "200", strconv.Itoa(a.status))}
}

// tellsNoVersion wants a Server header without a digit in it, on errors too.
func tellsNoVersion(ctx context.Context, r *runner) (checks []Check) {
	for _, path := range []string{"/", "/not/here.html"} {
		a, err := r.ask(ctx, http.MethodGet, path)
		if err != nil {
			return append(checks, failed("no version told", err)...)
		}
		server := a.header.Get("Server")
		checks = append(checks, Check{
			Name: "no version told at " + path, Passed: !strings.ContainsAny(server, "0123456789"),
			Expected: "a Server header without a version", Got: server,
		})
	}
	return checks
}

// hidden wants that a path is not served, but for the single page of a site that has one.
// A name that leads elsewhere is no answer either.
func hidden(name, path string, fallback File) question {
	return func(ctx context.Context, r *runner) []Check {
		a, err := r.ask(ctx, http.MethodGet, path)
		if err != nil {
			return failed(name, err)
		}
		return []Check{{Name: name, Passed: a.status >= 400 && a.status < 500 || a.status == http.StatusOK && fallback.URL != "" && bytes.Equal(a.body, fallback.Body), Expected: "4xx", Got: strconv.Itoa(a.status) + ", " + size(a.body)}}
	}
}

// leaks gives paths of what should never be served: ways out of the root in several
// spellings, what editors and version control leave, the server's own files, and
// the ready-made .gz of each file. A path that is a file of the site is none.
func leaks(e Expectation) []string {
	paths := []string{
		"/../etc/passwd", "/../../../../etc/passwd", "/%2e%2e/etc/passwd", "/%2e%2e%2fetc%2fpasswd", "/..%2f..%2fetc/passwd",
		"/..%5c..%5cetc/passwd", "/%252e%252e/etc/passwd", "/.%2e/.%2e/etc/passwd", "//etc/passwd", "/etc/passwd", "/proc/self/environ",
		"/.git/config", "/.git/HEAD", "/.env", "/.htaccess", "/.DS_Store", "/.well-known/.hidden",
		"/nginx.conf", "/kiln.conf", "/etc/nginx/kiln.conf", "/mime.types", "/Dockerfile", "/.dockerignore",
		"/50x.html", "/index.html~", "/index.html.bak", "/index.html.orig", "/index.php", "/server-status", "/nginx_status",
	}
	for _, f := range e.Files {
		paths = append(paths, f.URL+".gz")
	}
	return slices.DeleteFunc(paths, func(p string) bool {
		return slices.ContainsFunc(e.Files, func(f File) bool { return f.URL == p })
	})
}

// refused wants that a method which is not for reading does nothing.
func refused(ctx context.Context, r *runner, method string) []Check {
	a, err := r.ask(ctx, method, "/")
	if err != nil {
		return failed(method+" /", err)
	}
	return []Check{equal(method+" / is refused", "405", strconv.Itoa(a.status))}
}
