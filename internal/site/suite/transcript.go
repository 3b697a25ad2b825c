package suite

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// Exchange is a request and its answer, as text, with the beginning of the body.
type Exchange string

// transcript records exchanges. Most are of probes that pass, so that they become text at the
// end.
type transcript struct {
	mu   sync.Mutex
	list []recorded
}

// recorded is a request and its answer; nil where there was none.
type recorded struct {
	request  *http.Request
	response *http.Response
	body     []byte // its beginning
}

// add records a request and its answer; nil where there was none.
func (t *transcript) add(request *http.Request, response *http.Response, body []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, recorded{request, response, body})
}

// text returns the exchange.
func (e recorded) text() Exchange {
	request, response := e.request, e.response
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s HTTP/1.1\nHost: %s\n", request.Method, request.URL.RequestURI(), request.Host)
	request.Header.Write(&text)
	if response == nil {
		text.WriteString("\n(no answer)\n")
	} else {
		fmt.Fprintf(&text, "\n%s %s\n", response.Proto, response.Status)
		response.Header.Write(&text)
		fmt.Fprintf(&text, "\n%s\n", e.body)
	}
	return Exchange(strings.ReplaceAll(text.String(), "\r\n", "\n"))
}

// merge adds the exchanges of a different transcript.
func (t *transcript) merge(other *transcript) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, other.list...)
}

// all returns the exchanges so far.
func (t *transcript) all() (list []Exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.list {
		list = append(list, e.text())
	}
	return list
}
