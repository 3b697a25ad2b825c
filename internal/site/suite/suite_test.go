package suite

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const policy = "default-src 'none'"

// expectation is a small site: a page, a style sheet that is packed, a file with a
// space in its name, the page for 404, and a folder without an index.
func expectation() Expectation {
	file := func(url, body, kind string, packed bool) File {
		return File{URL: url, Body: []byte(body), Type: kind, Gzip: packed, Headers: map[string]string{"Content-Security-Policy": policy}}
	}
	missing := file("/404.html", "not here", "text/html", false)
	return Expectation{
		Files: []File{
			file("/index.html", "<h1>kiln</h1>", "text/html", false),
			file("/style.css", strings.Repeat("a{}", 300), "text/css", true),
			file("/deep/a%20b.txt", "with a space", "text/plain", false),
			missing,
		},
		Folders: []string{"/deep/"}, NotFound: missing, Health: "/healthz", Root: "/srv/site",
	}
}

// site serves an expectation as Nginx would.
type site struct{ e Expectation }

func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "nginx")
	w.Header().Set("Content-Security-Policy", policy)
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	case r.URL.Path == s.e.Health:
		return
	}
	path := r.URL.EscapedPath()
	if path == "/" {
		path = "/index.html"
	}
	for _, f := range s.e.Files {
		if f.URL == path {
			s.serve(w, r, f)
			return
		}
	}
	w.Header().Set("Content-Type", s.e.NotFound.Type)
	w.WriteHeader(http.StatusNotFound)
	w.Write(s.e.NotFound.Body)
}

func (s site) serve(w http.ResponseWriter, r *http.Request, f File) {
	w.Header().Set("Content-Type", f.Type)
	w.Header().Set("ETag", strconv.Quote(strconv.Itoa(len(f.Body))))
	body := f.Body
	if f.Gzip {
		w.Header().Set("Vary", "Accept-Encoding")
		if r.Header.Get("Accept-Encoding") == "gzip" {
			var packed bytes.Buffer
			z := gzip.NewWriter(&packed)
			z.Write(f.Body)
			z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			body = packed.Bytes()
		}
	}
	http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(body))
}

// box is the container of a test's server.
type box struct {
	server    *httptest.Server
	processes []Process
	sick      error
	code      int
	rude      bool // drops what is in flight
	deaf      bool // goes on serving
	status    string
	log       string
	writable  bool
	entry     Entry // one more in the site's folder
}

func (b box) List(context.Context, string) ([]Entry, error) {
	list := []Entry{{Name: "deep", Folder: true, Mode: 0o755}, {Name: "index.html", Mode: 0o644}, {Name: "style.css.gz", Mode: 0o644}, {Name: "deep/a b.txt", Mode: 0o644}}
	if b.entry.Name != "" {
		list = append(list, b.entry)
	}
	return list, nil
}

const wellStatus = "Name:\tnginx\nUid:\t101\t101\t101\t101\nGid:\t101\t101\t101\t101\nCapPrm:\t0000000000000000\n" +
	"CapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n"

func (b box) Memory(context.Context) (int64, error) { return 0, nil }

func (b box) Logs(context.Context) (string, error) { return b.log, nil }

func (b box) Output(_ context.Context, argv ...string) (string, error) {
	switch argv[0] {
	case "cat":
		return b.status, nil
	case "touch":
		if !b.writable {
			return "", errors.New("Read-only file system")
		}
	}
	return "", nil
}

func (b box) Processes(context.Context) ([]Process, error) { return b.processes, nil }

func (b box) CheckHealth(context.Context) error { return b.sick }

func (b box) Stop(context.Context) (int, error) {
	switch {
	case b.deaf:
	case b.rude:
		b.server.Config.Close()
	default:
		b.server.Listener.Close() // takes no new connections; those that are open go on
	}
	return b.code, nil
}

// spoilt is a server with one thing wrong.
type spoilt struct {
	request func(*http.Request)                     // changes what is asked
	header  func(*http.Request, http.Header)        // changes the headers
	status  func(*http.Request, int) int            // changes the status
	body    func(*http.Request, int, []byte) []byte // changes the body
	target     func(*box)                              // changes the container
	fails   string                                  // what the names of all failing checks contain
}

