package suite

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// answerTimeout bounds each request; a static site answers in milliseconds.
const answerTimeout = 10 * time.Second

// bodyLimit bounds the body that is read of an answer, in bytes.
const bodyLimit = 1 << 30

// runner sends requests to one site.
type runner struct {
	client *http.Client
	base   *url.URL
	record *transcript
}

// newClient returns a client that follows no redirect and decompresses nothing.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       answerTimeout,
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: maxParallel},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is a complete response.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request for a path exactly as it is written, dots included. The pairs are
// names and values of headers.
func (r *runner) ask(ctx context.Context, method, path string, pairs ...string) (answer, error) {
	target := *r.base
	plain, err := url.PathUnescape(path)
	if err != nil {
		return answer{}, err
	}
	target.Path, target.RawPath = plain, path
	request, err := http.NewRequestWithContext(ctx, method, target.String(), nil)
	if err != nil {
		return answer{}, err
	}
	request.URL = &target // NewRequest has parsed it; this keeps the spelling
	for i := 0; i+1 < len(pairs); i += 2 {
		request.Header.Set(pairs[i], pairs[i+1])
	}
	response, err := r.client.Do(request)
	if err != nil {
		r.record.add(request, nil, nil)
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit))
	r.record.add(request, response, body)
	return answer{status: response.StatusCode, header: response.Header, body: body}, err
}

// Answers reports whether a URL answers 200 within a second.
func Answers(ctx context.Context, target *url.URL) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return false
	}
	client := newClient()
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// failed is the check of a probe that got no answer.
func failed(name string, err error) []Check {
	return []Check{{Name: name, Expected: "an answer", Got: err.Error()}}
}

// size describes a body by its length and its beginning, for a message.
func size(body []byte) string {
	return fmt.Sprintf("%d bytes %.60q", len(body), body)
}
