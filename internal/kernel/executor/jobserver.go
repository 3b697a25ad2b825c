package executor

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Jobserver is a budget of jobs shared by builds that run at once: a fifo in a volume that
// all their containers mount, from which each make takes a token for every job but its
// first. Source: GNU make 4.4, "POSIX Jobserver".
type Jobserver struct {
	ctr  *engine.Container // keeps the fifo open
	fifo string

	mu   sync.Mutex
	jobs int
}

// jobserverVolume holds the fifos; builds mount it at jobserverDir.
const (
	jobserverVolume = "kiln-jobs"
	jobserverDir    = "/jobs"
)

//go:embed jobserver.py
var jobserverProgram string

// OpenJobserver starts a container that holds the fifo with as many tokens as jobs. The
// image must contain python3. The caller must call Close.
func OpenJobserver(ctx context.Context, e *engine.Client, image string, jobs int) (*Jobserver, error) {
	if err := e.Volumes().Create(ctx, jobserverVolume, "jobs", nil); err != nil {
		return nil, err
	}
	ctr, err := e.Run(ctx, engine.Spec{
		Image: image, Kind: "jobs", Command: []string{"sleep", "infinity"}, Offline: true, Mounts: []engine.Mount{jobserverMount()},
	})
	if err != nil {
		return nil, err
	}
	s := &Jobserver{ctr: ctr, fifo: jobserverDir + "/" + rand.Text(), jobs: jobs}
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		hold := engine.Command{Argv: s.program("hold", strconv.Itoa(jobs)), Stdout: report.EachLine(func(line string) { ready <- line })}
		ended <- ctr.Exec(ctx, hold)
	}()
	select {
	case <-ready:
		return s, nil
	case err := <-ended:
		ctr.Remove()
		return nil, fmt.Errorf("start the jobserver: %w", err)
	}
}

// jobserverMount returns the mount of the fifos' volume.
func jobserverMount() engine.Mount { return engine.Mount{Volume: jobserverVolume, Path: jobserverDir} }

// program returns the command line of jobserver.py with a verb.
func (s *Jobserver) program(verb string, more ...string) []string {
	return append([]string{"python3", "-c", jobserverProgram, verb, s.fifo}, more...)
}

// Acquire waits for a token for the first job of a make, for which make takes none itself.
func (s *Jobserver) Acquire(ctx context.Context) error {
	_, err := s.ctr.Output(ctx, engine.Command{Argv: s.program("acquire")})
	return err
}

// Release returns the token of a make that has ended.
func (s *Jobserver) Release(ctx context.Context) error {
	_, err := s.ctr.Output(ctx, engine.Command{Argv: s.program("release")})
	return err
}

// shrink halves the budget on behalf of a build that holds one token, and returns false
// where only one token is left. The build's own token is the first to go; it waits for the
// others, and for a new one of its own, until jobs of other builds have ended.
func (s *Jobserver) shrink(ctx context.Context) (bool, error) {
	fewer := s.halve()
	for range fewer { // one less for its own token, one more for the new one
		if err := s.Acquire(ctx); err != nil {
			return false, err
		}
	}
	return fewer > 0, nil
}

// halve halves the budget and returns by how many tokens.
func (s *Jobserver) halve() (fewer int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fewer = s.jobs - max(1, s.jobs/2)
	s.jobs -= fewer
	return fewer
}

// flags returns the flags with which make uses the jobserver.
func (s *Jobserver) flags() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("-j%d --jobserver-auth=fifo:%s", s.jobs, s.fifo)
}

// Close removes the fifo and the container.
func (s *Jobserver) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	s.ctr.Output(ctx, engine.Command{Argv: []string{"rm", "-f", s.fifo}})
	s.ctr.Remove()
}

// closeTimeout bounds the cleanup in Close.
const closeTimeout = time.Second