func (s spoilt) handler(good http.Handler) http.Handler {
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

// ask runs the suite on a server and gives the names of the failing checks.
func ask(t *testing.T, s spoilt) (failing []string, all int) {
	t.Helper()
	server := httptest.NewServer(s.handler(site{expectation()}))
	t.Cleanup(server.Close)
	b := box{server: server, processes: []Process{{UID: "101", Command: "nginx"}}, status: wellStatus}
	if s.target != nil {
		s.target(&b)
	}
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	checks := Run(t.Context(), base, expectation(), b).Checks
	for _, c := range checks {
		if !c.Passed {
			failing = append(failing, c.Name)
		}
	}
	return failing, len(checks)
}

func TestGoodSitePassesEverything(t *testing.T) {
	failing, all := ask(t, spoilt{})
	if len(failing) > 0 || all < 100 {
		t.Errorf("%d checks, failing: %q", all, failing)
	}
}

// at spoils one path only.
func at(path string, spoil func(http.Header)) func(*http.Request, http.Header) {
	return func(r *http.Request, h http.Header) {
		if r.URL.Path == path {
			spoil(h)
		}
	}
}

func without(name string) func(*http.Request, http.Header) {
	return at("/style.css", func(h http.Header) { h.Del(name) })
}

// TestEachFaultIsCaught is the proof that the suite can fail: whatever is spoilt is
// caught, by the checks that are meant for it and by no others.
func TestEachFaultIsCaught(t *testing.T) {
	for name, s := range map[string]spoilt{
		"another byte": {fails: "/index.html", body: func(r *http.Request, code int, b []byte) []byte {
			if r.URL.Path == "/index.html" && code == 200 {
				return append([]byte("X"), b[1:]...)
			}
			return b
		}},
		"another type":       {fails: "/style.css: Content-Type", header: at("/style.css", func(h http.Header) { h.Set("Content-Type", "text/plain") })},
		"no policy":          {fails: "Content-Security-Policy", header: without("Content-Security-Policy")},
		"policy twice":       {fails: "Content-Security-Policy", header: at("/style.css", func(h http.Header) { h.Add("Content-Security-Policy", policy) })},
		"no ETag":            {fails: "/style.css", header: without("ETag")},
		"no Last-Modified":   {fails: "/style.css: ", header: without("Last-Modified")},
		"no Vary":            {fails: "/style.css: Vary", header: without("Vary")},
		"version told":       {fails: "no version told", header: func(_ *http.Request, h http.Header) { h.Set("Server", "nginx/1.30.1") }},
		"no policy on 404":   {fails: "not there: Content-Security-Policy", header: at("/not/here.html", func(h http.Header) { h.Del("Content-Security-Policy") })},
		"conditions ignored": {fails: "unchanged by", request: func(r *http.Request) { r.Header.Del("If-None-Match"); r.Header.Del("If-Modified-Since") }},
		"ranges ignored":     {fails: "ange", request: func(r *http.Request) { r.Header.Del("Range") }},
		"never packed":       {fails: "for gzip", request: func(r *http.Request) { r.Header.Del("Accept-Encoding") }},
		"always packed":      {fails: "/style.css", request: func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") }},
		"404 as 200":         {fails: "", status: func(_ *http.Request, code int) int { return map[bool]int{true: 200, false: code}[code == 404] }},
		"another page on 404": {fails: "the site's own page", body: func(r *http.Request, code int, b []byte) []byte {
			return map[bool][]byte{true: []byte("nginx"), false: b}[code == 404 && r.URL.Path == "/not/here.html"]
		}},
		"a listing": {fails: "no listing of /deep/", status: func(r *http.Request, code int) int {
			return map[bool]int{true: 200, false: code}[r.URL.Path == "/deep/"]
		}},
		"a leak": {fails: "not served: /.git/config", status: func(r *http.Request, code int) int {
			return map[bool]int{true: 200, false: code}[r.URL.Path == "/.git/config"]
		}},
		"a way out": {fails: "not served: /%2e%2e/etc/passwd", status: func(r *http.Request, code int) int {
			return map[bool]int{true: 200, false: code}[r.RequestURI == "/%2e%2e/etc/passwd"]
		}},
		"its .gz served": {fails: "not served: /style.css.gz", status: func(r *http.Request, code int) int {
			return map[bool]int{true: 200, false: code}[r.URL.Path == "/style.css.gz"]
		}},
		"DELETE allowed": {fails: "DELETE / is refused", status: func(r *http.Request, code int) int {
			return map[bool]int{true: 204, false: code}[r.Method == "DELETE"]
		}},
		"another front page": {fails: "GET /: is index.html", body: func(r *http.Request, _ int, b []byte) []byte {
			return map[bool][]byte{true: []byte("Welcome to nginx!"), false: b}[r.URL.Path == "/" && r.Method == "GET" && !r.Close && r.ContentLength == 0]
		}},
		"sick": {fails: "health at", status: func(r *http.Request, code int) int {
			return map[bool]int{true: 500, false: code}[r.URL.Path == "/healthz"]
		}},
		"no check":        {fails: "the image's health check", target: func(b *box) { b.sick = errors.New("no health check") }},
		"root":            {fails: "no process runs as root", target: func(b *box) { b.processes = append(b.processes, Process{UID: "0"}) }},
		"root by name":    {fails: "no process runs as root", target: func(b *box) { b.processes = []Process{{UID: "root"}} }},
		"a capability":    {fails: "capabilities: effective", target: func(b *box) { b.status = strings.Replace(wellStatus, "CapEff:\t0", "CapEff:\t1", 1) }},
		"new privileges":  {fails: "new privileges", target: func(b *box) { b.status = strings.Replace(wellStatus, "Privs:\t1", "Privs:\t0", 1) }},
		"no filter":       {fails: "system calls", target: func(b *box) { b.status = strings.Replace(wellStatus, "Seccomp:\t2", "Seccomp:\t0", 1) }},
		"root's group":    {fails: "group is not root", target: func(b *box) { b.status = strings.Replace(wellStatus, "Gid:\t101\t101", "Gid:\t101\t0", 1) }},
		"writable":        {fails: "can be written", target: func(b *box) { b.writable = true }},
		"another's file":  {fails: "files are root's", target: func(b *box) { b.entry = Entry{Name: "404.html", Mode: 0o644, UID: 1000} }},
		"a writable file": {fails: "nobody else can change", target: func(b *box) { b.entry = Entry{Name: "404.html", Mode: 0o664} }},
		"a setuid file":   {fails: "setuid", target: func(b *box) { b.entry = Entry{Name: "404.html", Mode: 0o4755} }},
		"one file more":   {fails: "nothing else", target: func(b *box) { b.entry = Entry{Name: "secret.txt", Mode: 0o644} }},
		"a shell":         {fails: "is no shell", target: func(b *box) { b.status = strings.Replace(wellStatus, "nginx", "sh", 1) }},
		"a worker died":   {fails: "worker has died", target: func(b *box) { b.log = "[alert] 1#1: worker process 22 exited on signal 11" }},
		"believes a proxy": {fails: "withstands", body: func(r *http.Request, _ int, b []byte) []byte {
			return map[bool][]byte{true: []byte("root:x:0:0"), false: b}[r.Header.Get("X-Original-URL") != ""]
		}},
		"no process":     {fails: "no process runs as root", target: func(b *box) { b.processes = nil }},
		"killed":         {fails: "exit code", target: func(b *box) { b.code = 137 }},
		"drops requests": {fails: "in flight", target: func(b *box) { b.rude = true }},
		"does not stop":  {fails: "new requests", target: func(b *box) { b.deaf = true }},
	} {
		t.Run(name, func(t *testing.T) {
			failing, _ := ask(t, s)
			if len(failing) == 0 {
				t.Error("nothing failed")
			}
			if i := slices.IndexFunc(failing, func(n string) bool { return !strings.Contains(n, s.fails) }); i >= 0 {
				t.Errorf("%q fails, which has nothing to do with it", failing[i])
			}
		})
	}
}

func TestDeadServerIsNoVerdictOfSuccess(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	server.Close()
	report := Run(t.Context(), base, expectation(), box{server: server, processes: []Process{{UID: "101"}}})
	if len(report.Failures) == 0 || !strings.Contains(string(report.Failures[0]), "(no answer)") {
		t.Errorf("what was said is not kept: %q", report.Failures)
	}
	for _, c := range report.Checks {
		if c.Passed && !strings.Contains(c.Name, "root") && !strings.Contains(c.Name, "health check") && !strings.Contains(c.Name, "written") && !strings.Contains(c.Name, "site's f") && !strings.Contains(c.Name, "setuid") && c.Name != "no worker has died" {
			t.Errorf("passed: %s", c.Name)
		}
	}
}
