//go:build linux

// Command kiln-runner builds a kernel inside the build's container. It imports only the standard
// library and packages of Kiln that do, since it is compiled where Kiln runs.
//
//	kiln-runner run [-hold] JOBFILE   carries out the job: see packages runner and build
//	kiln-runner hold FIFO JOBS        makes a jobserver, prints "ready" and keeps it until it is ended
//	kiln-runner acquire FIFO          waits for a job of that and takes it
//	kiln-runner release FIFO          returns it
//
// With -hold, run stays after a job that succeeded until its standard input ends or SIGTERM ends it:
// so the container stays, for what else is run in it. The exit code is the class of the error.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/jobserver"
)

func main() {
	ctx, end := context.WithCancelCause(context.Background())
	defer end(nil)
	// A reader that has gone is an error of writing, and no signal. The builds' commands still get it:
	// they would inherit that it is ignored.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		if <-signals == syscall.SIGINT {
			end(fault.New(fault.Interrupted, "", "interrupted by SIGINT"))
		} else {
			end(fault.New(fault.Terminated, "", "terminated by SIGTERM"))
		}
	}()
	if err := command(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "kiln-runner:", err)
		os.Exit(fault.Code(err))
	}
}

// command carries out a command line.
func command(ctx context.Context, args []string) error {
	switch verb, n := first(args), len(args); {
	case verb == "run" && n == 2:
		return run(ctx, args[1], false)
	case verb == "run" && n == 3 && args[1] == "-hold":
		return run(ctx, args[2], true)
	case verb == "hold" && n == 3:
		jobs, err := strconv.Atoi(args[2])
		if err != nil || jobs < 1 {
			return fault.New(fault.Usage, "", "jobs %q: expected a number from 1", args[2])
		}
		return jobserver.Fifo(args[1]).Hold(ctx, jobs, func() { fmt.Println("ready") })
	case verb == "acquire" && n == 2:
		return jobserver.Fifo(args[1]).Acquire(ctx)
	case verb == "release" && n == 2:
		return jobserver.Fifo(args[1]).Release()
	}
	return fault.New(fault.Usage, "", "expected run [-hold] JOBFILE, hold FIFO JOBS, acquire FIFO or release FIFO, got %q", args)
}

// first returns the first of some words, or "".
func first(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}
