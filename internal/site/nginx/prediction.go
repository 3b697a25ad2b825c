// Package nginx reads a configuration of nginx and predicts how a server that has it answers
// a request. What the model does not know for certain it does not predict: it names the
// construct instead.
//
//	nginx.conf -> Config -> Predict(Request) -> Prediction
package nginx

import "net/http"

// Request is a request to the server.
type Request struct {
	Method string
	Host   string      // value of the Host header
	Target string      // path and query, as in the request line
	Header http.Header // further headers; may be nil
}

// Prediction is what is certain about the answer to a request.
type Prediction struct {
	Status    int                 // 0 where it is unknown
	Closed    bool                // the connection is closed without an answer (status 444)
	File      string              // path in the image of the file that is the body; "" where it is none, or unknown
	Text      *string             // the body, where the configuration contains it or nginx generates none; nil where it is unknown
	Generated bool                // the body is a page that nginx makes, of an error or a redirect
	Headers   map[string][]string // by canonical name, values in order; an empty list is a header that the answer does not have
	Present   []string            // canonical names of headers that the answer has once, with values that are not known; sorted
	Unknown   []Unknown           // what could not be predicted; empty where everything is certain
}

// Unknown is a part of an answer that the model does not predict.
type Unknown struct {
	What      string // "answer", "status", "body", or "header " and its canonical name
	Construct string // directive or variable that is the reason, as "js_content"
	File      string // that has it, as its author knows it
	Line      int    // 0 where it is no construct of a file
	Why       string // in a few words, as "the model does not know this variable"
	Headers   int    // how many headers would be predicted otherwise, of What "answer" or "headers"
}

// Kind is what a path of the image is.
type Kind int

// The kinds of path.
const (
	Unlisted Kind = iota // not known: the base image may have it
	Absent
	File
	Folder
)

// Tree is the image's file system, as far as it is known.
type Tree interface {
	// Stat returns what an absolute path is.
	Stat(path string) Kind
}
