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

// Jobserver is one budget of jobs for builds that run at once: a fifo in a volume
// that all their containers have, out of which each make takes a token for every job
// but its first. Source: GNU make 4.4, "POSIX Jobserver".
type Jobserver struct {
	ctr  *engine.Container // keeps the fifo open
	fifo string

	mu   sync.Mutex
	jobs int
}

// jobserverVolume holds the fifos, jobserverDir is where builds see it.
const (
	jobserverVolume = "kiln-jobs"
	jobserverDir    = "/jobs"
)

//go:embed jobserver.py
var jobserverProgram string

// OpenJobserver starts the container that keeps the tokens. It needs python3 in the
// image.
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

func jobserverMount() engine.Mount { return engine.Mount{Volume: jobserverVolume, Path: jobserverDir} }

func (s *Jobserver) program(verb string, more ...string) []string {
	return append([]string{"python3", "-c", jobserverProgram, verb, s.fifo}, more...)
}

// Acquire waits for a token: the first job of a make, for which make takes none.
func (s *Jobserver) Acquire(ctx context.Context) error {
	_, err := s.ctr.Output(ctx, engine.Command{Argv: s.program("take")})
	return err
}

// Release puts the token of a make that has ended back.
func (s *Jobserver) Release(ctx context.Context) error {
	_, err := s.ctr.Output(ctx, engine.Command{Argv: s.program("give")})
	return err
}

// shrink halves the budget, for a build that holds one token and goes on with one: its own
// is the first that is taken out, and it waits for the others, and for one of what is
// left, until jobs of other builds have ended. It gives false where only one is left.
func (s *Jobserver) shrink(ctx context.Context) (bool, error) {
	fewer := s.halve()
	for range fewer { // one less for its own, one more to go on
		if err := s.Acquire(ctx); err != nil {
			return false, err
		}
	}
	return fewer > 0, nil
}

// halve halves the budget, and gives how many tokens are to be taken out.
func (s *Jobserver) halve() (fewer int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fewer = s.jobs - max(1, s.jobs/2)
	s.jobs -= fewer
	return fewer
}

// flags is what tells a make to ask this jobserver.
func (s *Jobserver) flags() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("-r%d --jobserver-auth=fifo:%s", s.jobs, s.fifo)
}

// Close ends it. The fifo goes with what it is for.
func (s *Jobserver) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	s.ctr.Output(ctx, engine.Command{Argv: []string{"rm", "-f", s.fifo}})
	s.ctr.Remove()
}

// closeTimeout bounds what is done for tidiness.
const closeTimeout = time.Second
