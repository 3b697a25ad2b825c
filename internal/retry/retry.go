// Package retry repeats HTTP requests when a server asks for it.
//
// hashicorp/go-retryablehttp does not fit under a registry client: its RoundTripper
// reads a body into memory before it sends it (a layer has hundreds of megabytes) and
// ignores Request.GetBody; it sends through an http.Client, which follows redirects out
// of sight of the caller's CheckRedirect; and it closes the last response, with which
// the registry says why it refuses.
package retry

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

const (
	attempts = 5
	longest  = 2 * time.Minute // a response that asks for a longer wait is returned
)

// Transport waits as long as a server asks for with Retry-After (RFC 9110, section
// 10.2.3) and status 429 or 503, then sends the request again: five times at most, with
// two minutes at most before each.
type Transport struct {
	Next http.RoundTripper
	Logf func(format string, args ...any) // logs each wait; may be nil
}

// RoundTrip sends the request, and repeats it where the server asks for it. A request
// whose body cannot be read twice (see http.Request.GetBody) is sent once. The last
// response is returned whatever its status. The context ends a wait with its error.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		response, err := t.Next.RoundTrip(r)
		if err != nil || attempt == attempts {
			return response, err
		}
		wait, asked := retryAfter(response, time.Now())
		if !asked || wait > longest || (r.Body != nil && r.GetBody == nil) {
			return response, nil
		}
		response.Body.Close()
		if t.Logf != nil {
			t.Logf("rate-limited by %s; retrying in %s", r.URL.Host, wait.Round(time.Second))
		}
		if err := sleep(r.Context(), wait); err != nil {
			return nil, err
		}
		if r, err = repeat(r); err != nil {
			return nil, err
		}
	}
}

// repeat returns the request with an unread body.
func repeat(r *http.Request) (*http.Request, error) {
	r = r.Clone(r.Context())
	if r.GetBody == nil {
		return r, nil
	}
	body, err := r.GetBody()
	r.Body = body
	return r, err
}

// retryAfter returns how long a server asks to wait; the header holds seconds or a date.
func retryAfter(r *http.Response, now time.Time) (time.Duration, bool) {
	if r.StatusCode != http.StatusTooManyRequests && r.StatusCode != http.StatusServiceUnavailable {
		return 0, false
	}
	header := r.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(header); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second, true
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(0, date.Sub(now)), true
	}
	return 0, false
}

// sleep waits for d, or until ctx ends, and returns the context's error then.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
