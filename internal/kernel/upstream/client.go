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
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/trust"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/retry"
)

// The bounds of waiting.
const (
	connectTimeout = 5 * time.Second  // for a connection: a network that cannot work is told soon
	answerTimeout  = 20 * time.Second // for the first byte, and for the whole of a small document
	documentLimit  = 16 << 20         // bytes of a list or a signature
)

// Client reaches kernel.org as it is configured. Its zero value is not ready: see New.
type Client struct {
	Config  Config
	HTTP    *http.Client
	Cache   string // folder of this machine for documents, keys and tarballs
	Dir     string // folder that a path of the configuration is taken from
	Console *report.Console
	Now     func() time.Time

	mu   sync.Mutex
	down map[string]error // hosts that this run could not reach, and why
}

// New returns a client. cache is a folder of this machine, dir that of kernels.toml.
func New(config Config, dir, cache string, console *report.Console) *Client {
	c := &Client{Config: config, Cache: cache, Dir: dir, Console: console, Now: time.Now, down: map[string]error{}}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: connectTimeout}).DialContext
	t.ResponseHeaderTimeout = answerTimeout
	c.HTTP = &http.Client{Transport: &retry.Transport{Next: t, Logf: console.Logf}, CheckRedirect: c.redirect}
	return c
}

// redirect refuses to be led to a host that the configuration does not name, and
// out of https.
func (c *Client) redirect(to *http.Request, via []*http.Request) error {
	first := via[0].URL
	if to.URL.Host != first.Host && !slices.Contains(c.Config.hosts(), to.URL.Host) {
		return trust.Refuse(trust.Redirected, "if that host is right, name it under [upstream] in kernels.toml",
			"%s leads to %s", first.Host, to.URL.Host)
	}
	if first.Scheme == "https" && to.URL.Scheme != "https" {
		return trust.Refuse(trust.Redirected, "", "%s leads from https to %s", first.Host, to.URL.Scheme)
	}
	if len(via) > 5 {
		return errors.New("redirected more than five times")
	}
	return nil
}

// statusError is an answer that is not what was asked for.
type statusError struct {
	address string
	code    int
	status  string
}

func (e *statusError) Error() string { return fmt.Sprintf("get %s: %s", e.address, e.status) }

// isStatus reports whether an error is an answer of a code.
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
		return nil, fault.WithCause(fault.Network, fmt.Errorf("read %s: broken off: %w", address, err))
	}
	return text, nil
}

// request asks for a document from an offset on. A host that could not be reached
// is not asked again by this run.
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
		return nil, c.unreached(ctx, host, err)
	}
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusPartialContent {
		response.Body.Close()
		return nil, fault.WithCause(fault.Network, &statusError{address, response.StatusCode, response.Status})
	}
	return response, nil
}

// IsUnreachable reports whether an error is that a host gave no answer, or none of use.
func IsUnreachable(err error) bool {
	var down *unreachable
	return errors.As(err, &down)
}

// unreachable is a host that gave no answer.
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

// unreached makes the error of a host that gave no answer.
func (c *Client) unreached(ctx context.Context, host string, err error) error {
	var outer *url.Error // says the method and the whole address again
	if errors.As(err, &outer) {
		err = outer.Err
	}
	if trust.StateOf(err) != "" {
		return err
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
