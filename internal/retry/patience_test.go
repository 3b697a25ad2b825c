package retry

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestRetryAfterIsWaitedFor(t *testing.T) {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls <= 2 {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader([]int{http.StatusTooManyRequests, http.StatusServiceUnavailable}[calls-1])
		}
	}))
	defer server.Close()
	var waited []time.Duration
	p := &Transport{Next: http.DefaultTransport, wait: func(_ context.Context, d time.Duration) error {
		waited = append(waited, d)
		return nil
	}}
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL, strings.NewReader("body"))
	response, err := p.RoundTrip(request)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", response, err)
	}
	response.Body.Close()
	if len(waited) != 2 || waited[0] != 7*time.Second {
		t.Errorf("waited %v", waited)
	}
}
