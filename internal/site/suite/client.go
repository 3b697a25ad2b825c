package suite

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// answerTimeout bounds each request; a site of files answers in milliseconds.
const answerTimeout = 10 * time.Second

// bodyLimit bounds what is read of an answer, in bytes.
const bodyLimit = 1 << 30

// runner sends requests to one site.
type runner struct {
	client *http.Client
	base   *url.URL
	said   *transcript
}

// newClient gives a client that shows answers as they are: no redirect is
// followed, nothing is unpacked.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       answerTimeout,
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: atOnce},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is a whole answer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request for a path exactly as it is written, dots and all. The pairs
// are header names and values.
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
		r.said.note(request, nil, nil)
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, bodyLimit))
	r.said.note(request, response, body)
	return answer{status: response.StatusCode, header: response.Header, body: body}, err
}

// Answers tells whether a path of a site answers 200 now.
func Answers(ctx context.Context, target *url.URL) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return false
	}
	response, err := newClient().Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// failed is the check of a question that got no answer.
func failed(name string, err error) []Check {
	return []Check{{Name: name, Expected: "an answer", Got: err.Error()}}
}

// size tells the length of a body and how it begins, for a message.
func size(body []byte) string {
	return fmt.Sprintf("%d bytes %.60q", len(body), body)
}
