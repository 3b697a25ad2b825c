//go:build linux

// Package jobserver is a budget of jobs that several builds share: a fifo of GNU make 4.4 ("POSIX
// Jobserver" in its manual) in a folder that all their containers see, from which each make takes a
// token for every job but its first. The number of tokens is in a file beside it, so that any of the
// builds can lower it.
package jobserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Fifo is a jobserver, by the path of its fifo.
type Fifo string

// stale is the age of fifos that were left by runs that were killed.
const stale = 2 * 24 * time.Hour

// Hold creates the fifo with as many tokens as jobs, calls ready, and keeps it open until ctx
// ends: a fifo loses its content when no process has it open.
func (f Fifo) Hold(ctx context.Context, jobs int, ready func()) error {
	f.removeStale()
	if err := os.WriteFile(f.budget(), []byte(strconv.Itoa(jobs)), 0o644); err != nil { // only runners write it, as root
		return err
	}
	defer os.Remove(f.budget())
	if err := syscall.Mkfifo(string(f), 0o666); err != nil {
		return fmt.Errorf("create %s: %w", f, err)
	}
	defer os.Remove(string(f))
	if err := os.Chmod(string(f), 0o666); err != nil { // make runs as a different user
		return err
	}
	held, err := os.OpenFile(string(f), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer held.Close()
	if _, err := held.WriteString(strings.Repeat("+", jobs)); err != nil {
		return err
	}
	ready()
	<-ctx.Done()
	return nil
}

// removeStale removes fifos that nobody holds any more.
func (f Fifo) removeStale() {
	found, _ := filepath.Glob(filepath.Join(filepath.Dir(string(f)), "*"))
	for _, name := range found {
		other := Fifo(strings.TrimSuffix(name, Fifo("").budget()))
		info, err := os.Lstat(string(other))
		if errors.Is(err, fs.ErrNotExist) {
			info, err = os.Lstat(name)
		}
		if err == nil && time.Since(info.ModTime()) > stale { // a token that is returned changes the time
			os.Remove(string(other))
			os.Remove(other.budget())
		}
	}
}

// Acquire waits for a token and takes it. The first job of a make needs one, for which make takes
// none itself.
func (f Fifo) Acquire(ctx context.Context) error {
	fifo, err := os.OpenFile(string(f), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("wait for a job: %w", err)
	}
	defer fifo.Close()
	defer context.AfterFunc(ctx, func() { fifo.SetReadDeadline(time.Now()) })()
	if _, err = fifo.Read(make([]byte, 1)); err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Release returns a token.
func (f Fifo) Release() error {
	fifo, err := os.OpenFile(string(f), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("release a job: %w", err)
	}
	_, err = fifo.WriteString("+")
	return errors.Join(err, fifo.Close())
}

// Shrink halves the budget on behalf of a build that holds one token, and returns false
// where only one token is left. The build's own token is the first to go; it waits for the
// others, and for a new one of its own, until jobs of other builds have ended. It does so at most
// for a time, and returns how many are missing: a make that was killed has returned none of its.
func (f Fifo) Shrink(ctx context.Context, wait time.Duration) (halved bool, missing int, err error) {
	fewer, err := f.halve()
	if err != nil {
		return false, 0, fmt.Errorf("halve the jobs: %w", err)
	}
	waiting, end := context.WithTimeout(ctx, wait)
	defer end()
	for n := range fewer { // one less for its own token, one more for the new one
		err := f.Acquire(waiting)
		if err != nil && waiting.Err() != nil && ctx.Err() == nil {
			return true, fewer - n, nil
		}
		if err != nil {
			return false, 0, err
		}
	}
	return fewer > 0, 0, nil
}

// Flags returns the flags with which make uses the jobserver. The fifo limits the jobs; their number
// is for what make runs.
func (f Fifo) Flags(jobs int) string { return fmt.Sprintf("-j%d --jobserver-auth=fifo:%s", jobs, f) }
