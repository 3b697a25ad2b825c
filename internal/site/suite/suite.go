// Package suite requests from a running site everything that it should serve, and what it
// should not, and compares each answer with the site's own files.
//
// The same suite runs on an image that was just built and on the copy of it that was pulled
// back from a registry.
package suite

import (
	"context"
	"io"
	"slices"
	"sync"
)

// Expectation is what a site should serve.
type Expectation struct {
	Files     []File
	Folders   []string // paths of folders that have no index
	NotFound  File     // the page for 404; its URL is "" where there is none
	Fallback  File     // the page that answers 200 for unknown paths, of a single-page site
	Health    string   // path that answers 200
	Redirects []Redirect
	Root      string // folder of the site in the container; "" where it is not known
}

// Redirect is a path that has moved permanently.
type Redirect struct{ From, To string }

// File is one file as it should be served.
type File struct {
	URL     string // path, escaped
	Size    int64
	SHA256  string                        // hex
	Open    func() (io.ReadCloser, error) // reads it again; best an io.Seeker as well
	Gzip    bool                          // whether there is a .gz copy of it
	Type    string
	Headers map[string]string
}

// Target is the container that the site runs in.
type Target interface {
	// Processes lists its processes.
	Processes(context.Context) ([]Process, error)
	// CheckHealth runs the image's own health check once.
	CheckHealth(context.Context) error
	// Output runs a program in it and returns what it prints; ErrNoTool where the image
	// does not have it.
	Output(ctx context.Context, argv ...string) (string, error)
	// List returns the entries below a folder of it.
	List(ctx context.Context, folder string) ([]Entry, error)
	// Logs returns what it has printed so far.
	Logs(context.Context) (string, error)
	// Memory returns the memory that it uses, in bytes.
	Memory(context.Context) (int64, error)
	// Stop sends the stop signal, waits for the exit and returns the exit code.
	Stop(context.Context) (int, error)
}

// Process is a process of the container.
type Process struct{ UID, Command string }

// Check is one expectation with what the site answered.
type Check struct {
	Name     string `json:"name"`
	Passed   bool   `json:"passed"`
	Expected string `json:"expected"`
	Got      string `json:"got"`
}

// maxParallel bounds the requests at a time: the container is as small as in production.
const maxParallel = 8

// Report is the result of the suite.
type Report struct {
	Checks   []Check    // in a stable order
	Failures []Exchange // of the failed checks
	Memory   int64      // bytes that the container used after all requests; 0 where it is unknown
}

// Run runs all checks. At the end it stops the site, which is a check too.
func Run(ctx context.Context, at Address, e Expectation, target Target) (report Report) {
	r := &runner{at: at, client: at.client(), record: &transcript{}}
	defer r.client.CloseIdleConnections()
	var probes []probe
	for _, f := range e.Files {
		probes = append(probes, fileProbes(f)...)
	}
	probes = append(probes, siteProbes(e)...)
	probes = append(probes, containerProbes(e, target)...)
	probes = append(probes, hostileProbes(e)...)
	checks := r.runAll(ctx, probes)
	checks = append(checks, checkWorkers(ctx, target)...)
	r.client.CloseIdleConnections()
	report.Memory, _ = target.Memory(ctx) // reported, not checked
	report.Checks, report.Failures = append(checks, checkGracefulStop(ctx, at, target)...), r.record.all()
	return report
}

// probe sends requests to the site and returns one or more checks.
type probe func(context.Context, *runner) []Check

func (r *runner) runAll(ctx context.Context, probes []probe) []Check {
	answers := make([][]Check, len(probes))
	turn := make(chan struct{}, maxParallel)
	var all sync.WaitGroup
	for i, ask := range probes {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			own := *r
			own.record = &transcript{}
			answers[i] = ask(ctx, &own)
			if slices.ContainsFunc(answers[i], func(c Check) bool { return !c.Passed }) {
				r.record.merge(own.record)
			}
		})
	}
	all.Wait()
	return slices.Concat(answers...)
}

// equal is a check that a value is as expected.
func equal(name, expected, got string) Check {
	return Check{Name: name, Passed: expected == got, Expected: expected, Got: got}
}
