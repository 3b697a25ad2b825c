package suite

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// answerTimeout bounds the wait for the beginning of each answer; a static site answers in
// milliseconds. bodyTimeout bounds the whole answer.
const (
	answerTimeout = 10 * time.Second
	bodyTimeout   = 2 * time.Minute
)

// userAgent is how the suite names itself. It begins as those of browsers do, since lists of unwanted
// clients have those of libraries, as Go-http-client, and none at all.
const userAgent = "Mozilla/5.0 (compatible; Kiln)"

// Dialer opens a connection to an address, as net.Dialer.DialContext does.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Address is how a running site is reached.
type Address struct {
	URL  *url.URL // of its root
	Dial Dialer   // nil for the network of this machine
	Host string   // value of the Host header; "" for the one of the URL
}

func (a Address) dial(ctx context.Context) (net.Conn, error) {
	dial := a.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	return dial(ctx, "tcp", a.URL.Host)
}

// host returns the value of the Host header.
func (a Address) host() string {
	if a.Host != "" {
		return a.Host
	}
	return a.URL.Host
}

// client returns a client that follows no redirect and decompresses nothing.
func (a Address) client() *http.Client {
	return &http.Client{
		Timeout: bodyTimeout,
		Transport: &http.Transport{
			DisableCompression: true, MaxIdleConnsPerHost: maxParallel, ResponseHeaderTimeout: answerTimeout, ReadBufferSize: bufferSize,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return a.dial(ctx) },
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// runner sends requests to one site.
type runner struct {
	findings
	at     Address
	site   *index
	client *http.Client
	record *transcript
	brief  bool // headers that are as predicted make no check

	fetched answer // has the body of the file that is asked for in several ways
}

// answer is a complete response.
type answer struct {
	status  int
	header  http.Header
	body    body // as it came
	decoded body // without its Content-Encoding
	closes  bool // it announces that the connection ends; of a raw exchange
}

// ask sends a request for a path exactly as it is written, dots included. The pairs are
// names and values of headers.
func (r *runner) ask(ctx context.Context, method, target string, pairs ...string) (answer, error) {
	request, err := r.at.request(ctx, method, target)
	if err != nil {
		return answer{}, err
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		request.Header.Set(pairs[i], pairs[i+1])
	}
	response, err := r.client.Do(request)
	if err != nil {
		r.record.add(request, nil, nil)
		return answer{}, err
	}
	defer response.Body.Close()
	a := answer{status: response.StatusCode, header: response.Header}
	a.body, a.decoded, err = r.read(response)
	r.record.add(request, response, a.body.head)
	return a, err
}

// request returns a request whose target is spelled exactly as given.
func (a Address) request(ctx context.Context, method, target string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.URL.String(), nil)
	if err != nil {
		return nil, err
	}
	path, query, asked := strings.Cut(target, "?")
	to := *a.URL
	to.RawQuery, to.ForceQuery = query, asked && query == ""
	if to.Path, err = url.PathUnescape(path); err != nil {
		return nil, err
	}
	to.RawPath = path
	request.URL, request.Host = &to, a.host()
	request.Header.Set("User-Agent", userAgent)
	return request, nil
}

// probeTimeout bounds a request of Ask.
const probeTimeout = time.Second

// Ask requests a path once and describes the answer: its status, and where it redirects to.
// It is an error where nothing answers.
func Ask(ctx context.Context, at Address, path string) (status int, text string, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	client := at.client()
	defer client.CloseIdleConnections()
	request, err := at.request(ctx, http.MethodGet, path)
	if err != nil {
		return 0, "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	response.Body.Close()
	text = strconv.Itoa(response.StatusCode)
	if to := response.Header.Get("Location"); to != "" {
		text += " to " + to
	}
	return response.StatusCode, text, nil
}
