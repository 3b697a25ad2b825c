package suite

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/site/nginx"
)

const policy = "default-src 'none'"

// fixture returns a small site: a page, a compressed style sheet, a file with a space in its
// name, the page for 404, and a folder without an index.
func fixture() Expectation {
	file := func(url, body string, compressed bool) File {
		name, _ := strings.CutPrefix(strings.ReplaceAll(url, "%20", " "), "/")
		return File{
			URL: url, Path: "/srv/site/" + name, Size: int64(len(body)), SHA256: bodyOf(body).sha256, Open: opener(body), Gzip: compressed,
		}
	}
	e := Expectation{
		Files: []File{
			file("/index.html", "<h1>kiln</h1>", false),
			file("/style.css", strings.Repeat("a{}", 300), true),
			file("/deep/a%20b.txt", "with a space", false),
			file("/404.html", "not here", false),
		},
		Folders: []string{"/deep/"}, Moved: []string{"/old"}, Health: Health{Path: "/healthz", Origin: "site.toml"}, Roots: []string{"/srv/site"}, HidesVersion: true,
	}
	e.Model = model{&e}
	return e
}

var types = map[string]string{".html": "text/html", ".css": "text/css", ".txt": "text/plain"}

// find returns the file that a path leads to; nil if there is none.
func (e Expectation) find(target string) *File {
	if target == "/" {
		target = "/index.html"
	}
	for _, f := range e.Files {
		if f.URL == target {
			return &f
		}
	}
	return nil
}

// model predicts what site answers.
type model struct{ e *Expectation }

func (m model) Predict(r nginx.Request) nginx.Prediction {
	p := nginx.Prediction{Headers: map[string][]string{"Content-Security-Policy": {policy}}}
	f := m.e.find(r.Target)
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		p.Status = http.StatusMethodNotAllowed
		return p
	case r.Target == m.e.Health.Path:
		p.Status, p.Text = http.StatusOK, new(string)
		return p
	case r.Target == "/old":
		p.Status, p.Headers["Location"] = http.StatusMovedPermanently, []string{"/index.html"}
		return p
	case f == nil:
		p.Status, f = http.StatusNotFound, m.e.find("/404.html")
	default:
		p.Status, p.Present = http.StatusOK, []string{"Etag"}
	}
	p.File, p.Headers["Content-Type"] = f.Path, []string{types[path.Ext(f.URL)]}
	if f.Gzip {
		p.Headers["Vary"] = []string{"Accept-Encoding"}
		if p.Headers["Content-Encoding"] = nil; r.Header.Get("Accept-Encoding") == "gzip" {
			p.File, p.Headers["Content-Encoding"] = f.Path+".gz", []string{"gzip"}
		}
	}
	return p
}

// opener returns a File's Open for a text.
func opener(text string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

// text returns the bytes of a file.
func text(f File) []byte {
	r, err := f.Open()
	if err != nil {
		panic(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		panic(err)
	}
	return b
}

// site serves an expectation as Nginx does.
type site struct{ e Expectation }

func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "nginx")
	w.Header().Set("Content-Security-Policy", policy)
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	case r.URL.Path == s.e.Health.Path:
		return
	case r.URL.Path == "/old":
		w.Header().Set("Location", "/index.html")
		w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	if f := s.e.find(r.URL.EscapedPath()); f != nil {
		s.serve(w, r, *f)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusNotFound)
	w.Write(text(*s.e.find("/404.html")))
}

func (s site) serve(w http.ResponseWriter, r *http.Request, f File) {
	w.Header().Set("Content-Type", types[path.Ext(f.URL)])
	w.Header().Set("ETag", strconv.Quote(strconv.Itoa(int(f.Size))))
	body := text(f)
	if f.Gzip {
		w.Header().Set("Vary", "Accept-Encoding")
		if r.Header.Get("Accept-Encoding") == "gzip" {
			var compressed bytes.Buffer
			z := gzip.NewWriter(&compressed)
			z.Write(body)
			z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			body = compressed.Bytes()
		}
	}
	http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(body))
}

