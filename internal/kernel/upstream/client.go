package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/retry"
)

// The limits of a request.
const (
	connectTimeout = 5 * time.Second  // for a connection: a network that is down must not delay a build
	answerTimeout  = 20 * time.Second // until the response's header
	documentLimit  = 16 << 20         // largest size of a list or a signature, in bytes
)

// Client fetches from kernel.org as configured. Use New: the zero value does not work.
type Client struct {
	Config  Config
	HTTP    *http.Client
	Cache   string // folder on this machine for documents, keys and tarballs
	Dir     string // folder that relative paths of the configuration start from
	Console *report.Console
	Now     func() time.Time

	mu   sync.Mutex
	down map[string]error // why a host could not be reached in this run
}

// New returns a client. dir is the folder of kernels.toml, cache one on this machine.
func New(config Config, dir, cache string, console *report.Console) *Client {
	c := &Client{Config: config, Cache: cache, Dir: dir, Console: console, Now: time.Now, down: map[string]error{}}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: connectTimeout}).DialContext
	t.ResponseHeaderTimeout = answerTimeout
	t.Proxy = retry.Proxy
	c.HTTP = &http.Client{Transport: &retry.Transport{Next: t, Logf: console.Logf}, CheckRedirect: c.redirect}
	return c
}

// redirect refuses a redirect to a host that the configuration does not name, and one from
// https to http.
func (c *Client) redirect(to *http.Request, via []*http.Request) error {
	first := via[0].URL
	if to.URL.Host != first.Host && !slices.Contains(c.Config.hosts(), to.URL.Host) {
		return trust.Refuse(trust.Redirected, "if that host is right, add it to [upstream] in kernels.toml",
			"%s redirects to %s", first.Host, to.URL.Host)
	}
	if first.Scheme == "https" && to.URL.Scheme != "https" {
		return trust.Refuse(trust.Redirected, "", "%s redirects from https to %s", first.Host, to.URL.Scheme)
	}
	if len(via) > 5 {
		return errors.New("redirected more than five times")
	}
	return nil
}

// statusError is a response with a status other than 200 or 206.
type statusError struct {
	address string
	code    int
	status  string
}

func (e *statusError) Error() string { return fmt.Sprintf("get %s: %s", e.address, e.status) }

// isStatus reports whether an error is a response with that status code.
func isStatus(err error, code int) bool {
	var e *statusError
	return errors.As(err, &e) && e.code == code
}

// get fetches a small document.
func (c *Client) get(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	response, err := c.request(ctx, address, 0)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, documentLimit))
	if err != nil {
		return nil, fault.WithCause(fault.Network, fmt.Errorf("read %s: interrupted: %w", address, err))
	}
	return text, nil
}

// request requests a document from an offset in bytes. A host that could not be reached
// is not tried again in this run.
func (c *Client) request(ctx context.Context, address string, from int64) (*http.Response, error) {
	host := hostOf(address)
	if err := c.isDown(host); err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fault.Wrap(fault.Usage, err)
	}
	if from > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return nil, c.unreachableError(ctx, host, err)
	}
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusPartialContent {
		response.Body.Close()
		return nil, fault.WithCause(fault.Network, &statusError{address, response.StatusCode, response.Status})
	}
	return response, nil
}

// IsUnreachable reports whether an error means that a host could not be reached.
func IsUnreachable(err error) bool {
	var down *unreachable
	return errors.As(err, &down)
}

// unreachable is the error of a host that did not answer.
type unreachable struct {
	host string
	err  error
}

func (e *unreachable) Error() string { return fmt.Sprintf("reach %s: %v", e.host, e.err) }
func (e *unreachable) Unwrap() error { return e.err }

func (c *Client) isDown(host string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.down[host]
}

// unreachableError wraps the error of a request without a response. A host that refused the
// connection is recorded as down.
func (c *Client) unreachableError(ctx context.Context, host string, err error) error {
	var outer *url.Error // repeats the method and the URL
	if errors.As(err, &outer) {
		err = outer.Err
	}
	if trust.StateOf(err) != "" {
		return err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		err = fmt.Errorf("it closed the connection without an answer (%w)", err)
	}
	err = fault.WithCause(fault.Network, &unreachable{host, err})
	var dial *net.OpError
	if ctx.Err() == nil && errors.As(err, &dial) && dial.Op == "dial" {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.down[host] = err
	}
	return err
}
