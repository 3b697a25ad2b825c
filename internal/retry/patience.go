// Package retry sends HTTP requests again when a server asks for it.
package retry

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// The bounds of waiting for a server that asks to be left alone for a while.
const (
	tries = 5
	limit = 2 * time.Minute // a longer wait is told instead of waited for
)

// Transport waits as long as a server asks for by Retry-After (RFC 9110, section
// 10.2.3) with status 429 or 503, and then tries again: five times at most, and
// two minutes at most each time.
type Transport struct {
	Next http.RoundTripper
	Say  func(format string, args ...any) // told of each wait; may be nil
	wait func(context.Context, time.Duration) error
}

// RoundTrip sends the request, again if it is told to wait. A request whose body
// cannot be had again is sent once.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	for try := 1; ; try++ {
		response, err := t.Next.RoundTrip(r)
		if err != nil || try == tries {
			return response, err
		}
		pause, asked := retryAfter(response, time.Now())
		if !asked || pause > limit || (r.Body != nil && r.GetBody == nil) {
			return response, nil
		}
		response.Body.Close()
		if err := t.pause(r, pause); err != nil {
			return nil, err
		}
		if r, err = again(r); err != nil {
			return nil, err
		}
	}
}

func (t *Transport) pause(r *http.Request, d time.Duration) error {
	if t.Say != nil {
		t.Say("%s asks to be left alone for %s; waiting", r.URL.Host, d)
	}
	if t.wait == nil {
		return sleep(r.Context(), d)
	}
	return t.wait(r.Context(), d)
}

// again gives the request with its body opened anew.
func again(r *http.Request) (*http.Request, error) {
	r = r.Clone(r.Context())
	if r.GetBody == nil {
		return r, nil
	}
	body, err := r.GetBody()
	r.Body = body
	return r, err
}

// retryAfter reads how long a server asks to be left alone: seconds or a date.
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

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
