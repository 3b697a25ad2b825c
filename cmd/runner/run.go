//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/build"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/cgroup"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/process"
)

// run carries out the job in a file, and with hold stays afterwards. Events go to standard output.
func run(ctx context.Context, file string, hold bool) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	var job runner.Job
	if err := json.Unmarshal(text, &job); err != nil {
		return fault.New(fault.Usage, "", "read job %s: %w", file, err)
	}
	process.AdoptOrphans()
	if err := (build.Builder{Events: os.Stdout, Group: cgroup.Own}).Run(ctx, job); err != nil {
		return fmt.Errorf("build kernel %s: %w", job.Plan.Folder(), err)
	}
	if hold {
		waitForEnd(ctx)
	}
	if job.Until == runner.Opened {
		return build.Close(job)
	}
	return nil
}

// waitForEnd waits until standard input, or ctx, ends.
func waitForEnd(ctx context.Context) {
	closed := make(chan struct{})
	go func() {
		io.Copy(io.Discard, os.Stdin)
		close(closed)
	}()
	select {
	case <-closed:
	case <-ctx.Done():
	}
}
