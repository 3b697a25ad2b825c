//go:build linux

package jobserver

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// halve halves the budget and returns by how many tokens.
func (f Fifo) halve() (fewer int, err error) {
	file, err := os.OpenFile(f.budget(), os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer file.Close() // and unlock
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return 0, err
	}
	jobs, err := f.Jobs()
	if err != nil {
		return 0, err
	}
	fewer = jobs - max(1, jobs/2)
	return fewer, writeNumber(file, jobs-fewer)
}

// writeNumber replaces the content of a file, whose new one is not longer, in one write: others
// read it without a lock.
func writeNumber(file *os.File, n int) error {
	text := strconv.Itoa(n)
	if info, err := file.Stat(); err == nil {
		text += strings.Repeat("\n", max(0, int(info.Size())-len(text)))
	}
	_, err := file.WriteAt([]byte(text), 0)
	return err
}

// budget returns the path of the file with the number of tokens.
func (f Fifo) budget() string { return string(f) + ".jobs" }

// Jobs returns the number of tokens. Where the file has no number the error contains what it has.
func (f Fifo) Jobs() (int, error) {
	text, err := os.ReadFile(f.budget())
	if err != nil {
		return 0, err
	}
	jobs, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || jobs < 1 {
		return 0, fmt.Errorf("read %s: %.40q: expected a number from 1", f.budget(), text)
	}
	return jobs, nil
}
