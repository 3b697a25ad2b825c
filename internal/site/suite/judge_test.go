package suite

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/site/nginx"
)

// modelFunc is a model that a test writes as a function.
type modelFunc func(nginx.Request) nginx.Prediction

func (f modelFunc) Predict(r nginx.Request) nginx.Prediction { return f(r) }

// judgeWith runs the suite on a site with a different model of it.
func judgeWith(t *testing.T, handler http.Handler, change func(*Expectation)) Report {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	e := fixture()
	change(&e)
	return Run(t.Context(), Address{URL: base}, e, container{server: server, processes: []Process{{UID: "101"}}, status: goodStatus})
}

func failures(r Report) (names []string) {
	for _, c := range r.Checks {
		if !c.Passed {
			names = append(names, c.Name+": expected "+c.Expected+", got "+c.Got)
		}
	}
	return names
}

// TestWhatTheModelDoesNotKnowIsNotJudged has a server do what the model does not know: it
// fails nothing, and every construct is named with its line.
func TestWhatTheModelDoesNotKnowIsNotJudged(t *testing.T) {
	strange := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/deep") {
			w.Write([]byte("a body that is no file of the site"))
			return
		}
		w.Header().Set("X-Id", r.RemoteAddr)
		site{fixture()}.ServeHTTP(w, r)
	})
	report := judgeWith(t, strange, func(e *Expectation) {
		good := e.Model
		e.Model = modelFunc(func(r nginx.Request) nginx.Prediction {
			if strings.HasPrefix(r.Target, "/deep") {
				return nginx.Prediction{Unknown: []nginx.Unknown{{What: "answer", Construct: "js_content", File: "site/nginx.conf", Line: 12, Why: "the model does not know this directive", Headers: 9}}}
			}
			p := good.Predict(r)
			p.Unknown = append(p.Unknown, nginx.Unknown{What: "header X-Id", Construct: "$request_id", File: "site/nginx.conf", Line: 7, Why: "its value differs in every request"})
			return p
		})
	})
	if f := failures(report); len(f) > 0 {
		t.Errorf("failed: %q", f)
	}
	if len(report.NotJudged) != 2 {
		t.Fatalf("not judged: %v", report.NotJudged)
	}
	// Of the file: 11 of GET, 2 with gzip, 1 of HEAD; of the folder: 11 each, with and without its slash.
	if n := report.NotJudged[1].Checks; n != 36 {
		t.Errorf("%d checks are left out because of js_content", n)
	}
	for i, want := range []string{"$request_id (site/nginx.conf:7): its value", "js_content (site/nginx.conf:12): the model"} {
		if got := report.NotJudged[i]; !strings.HasPrefix(got.String(), want) || got.Checks < 3 {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestInvariantsNeedNoModel has a model that knows nothing: what holds for every server is
// still checked.
func TestInvariantsNeedNoModel(t *testing.T) {
	ignorant := modelFunc(func(nginx.Request) nginx.Prediction {
		return nginx.Prediction{Unknown: []nginx.Unknown{{What: "header Server", Construct: "x", Why: "y"}}}
	})
	report := judgeWith(t, site{fixture()}, func(e *Expectation) { e.Model = ignorant })
	if f := failures(report); len(f) > 0 {
		t.Errorf("failed: %q", f)
	}
	wrong := faulty{body: func(r *http.Request, code int, b []byte) []byte {
		if r.URL.Path == "/index.html" && code == http.StatusOK {
			return append([]byte("X"), b[1:]...)
		}
		return b
	}}
	report = judgeWith(t, wrong.handler(site{fixture()}), func(e *Expectation) { e.Model = ignorant })
	if f := strings.Join(failures(report), "\n"); !strings.Contains(f, "GET /index.html: bytes") {
		t.Errorf("wrong bytes pass: %s", f)
	}
}

// TestConfiguredAnswersAreNoLeaks has the configuration answer paths that are mostly probed
// for secrets.
func TestConfiguredAnswersAreNoLeaks(t *testing.T) {
	status, text := http.StatusOK, "Active connections: none\n"
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet && r.URL.Path == "/nginx_status":
			w.Write([]byte(text))
		case r.Method == http.MethodGet && r.URL.Path == "/index.php":
			http.Redirect(w, r, "https://example.org/new", http.StatusMovedPermanently)
		case r.Method == http.MethodOptions:
			w.WriteHeader(http.StatusNoContent)
		default:
			site{fixture()}.ServeHTTP(w, r)
		}
	})
	change := func(e *Expectation) {
		good := e.Model
		e.Model = modelFunc(func(r nginx.Request) nginx.Prediction {
			switch {
			case r.Method == http.MethodGet && r.Target == "/nginx_status":
				return nginx.Prediction{Status: status, Text: &text}
			case r.Method == http.MethodGet && r.Target == "/index.php":
				return nginx.Prediction{Status: http.StatusMovedPermanently, Headers: map[string][]string{"Location": {"https://example.org/new"}}}
			case r.Method == http.MethodOptions:
				return nginx.Prediction{Status: http.StatusNoContent}
			}
			return good.Predict(r)
		})
	}
	if f := failures(judgeWith(t, handler, change)); len(f) > 0 {
		t.Errorf("failed: %q", f)
	}
	other := func(e *Expectation) {
		change(e)
		good, wrong := e.Model, "something else\n"
		e.Model = modelFunc(func(r nginx.Request) nginx.Prediction {
			p := good.Predict(r)
			if r.Target == "/nginx_status" && p.Text == &text {
				p.Text = &wrong
			}
			return p
		})
	}
	if f := failures(judgeWith(t, handler, other)); len(f) != 1 || !strings.HasPrefix(f[0], "not served: /nginx_status: bytes") {
		t.Errorf("a wrong text: %q", f)
	}
}

