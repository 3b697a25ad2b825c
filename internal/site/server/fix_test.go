package server

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// TestRejectionsHaveAFix has errors of Nginx that do not name what to change.
func TestRejectionsHaveAFix(t *testing.T) {
	for log, want := range map[string]string{
		`[emerg] host not found in upstream "api" in /etc/nginx/kiln.conf:9`:                      "resolver",
		`[emerg] open() "/run/nginx.pid" failed (30: Read-only file system)`:                      "/tmp",
		`[emerg] mkdir() "/var/cache/nginx/client_temp" failed (13: Permission denied)`:           "/tmp",
		`[emerg] chown("/tmp/client_body", 101) failed (1: Operation not permitted)`:              "USER 101:101",
		`[emerg] host not found in "${PORT}" of the "listen" directive in /etc/nginx/kiln.conf:9`: "write the value",
		`[emerg] dlopen() "/usr/lib/nginx/modules/x.so" failed`:                                   "load_module",
		`[emerg] unknown directive "servr_name" in /etc/nginx/kiln.conf:9`:                        "",
	} {
		if got := fixOf(log); got == "" && want != "" || !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q", log, got)
		}
	}
}

// TestMissingProgramOfAHealthCheck knows how shells and the engine report one.
func TestMissingProgramOfAHealthCheck(t *testing.T) {
	for text, want := range map[string]bool{
		"exit status 1: /bin/sh -c 'curl -f http://localhost/ || exit 1'\n/bin/sh: 1: curl: not found":                   true,
		"exit status 127: /bin/sh -c 'curl http://localhost/'\nbash: line 1: curl: command not found":                    true,
		"exit status 127: /bin/sh -c 'curl http://localhost/'\n/bin/sh: curl: not found\n":                               true,
		`exit status 126: wget -q x: OCI runtime exec failed: exec: "wget": executable file not found in $PATH: unknown`: true,
		"exit status 22: curl: (22) The requested URL returned error: 404":                                               false,
		"exit status 1: wget: server returned error: HTTP/1.1 404 Not Found":                                             false,
	} {
		if got := lacking.MatchString(text); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// TestHealthThatIsRefused is told apart from a server that has not started: within two
// seconds, with the Host that was sent.
func TestHealthThatIsRefused(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Host, "site.example") {
			panic(http.ErrAbortHandler) // closes the connection, as 444 does
		}
	}))
	refusing.Config.ErrorLog = nil
	defer refusing.Close()
	base, err := url.Parse(refusing.URL)
	if err != nil {
		t.Fatal(err)
	}
	at := suite.Address{URL: base, Host: "site.example"}
	ask := func(h suite.Health) error {
		s := start{at: at, health: h}
		for begin := time.Now(); time.Since(begin) < 2*time.Second; time.Sleep(50 * time.Millisecond) {
			if ready, err := s.ready(t.Context()); ready || err != nil {
				return err
			}
		}
		return context.DeadlineExceeded
	}
	const named = "HEALTHCHECK of the Dockerfile"
	err = ask(suite.Health{Path: "/up", Host: "127.0.0.1:8080", Origin: named})
	if fault.Code(err) != int(fault.Failed) || !strings.Contains(err.Error(), "got a closed connection for the Host 127.0.0.1:8080") {
		t.Errorf("refused: %v", err)
	}
	if err := ask(suite.Health{Path: "/up", Origin: named}); err != nil {
		t.Errorf("the site's host: %v", err)
	}
	if err := ask(suite.Health{Path: "/up", Host: "127.0.0.1"}); err != nil {
		t.Errorf("a guess: %v", err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	at.URL = &url.URL{Scheme: "http", Host: free.Addr().String()}
	if err := ask(suite.Health{Path: "/up", Origin: named}); err != context.DeadlineExceeded {
		t.Errorf("not started: %v", err)
	}
}
