package executor

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
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
}

// jobserverVolume holds the fifos; builds mount it at jobserverDir.
const (
	jobserverVolume = "kiln-jobs"
	jobserverDir    = "/jobs"
)

// OpenJobserver starts a container that holds the fifo with as many tokens as jobs. The caller
// must call Close.
func (e *Executor) OpenJobserver(ctx context.Context, image string, jobs int) (*Jobserver, error) {
	if err := e.Engine.Volumes().Create(ctx, jobserverVolume, "jobs", nil); err != nil {
		return nil, err
	}
	program, err := e.program(ctx)
	if err != nil {
		return nil, err
	}
	fifo := jobserverDir + "/" + rand.Text()
	ctr, err := e.Engine.Create(ctx, engine.Spec{
		Image: image, Kind: "jobs", Command: []string{programPath, "hold", fifo, strconv.Itoa(jobs)}, Offline: true, Attached: true, Mounts: []engine.Mount{jobserverMount()},
	})
	if err != nil {
		return nil, err
	}
	s := &Jobserver{ctr: ctr, fifo: fifo}
	if err := s.start(ctx, program); err != nil {
		ctr.Remove()
		return nil, fmt.Errorf("start the jobserver: %w", err)
	}
	return s, nil
}

// start starts the container and waits until the fifo is there.
func (s *Jobserver) start(ctx context.Context, program string) error {
	if err := putProgram(ctx, s.ctr, program); err != nil {
		return err
	}
	ready, ended := make(chan string, 1), make(chan error, 1)
	complaints := new(strings.Builder)
	running, err := s.ctr.Start(ctx, report.EachLine(func(line string) { ready <- line }), complaints)
	if err != nil {
		return err
	}
	go func() { ended <- running.Wait(ctx) }()
	select {
	case <-ready:
		return nil
	case err := <-ended:
		return fmt.Errorf("%w: %s", err, complaints)
	}
}

// jobserverMount returns the mount of the fifos' volume.
func jobserverMount() engine.Mount { return engine.Mount{Volume: jobserverVolume, Path: jobserverDir} }

// Acquire waits for a token for the first job of a make, for which make takes none itself.
func (s *Jobserver) Acquire(ctx context.Context) error {
	_, err := s.ctr.Output(ctx, engine.Command{Argv: []string{programPath, "acquire", s.fifo}})
	return err
}

// Release returns the token of a make that has ended.
func (s *Jobserver) Release(ctx context.Context) error {
	_, err := s.ctr.Output(ctx, engine.Command{Argv: []string{programPath, "release", s.fifo}})
	return err
}

// Close removes the fifo and the container.
func (s *Jobserver) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	s.ctr.Output(ctx, engine.Command{Argv: []string{"rm", "-f", s.fifo, s.fifo + ".jobs"}})
	s.ctr.Remove()
}

// closeTimeout bounds the cleanup in Close.
const closeTimeout = time.Second
