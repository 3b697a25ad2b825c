// Package suite asks a running site everything that it should answer, and what it
// should not, and compares each answer with what the site's own files say.
//
// The same suite runs on an image that was just built and on the copy of it that
// came back from a registry.
package suite

import (
	"context"
	"net/url"
	"slices"
	"sync"
)

// Expectation is what a site should serve.
type Expectation struct {
	Files    []File
	Folders  []string // paths of folders that have no index
	NotFound File     // the page that comes with 404; its URL is "" where there is none
	Fallback File     // the page that comes with 200 for what is not there, of a single-page site
	Health   string   // path that answers 200
	Moved    []Redirect
	Root     string // folder of the site in the container; "" where that is not known
}

// Redirect is a path that has moved for good.
type Redirect struct{ From, To string }

// File is one file as it should be served.
type File struct {
	URL     string // path, escaped
	Body    []byte
	Gzip    bool // whether there is a ready-made .gz of it
	Type    string
	Headers map[string]string
}

// Target is the container that the site runs in.
type Target interface {
	// Processes lists what runs in it.
	Processes(context.Context) ([]Process, error)
	// CheckHealth runs the image's own health check once.
	CheckHealth(context.Context) error
	// Output runs a program in it and gives what it prints; ErrNoTool where the image
	// does not have it.
	Output(ctx context.Context, argv ...string) (string, error)
	// List gives what lies below a folder of it.
	List(ctx context.Context, folder string) ([]Entry, error)
	// Logs gives what it has printed so far.
	Logs(context.Context) (string, error)
	// Memory gives how much memory it takes, in bytes.
	Memory(context.Context) (int64, error)
	// Stop sends the stop signal, waits for the end and gives the exit code.
	Stop(context.Context) (int, error)
}

// Process is a process of the container.
type Process struct{ UID, Command string }

// Check is one question with its answer.
type Check struct {
	Name     string `json:"name"`
	Passed   bool   `json:"passed"`
	Expected string `json:"expected"`
	Got      string `json:"got"`
}

// atOnce bounds how many requests are under way: the box is as small as in production.
const atOnce = 8

// Report is what came of asking.
type Report struct {
	Checks   []Check    // in an order that does not change
	Failures []Exchange // where a check failed
	Memory   int64      // bytes that the box took when all had been asked; 0 where that is unknown
}

// Run asks everything. The site is stopped at the end, which is a check too.
func Run(ctx context.Context, base *url.URL, e Expectation, target Target) (report Report) {
	r := &runner{client: newClient(), base: base, said: &transcript{}}
	defer r.client.CloseIdleConnections()
	var questions []question
	for _, f := range e.Files {
		questions = append(questions, aboutFile(f)...)
	}
	questions = append(questions, aboutSite(e)...)
	questions = append(questions, aboutBox(e, target)...)
	questions = append(questions, aboutHostility(e)...)
	checks := r.askAll(ctx, questions)
	checks = append(checks, unharmed(ctx, target)...)
	r.client.CloseIdleConnections()
	report.Memory, _ = target.Memory(ctx) // told, and judged by nobody
	report.Checks, report.Failures = append(checks, stopGracefully(ctx, base, target)...), r.said.all()
	return report
}

// question asks the site something and gives one or more checks.
type question func(context.Context, *runner) []Check

func (r *runner) askAll(ctx context.Context, questions []question) []Check {
	answers := make([][]Check, len(questions))
	turn := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, ask := range questions {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			own := *r
			own.said = &transcript{}
			answers[i] = ask(ctx, &own)
			if slices.ContainsFunc(answers[i], func(c Check) bool { return !c.Passed }) {
				r.said.take(own.said)
			}
		})
	}
	all.Wait()
	return slices.Concat(answers...)
}

// equal is a check that something is as it should be.
func equal(name, expected, got string) Check {
	return Check{Name: name, Passed: expected == got, Expected: expected, Got: got}
}
