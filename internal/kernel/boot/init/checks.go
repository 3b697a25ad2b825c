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

// childWord has this program print childSays and end.
const (
	childWord = "kiln-child"
	childSays = "a child speaks"
)

// process starts this program again and reads what it says.
func process() (string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	child, err := os.StartProcess("/init", []string{"/init", childWord}, &os.ProcAttr{Files: []*os.File{nil, w, os.Stderr}})
	w.Close()
	if err != nil {
		return "", err
	}
	said, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	state, err := child.Wait()
	if err != nil {
		return "", err
	}
	if !state.Success() || string(said) != childSays {
		return string(said), fmt.Errorf("the child ended with %s", state)
	}
	return fmt.Sprintf("process %d", child.Pid), nil
}

// threads has two threads of the kernel at once hand a number to and fro.
func threads() (string, error) {
	there, back := make(chan int), make(chan int)
	go func() {
		runtime.LockOSThread()
		back <- syscall.Gettid()
		back <- <-there + 1
	}()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own, other := syscall.Gettid(), <-back
	there <- 41
	if got := <-back; got != 42 || own == other {
		return "", fmt.Errorf("threads %d and %d gave %d", own, other, got)
	}
	return fmt.Sprintf("threads %d and %d of %d processors", own, other, runtime.NumCPU()), nil
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

// echoed writes a text to one descriptor, reads it from another and closes both.
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
		return string(got[:n]), fmt.Errorf("something else came out")
	}
	return text, nil
}

// clock wants that time passes, at about the pace that it should.
func clock() (string, error) {
	const nap = 20 * time.Millisecond
	start := time.Now()
	time.Sleep(nap)
	slept := time.Since(start)
	got := fmt.Sprintf("%s, slept %s", start.UTC().Format(time.RFC3339), slept.Round(time.Millisecond))
	if slept < nap || slept > 10*time.Second {
		return got, fmt.Errorf("for a nap of %s", nap)
	}
	return got, nil
}

// memory fills 16 MiB and reads them again.
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
			return "", fmt.Errorf("page %d lost what was in it", at/page)
		}
	}
	total, _, _ := strings.Cut(text("/proc/meminfo"), "\n")
	return strings.Join(strings.Fields(total), " "), nil
}