// TestClosedConnectionIsPredicted compares 444 with what the server does.
func TestClosedConnectionIsPredicted(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/.env" {
			panic(http.ErrAbortHandler)
		}
		site{fixture()}.ServeHTTP(w, r)
	})
	closes := func(paths ...string) func(*Expectation) {
		return func(e *Expectation) {
			good := e.Model
			e.Model = modelFunc(func(r nginx.Request) nginx.Prediction {
				for _, p := range paths {
					if r.Target == p {
						return nginx.Prediction{Closed: true}
					}
				}
				return good.Predict(r)
			})
		}
	}
	if f := failures(judgeWith(t, handler, closes("/.env"))); len(f) > 0 {
		t.Errorf("failed: %q", f)
	}
	if f := failures(judgeWith(t, handler, closes("/.env", "/.git/HEAD"))); len(f) != 1 || !strings.Contains(f[0], "/.git/HEAD: no answer") {
		t.Errorf("an answer instead of a closed connection: %q", f)
	}
}

func TestContract(t *testing.T) {
	report := judgeWith(t, site{fixture()}, func(e *Expectation) {
		e.Contract = []Contract{
			{Path: "/", Headers: map[string]string{"content-security-policy": policy}},
			{Path: "/none", Status: http.StatusNotFound},
			{Path: "/none"},
			{Path: "/style.css", Headers: map[string]string{"X-Own": "1"}},
		}
	})
	if f := failures(report); len(f) != 2 || f[0] != "site.toml: GET /none: status: expected 200, got 404" || f[1] != "site.toml: GET /style.css: X-Own: expected 1, got " {
		t.Errorf("failed: %q", f)
	}
}

// TestManyFilesAreSampled has more files than are asked for in every way: a wrong byte of one
// that is not in the sample is caught all the same, and the sample is noted.
func TestManyFilesAreSampled(t *testing.T) {
	const wrong = "/many/399.txt"
	var e Expectation
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == wrong {
			w.Header().Set("Content-Security-Policy", policy)
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("ETag", `"1"`)
			w.Write([]byte("a wrong body"))
			return
		}
		site{e}.ServeHTTP(w, r)
	})
	report := judgeWith(t, handler, func(fixed *Expectation) {
		for i := range 400 {
			text := fmt.Sprintf("text %d", i)
			fixed.Files = append(fixed.Files, File{
				URL: fmt.Sprintf("/many/%d.txt", i), Path: fmt.Sprintf("/srv/site/many/%d.txt", i), Size: int64(len(text)), SHA256: bodyOf(text).sha256, Open: opener(text),
			})
		}
		e = *fixed
		fixed.Model = model{&e}
	})
	if f := failures(report); len(f) != 1 || !strings.HasPrefix(f[0], "GET "+wrong+": bytes") {
		t.Errorf("failed: %q", f)
	}
	if len(report.Notes) != 1 || !strings.Contains(report.Notes[0], "of 404 files") {
		t.Errorf("notes: %q", report.Notes)
	}
}