// container is a Target around a test's server.
type container struct {
	server    *httptest.Server
	processes []Process
	unhealthy error
	code      int
	drops     bool // requests in flight
	ignores   bool // the stop signal
	status    string
	log       string
	writable  bool
	entry     Entry // added to the site's folder
}

func (c container) List(context.Context, string) ([]Entry, error) {
	list := []Entry{{Name: "deep", Folder: true, Mode: 0o755}, {Name: "index.html", Mode: 0o644}, {Name: "style.css.gz", Mode: 0o644}, {Name: "deep/a b.txt", Mode: 0o644}}
	if c.entry.Name != "" {
		list = append(list, c.entry)
	}
	return list, nil
}

const goodStatus = "Name:\tnginx\nUid:\t101\t101\t101\t101\nGid:\t101\t101\t101\t101\nCapPrm:\t0000000000000000\n" +
	"CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"

func (c container) Memory(context.Context) (int64, error) { return 0, nil }

func (c container) Logs(context.Context) (string, error) { return c.log, nil }

func (c container) Output(_ context.Context, argv ...string) (string, error) {
	switch argv[0] {
	case "cat":
		return c.status, nil
	case "touch":
		if !c.writable {
			return "", errors.New("Read-only file system")
		}
	}
	return "", nil
}

func (c container) Processes(context.Context) ([]Process, error) { return c.processes, nil }

func (c container) CheckHealth(context.Context) error { return c.unhealthy }

func (c container) Stop(context.Context) (int, error) {
	switch {
	case c.ignores:
	case c.drops:
		c.server.Config.Close()
	default:
		c.server.Listener.Close() // accepts no new connections; open ones go on
	}
	return c.code, nil
}

// faulty is a server with one fault.
type faulty struct {
	request func(*http.Request)                     // changes the request
	header  func(*http.Request, http.Header)        // changes the headers
	status  func(*http.Request, int) int            // changes the status
	body    func(*http.Request, int, []byte) []byte // changes the body
	target  func(*container)                        // changes the container
	fails   string                                  // part of the names of all failing checks
}

func (s faulty) handler(good http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.request != nil {
			s.request(r)
		}
		answer := httptest.NewRecorder()
		good.ServeHTTP(answer, r)
		header, code, body := answer.Header(), answer.Code, answer.Body.Bytes()
		if s.status != nil {
			code = s.status(r, code)
		}
		if s.body != nil && r.Method == http.MethodGet {
			body = s.body(r, code, body)
			header.Del("Content-Length")
		}
		if s.header != nil {
			s.header(r, header)
		}
		for k, v := range header {
			w.Header()[k] = v
		}
		w.WriteHeader(code)
		if r.Method != http.MethodHead && code != http.StatusNotModified {
			w.Write(body)
		}
	})
}

// run runs the suite on a server, and returns the names of the failing checks and the
// number of all.
func run(t *testing.T, s faulty) (failing []string, all int) {
	t.Helper()
	server := httptest.NewServer(s.handler(site{fixture()}))
	t.Cleanup(server.Close)
	c := container{server: server, processes: []Process{{UID: "101", Command: "nginx"}}, status: goodStatus}
	if s.target != nil {
		s.target(&c)
	}
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	checks := Run(t.Context(), Address{URL: base}, fixture(), c).Checks
	for _, c := range checks {
		if !c.Passed {
			failing = append(failing, c.Name)
		}
	}
	return failing, len(checks)
}

func TestGoodSitePassesEverything(t *testing.T) {
	failing, all := run(t, faulty{})
	if len(failing) > 0 || all < 100 {
		t.Errorf("%d checks, failing: %q", all, failing)
	}
}

// at changes the headers of one path only.
func at(path string, change func(http.Header)) func(*http.Request, http.Header) {
	return func(r *http.Request, h http.Header) {
		if r.URL.Path == path {
			change(h)
		}
	}
}

func without(name string) func(*http.Request, http.Header) {
	return at("/style.css", func(h http.Header) { h.Del(name) })
}

