package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// build is a task in its container.
type build struct {
	exec *Executor
	task Task
	ctr  *engine.Container
	seen *watcher
}

// open creates the container of a task, with everything that it needs, and does not start it.
func (e *Executor) open(ctx context.Context, t Task, until string, ev Events) (b *build, err error) {
	if err := e.createVolumes(ctx, t); err != nil {
		return nil, err
	}
	program, err := e.program(ctx)
	if err != nil {
		return nil, err
	}
	b = &build{exec: e, task: t, seen: newWatcher(t, until, ev)}
	if b.ctr, err = e.Engine.Create(ctx, e.containerSpec(t, until)); err != nil {
		return nil, err
	}
	if err := b.prepare(ctx, program, until); err != nil {
		b.ctr.Remove()
		return nil, err
	}
	return b, nil
}

// prepare puts the program and its job into the container.
func (b *build) prepare(ctx context.Context, program string, until string) error {
	job, err := b.exec.job(ctx, b.ctr, b.task, until, b.seen.events)
	if err != nil {
		return err
	}
	return putProgram(ctx, b.ctr, program, engine.File{Name: inRoot(jobPath), Mode: 0o600, Size: int64(len(job)), Body: bytes.NewReader(job)})
}

// putProgram puts the runner into a container, and further files.
func putProgram(ctx context.Context, ctr *engine.Container, program string, more ...engine.File) error {
	text, err := os.Open(program)
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	defer text.Close()
	info, err := text.Stat()
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	return ctr.Put(ctx, "/", append(more, engine.File{Name: inRoot(programPath), Mode: 0o755, Size: info.Size(), Body: text})...)
}

// The paths of the runner and its job in a container.
const (
	programPath = "/kiln-runner"
	jobPath     = "/kiln-job.json"
)

// inRoot returns an absolute path relative to the root.
func inRoot(name string) string { return strings.TrimPrefix(name, "/") }

// containerSpec returns the container of a task. One that stops before it builds stays, for
// commands beside the runner.
func (e *Executor) containerSpec(t Task, until string) engine.Spec {
	command := []string{programPath, "run"}
	if until != "" {
		command = append(command, "-hold")
	}
	return engine.Spec{
		Image: t.Image.ID, Kind: "build", Name: t.Plan.Folder(), Command: append(command, jobPath), Attached: true,
		Host: t.Host, Offline: t.Plan.Network == "none", Memory: e.Limits.MemoryBytes(), Mounts: t.mounts(),
	}
}

// run runs the container to its end.
func (b *build) run(ctx context.Context) error {
	var complaints strings.Builder
	running, err := b.ctr.Start(ctx, report.EachLine(b.seen.line), &complaints)
	if err != nil {
		return err
	}
	err = running.Wait(ctx)
	b.seen.end()
	return b.verdict(ctx, err, complaints.String())
}

// verdict returns the error of a run whose container has ended: the failure that it reported, or,
// where it was cut off, an environment problem.
func (b *build) verdict(ctx context.Context, err error, complaints string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var exit *engine.ExitError
	switch failed := b.seen.failed; {
	case failed != nil && (failed.Class == int(fault.Terminated) || failed.Class == int(fault.Interrupted)): // not by this run
		err = errors.New("its container was stopped")
	case failed != nil:
		return b.seen.failure()
	case err == nil && b.seen.done != nil:
		return nil
	case errors.As(err, &exit):
		err = fmt.Errorf("its container ended with exit status %d", exit.Code)
	case err == nil:
		err = errors.New("its container ended without a result")
	}
	if text := strings.TrimSpace(complaints); text != "" {
		err = fmt.Errorf("%w\n%s", err, text)
	}
	return fault.New(fault.Environment, "run it again: it goes on where it was cut off", "build kernel %s: %w", b.task.Plan.Folder(), err)
}

// copyOut copies the artefacts and vmlinux to the task's folder.
func (b *build) copyOut(ctx context.Context) error {
	if err := os.MkdirAll(b.task.Into, 0o755); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	p := b.task.Plan
	if err := b.ctr.Get(ctx, path.Join(p.Dir(plan.OutputRole), "vmlinux"), b.task.Into); err != nil {
		b.seen.events.Logf("kernel %s: no vmlinux to compare: %v", p.Folder(), err)
	}
	return b.ctr.Get(ctx, p.Dir(plan.ResultRole)+"/.", b.task.Into)
}
