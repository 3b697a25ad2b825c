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
	Files    []File
	Folders  []string // paths of all folders below the root, escaped, with a slash at the end
	Moved    []string // paths that the configuration moves or answers by itself, escaped
	Model    Model    // predicts the answers
	Health   Health
	Contract []Contract // that site.toml asks for
	Roots    []string   // folders of the image that have the site's files

	StandIn      bool // the base is a stand-in, which may lack programs that the base has
	HidesVersion bool // the configuration has the server hide its version
	IgnoresDates bool // the configuration has the server ignore If-Modified-Since
}

// File is one file as it should be served.
type File struct {
	URL    string // path, escaped; "" where no request is known to reach it
	Path   string // in the image
	Size   int64
	SHA256 string                        // hex
	Open   func() (io.ReadCloser, error) // reads it again; best an io.Seeker as well
	Gzip   bool                          // whether there is a .gz copy of it
	UID    int                           // of the owner that the Dockerfile gives it
	GID    int
}

// Health is the request that answers 200 once the server has started.
type Health struct {
	Path   string
	Host   string // value of the Host header; "" for the site's
	Origin string // who names it, as "HEALTHCHECK of the Dockerfile"; "" for a guess
}

// Contract is an answer that site.toml asks for.
type Contract struct {
	Path    string
	Status  int
	Headers map[string]string
}

// Target is the container that the site runs in.
type Target interface {
	// Processes lists its processes.
	Processes(context.Context) ([]Process, error)
	// CheckHealth runs the image's own health check once; ErrNoHealthCheck where the image
	// has none, ErrNoTool where it lacks the check's program.
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

// maxParallel bounds the requests at a time: the container is as small as in production.
const maxParallel = 8

// Report is the result of the suite.
type Report struct {
	Checks    []Check     // in a stable order
	NotJudged []NotJudged // in a stable order
	Notes     []string    // what a reader should know, and is no failure
	Failures  []Exchange  // of the failed checks
	Memory    int64       // bytes that the container used after all requests; 0 where it is unknown
}

// Run runs all checks. At the end it stops the site, which is a check too.
func Run(ctx context.Context, at Address, e Expectation, target Target) (report Report) {
	r := &runner{at: at, site: newIndex(e), client: at.client(), record: &transcript{}}
	defer r.client.CloseIdleConnections()
	r.runAll(ctx, slices.Concat(fileProbes(r, e), siteProbes(r, e), containerProbes(e, target), hostileProbes(), contractProbes(e)))
	checkWorkers(ctx, r, target)
	r.client.CloseIdleConnections()
	report.Memory, _ = target.Memory(ctx) // reported, not checked
	checkGracefulStop(ctx, r, target)
	report.Checks, report.NotJudged, report.Notes, report.Failures = r.checks, r.notJudged(), slices.Compact(r.notes), r.record.all()
	return report
}

// probe sends requests to the site and adds what it finds to the runner.
type probe func(context.Context, *runner)

// runAll runs probes, several at a time, and adds what they find in the order of the list.
func (r *runner) runAll(ctx context.Context, probes []probe) {
	found := make([]findings, len(probes))
	turn := make(chan struct{}, maxParallel)
	var all sync.WaitGroup
	for i, ask := range probes {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			own := *r
			own.findings, own.record = findings{}, &transcript{}
			ask(ctx, &own)
			if found[i] = own.findings; own.failed() {
				r.record.merge(own.record)
			}
		})
	}
	all.Wait()
	for _, f := range found {
		r.add(f)
	}
}
