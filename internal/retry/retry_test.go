package retry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// server answers with one response after the other, then with 200, and records the
// bodies that it got.
type server struct {
	answers []answer
	bodies  []string
}

type answer struct {
	status     int
	retryAfter string
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	body := []byte(nil)
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	s.bodies = append(s.bodies, string(body))
	a := answer{status: http.StatusOK}
	if n := len(s.bodies); n <= len(s.answers) {
		a = s.answers[n-1]
	}
	return &http.Response{StatusCode: a.status, Header: http.Header{"Retry-After": {a.retryAfter}}, Body: http.NoBody}, nil
}

func TestRoundTrip(t *testing.T) {
	busy, down := http.StatusTooManyRequests, http.StatusServiceUnavailable
	always := []answer{{busy, "1"}, {busy, "1"}, {busy, "1"}, {busy, "1"}, {busy, "1"}}
	for _, tc := range []struct {
		name     string
		answers  []answer
		once     bool // the body can be read once
		status   int
		attempts int
		waited   time.Duration
	}{
		{"seconds", []answer{{busy, "7"}, {down, "3"}}, false, 200, 3, 10 * time.Second},
		{"a date", []answer{{busy, "Sat, 01 Jan 2000 00:01:00 GMT"}}, false, 200, 2, time.Minute}, // synctest begins at 2000-01-01
		{"a past date", []answer{{busy, "Sat, 01 Jan 1994 00:01:00 GMT"}}, false, 200, 2, 0},
		{"five attempts", always, false, busy, 5, 4 * time.Second},
		{"too long", []answer{{busy, "121"}}, false, busy, 1, 0},
		{"no Retry-After", []answer{{down, ""}}, false, down, 1, 0},
		{"a different status", []answer{{500, "1"}}, false, 500, 1, 0},
		{"a body that is read once", []answer{{busy, "1"}}, true, busy, 1, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, start := &server{answers: tc.answers}, time.Now()
				var body io.Reader = strings.NewReader("body")
				if tc.once {
					body = io.NopCloser(body)
				}
				request, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, "https://example.com", body)
				response, err := (&Transport{Next: s}).RoundTrip(request)
				if err != nil || response.StatusCode != tc.status {
					t.Fatalf("%v, %v; want status %d", response, err, tc.status)
				}
				if waited := time.Since(start); waited != tc.waited || strings.Join(s.bodies, "") != strings.Repeat("body", tc.attempts) {
					t.Errorf("waited %s and sent %q, want %s and %d bodies", waited, s.bodies, tc.waited, tc.attempts)
				}
			})
		})
	}
}

func TestEachWaitIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log string
		transport := &Transport{Next: &server{answers: []answer{{429, "7"}}}, Logf: func(format string, args ...any) { log += fmt.Sprintf(format, args...) }}
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://example.com", nil)
		if _, err := transport.RoundTrip(request); err != nil || log != "rate-limited by example.com; retrying in 7s" {
			t.Errorf("%v, %q", err, log)
		}
	})
}

func TestContextEndsAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		request, _ := http.NewRequestWithContext(ctx, http.MethodGet, "https://example.com", nil)
		if _, err := (&Transport{Next: &server{answers: []answer{{429, "7"}}}}).RoundTrip(request); err != context.DeadlineExceeded {
			t.Errorf("got %v", err)
		}
	})
}
