//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// childArgument makes this program print childOutput and exit.
const (
	childArgument = "kiln-child"
	childOutput   = "output of the child"
)

// process starts this program as a child and reads its output.
func process() (string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	child, err := os.StartProcess("/init", []string{"/init", childArgument}, &os.ProcAttr{Files: []*os.File{os.Stdin, w, os.Stderr}}) // a closed one would need /dev/null
	w.Close()
	if err != nil {
		return "", err
	}
	output, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	state, err := child.Wait()
	if err != nil {
		return "", err
	}
	if !state.Success() || string(output) != childOutput {
		return string(output), fmt.Errorf("the child ended with %s", state)
	}
	return fmt.Sprintf("process %d", child.Pid), nil
}

// threads lets two threads of the kernel exchange a number.
func threads() (string, error) {
	to, from := make(chan int), make(chan int)
	go func() {
		runtime.LockOSThread()
		from <- syscall.Gettid()
		from <- <-to + 1
	}()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	first, second := syscall.Gettid(), <-from
	to <- 41
	if got := <-from; got != 42 || first == second {
		return "", fmt.Errorf("threads %d and %d returned %d", first, second, got)
	}
	return fmt.Sprintf("threads %d and %d of %d processors", first, second, runtime.NumCPU()), nil
}

func pipe() (string, error) {
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
		return "", err
	}
	return echoed("through a pipe", ends[1], ends[0])
}

func unixSocket() (string, error) {
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		return "", err
	}
	return echoed("through a socket", ends[0], ends[1])
}

// echoed writes a text to one descriptor, reads it from the other and closes both.
func echoed(text string, to, from int) (string, error) {
	defer syscall.Close(to)
	defer syscall.Close(from)
	if _, err := syscall.Write(to, []byte(text)); err != nil {
		return "", err
	}
	got := make([]byte, len(text))
	n, err := syscall.Read(from, got)
	if err != nil {
		return "", err
	}
	if string(got[:n]) != text {
		return string(got[:n]), fmt.Errorf("read a different text")
	}
	return text, nil
}

// clock checks that time passes at about the right pace.
func clock() (string, error) {
	const nap = 20 * time.Millisecond
	start := time.Now()
	time.Sleep(nap)
	slept := time.Since(start)
	got := fmt.Sprintf("%s, slept %s", start.UTC().Format(time.RFC3339), slept.Round(time.Millisecond))
	if slept < nap || slept > 10*time.Second {
		return got, fmt.Errorf("expected about %s", nap)
	}
	return got, nil
}

// memory writes 16 MiB and reads them back.
func memory() (string, error) {
	const size, page = 16 << 20, 4 << 10
	block, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return "", err
	}
	defer syscall.Munmap(block)
	for at := 0; at < size; at += page {
		block[at] = byte(at / page)
	}
	for at := 0; at < size; at += page {
		if block[at] != byte(at/page) {
			return "", fmt.Errorf("page %d lost its content", at/page)
		}
	}
	total, _, _ := strings.Cut(text("/proc/meminfo"), "\n")
	return strings.Join(strings.Fields(total), " "), nil
}