// TestEachFaultIsCaught shows that the suite can fail: each fault is caught by the checks
// that are meant for it, and by no others.
func TestEachFaultIsCaught(t *testing.T) {
	for name, s := range map[string]faulty{
		"a wrong byte": {fails: "/index.html", body: func(r *http.Request, code int, b []byte) []byte {
			if r.URL.Path == "/index.html" && code == 200 {
				return append([]byte("X"), b[1:]...)
			}
			return b
		}},
		"a wrong type": {fails: "/style.css", header: at("/style.css", func(h http.Header) { h.Set("Content-Type", "text/plain") })},
		"no policy":    {fails: "Content-Security-Policy", header: without("Content-Security-Policy")},
		"policy twice": {fails: "Content-Security-Policy", header: at("/style.css", func(h http.Header) { h.Add("Content-Security-Policy", policy) })},
		"no ETag":      {fails: ": Etag", header: without("ETag")},
		"HEAD without ETag": {fails: "HEAD /style.css: E", header: func(r *http.Request, h http.Header) {
			if r.Method == http.MethodHead && r.URL.Path == "/style.css" {
				h.Del("ETag")
			}
		}},
		"a redirect elsewhere":  {fails: "GET /old: Location", header: at("/old", func(h http.Header) { h.Set("Location", "/404.html") })},
		"a redirect in circles": {fails: "GET /old", header: at("/old", func(h http.Header) { h.Set("Location", "/old") })},
		"no Vary":               {fails: "Vary", header: without("Vary")},
		"version revealed":      {fails: "Server", header: func(_ *http.Request, h http.Header) { h.Set("Server", "nginx/1.30.1") }},
		"no policy on 404":      {fails: "GET /not/here.html: Content-Security-Policy", header: at("/not/here.html", func(h http.Header) { h.Del("Content-Security-Policy") })},
		"conditions ignored":    {fails: "not modified for", request: func(r *http.Request) { r.Header.Del("If-None-Match"); r.Header.Del("If-Modified-Since") }},
		"ranges ignored":        {fails: "ange", request: func(r *http.Request) { r.Header.Del("Range") }},
		"never compressed":      {fails: "for gzip", request: func(r *http.Request) { r.Header.Del("Accept-Encoding") }},
		"always compressed":     {fails: "/style.css", request: func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") }},
		"404 as 200":            {fails: "", status: func(_ *http.Request, code int) int { return map[bool]int{true: 200, false: code}[code == 404] }},
		"a wrong page on 404": {fails: "GET /not/here.html: bytes", body: func(r *http.Request, code int, b []byte) []byte {
			return map[bool][]byte{true: []byte("nginx"), false: b}[code == 404 && r.URL.Path == "/not/here.html"]
		}},
		"a listing": {fails: "GET /deep/: status", status: func(r *http.Request, code int) int {
			return map[bool]int{true: 200, false: code}[r.URL.Path == "/deep/"]
		}},
		"a leak": {fails: "not served: /.git/config", status: func(r *http.Request, code int) int {
			return map[bool]int{true: 200, false: code}[r.URL.Path == "/.git/config"]
		}},
		"a way out": {fails: "not served: /%2e%2e/etc/passwd", status: func(r *http.Request, code int) int {
			return map[bool]int{true: 200, false: code}[r.RequestURI == "/%2e%2e/etc/passwd"]
		}},
		"DELETE allowed": {fails: "DELETE / is refused", status: func(r *http.Request, code int) int {
			return map[bool]int{true: 204, false: code}[r.Method == "DELETE"]
		}},
		"a wrong front page": {fails: "GET /: bytes", body: func(r *http.Request, _ int, b []byte) []byte {
			return map[bool][]byte{true: []byte("Welcome to nginx!"), false: b}[r.URL.Path == "/" && r.Method == "GET" && !r.Close && r.ContentLength == 0]
		}},
		"an injected cookie": {fails: "a line break in the name of a folder", header: func(r *http.Request, h http.Header) {
			if strings.Contains(r.RequestURI, "Set-Cookie") {
				h.Set("Set-Cookie", "injected=yes")
			}
		}},
		"unhealthy": {fails: "health at", status: func(r *http.Request, code int) int {
			return map[bool]int{true: 500, false: code}[r.URL.Path == "/healthz"]
		}},
		"a failing check":             {fails: "the image's health check", target: func(c *container) { c.unhealthy = errors.New("exit status 1") }},
		"a check without its program": {fails: "the image's health check", target: func(c *container) { c.unhealthy = ErrNoTool }},
		"root":                        {fails: "no process runs as root", target: func(c *container) { c.processes = append(c.processes, Process{UID: "0"}) }},
		"root by name":                {fails: "no process runs as root", target: func(c *container) { c.processes = []Process{{UID: "root"}} }},
		"a capability":                {fails: "capabilities: effective", target: func(c *container) { c.status = strings.Replace(goodStatus, "CapEff:\t0", "CapEff:\t1", 1) }},
		"new privileges":              {fails: "new privileges", target: func(c *container) { c.status = strings.Replace(goodStatus, "Privs:\t1", "Privs:\t0", 1) }},
		"no filter":                   {fails: "system calls", target: func(c *container) { c.status = strings.Replace(goodStatus, "Seccomp:\t2", "Seccomp:\t0", 1) }},
		"root's group":                {fails: "group is not root", target: func(c *container) { c.status = strings.Replace(goodStatus, "Gid:\t101\t101", "Gid:\t101\t0", 1) }},
		"writable":                    {fails: "can be written", target: func(c *container) { c.writable = true }},
		"a user's file":               {fails: "files belong to root", target: func(c *container) { c.entry = Entry{Name: "404.html", Mode: 0o644, UID: 1000} }},
		"a writable file":             {fails: "only root can write", target: func(c *container) { c.entry = Entry{Name: "404.html", Mode: 0o664} }},
		"a setuid file":               {fails: "setuid", target: func(c *container) { c.entry = Entry{Name: "404.html", Mode: 0o4755} }},
		"an extra file":               {fails: "no other files", target: func(c *container) { c.entry = Entry{Name: "secret.txt", Mode: 0o644} }},
		"a shell":                     {fails: "is not a shell", target: func(c *container) { c.status = strings.Replace(goodStatus, "nginx", "sh", 1) }},
		"a worker died":               {fails: "worker has died", target: func(c *container) { c.log = "[alert] 1#1: worker process 22 exited on signal 11" }},
		"believes a proxy": {fails: "withstands", body: func(r *http.Request, _ int, b []byte) []byte {
			return map[bool][]byte{true: []byte("root:x:0:0"), false: b}[r.Header.Get("X-Original-URL") != ""]
		}},
		"no process":       {fails: "no process runs as root", target: func(c *container) { c.processes = nil }},
		"killed":           {fails: "exit code", target: func(c *container) { c.code = 137 }},
		"drops requests":   {fails: "in flight", target: func(c *container) { c.drops = true }},
		"ignores the stop": {fails: "new requests", target: func(c *container) { c.ignores = true }},
	} {
		t.Run(name, func(t *testing.T) {
			failing, _ := run(t, s)
			if len(failing) == 0 {
				t.Error("nothing failed")
			}
			if i := slices.IndexFunc(failing, func(n string) bool { return !strings.Contains(n, s.fails) }); i >= 0 {
				t.Errorf("%q fails, although it does not concern the fault", failing[i])
			}
		})
	}
}

func TestDeadServerFails(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	report := Run(t.Context(), Address{URL: base}, fixture(), container{server: server, processes: []Process{{UID: "101"}}})
	if len(report.Failures) == 0 || !strings.Contains(string(report.Failures[0]), "(no answer)") {
		t.Errorf("the exchanges are not recorded: %q", report.Failures)
	}
	for _, c := range report.Checks {
		if c.Passed && !strings.Contains(c.Name, "root") && !strings.Contains(c.Name, "health check") && !strings.Contains(c.Name, "written") && !strings.Contains(c.Name, "site's f") && !strings.Contains(c.Name, "setuid") && c.Name != "no worker has died" {
			t.Errorf("passed: %s", c.Name)
		}
	}
}
