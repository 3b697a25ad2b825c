package suite

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// Exchange is a request and its answer, as text, with the beginning of the body.
type Exchange string

// transcript records exchanges.
type transcript struct {
	mu   sync.Mutex
	list []Exchange
}

// add records a request and its answer; nil where there was none.
func (t *transcript) add(request *http.Request, response *http.Response, body []byte) {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\nHost: %s\n", request.Method, request.URL.RequestURI(), request.Host)
	request.Header.Write(&text)
	if response == nil {
		text.WriteString("\n(no answer)\n")
	} else {
		fmt.Fprintf(&text, "\n%s %s\n", response.Proto, response.Status)
		response.Header.Write(&text)
		fmt.Fprintf(&text, "\n%s\n", body)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, Exchange(strings.ReplaceAll(text.String(), "\r\n", "\n")))
}

// merge adds the exchanges of a different transcript.
func (t *transcript) merge(other *transcript) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, other.list...)
}

// all returns the exchanges so far.
func (t *transcript) all() []Exchange {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.list
}
