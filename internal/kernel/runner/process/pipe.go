//go:build linux

package process

import (
	"bufio"
	"os"
	"strings"
	"time"
)

// pipe reads what a command prints, line by line.
type pipe struct {
	r, w *os.File
	each func(string)
	done chan struct{}
}

func newPipe(each func(string)) (*pipe, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	if each == nil {
		each = func(string) {}
	}
	return &pipe{r: r, w: w, each: each}, nil
}

// read starts to read, once the command has the other end.
func (p *pipe) read() {
	p.w.Close()
	p.done = make(chan struct{})
	go func() {
		defer close(p.done)
		in := bufio.NewReader(p.r)
		for {
			line, err := in.ReadString('\n')
			if line != "" {
				p.each(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
			}
			if err != nil {
				return
			}
		}
	}()
}

// drainTimeout is how long what a command has left running may keep its output open.
const drainTimeout = 5 * time.Second

// close waits until all is read.
func (p *pipe) close() {
	if p.done != nil {
		select {
		case <-p.done:
		case <-time.After(drainTimeout):
		}
	}
	p.w.Close()
	p.r.Close()
	if p.done != nil {
		<-p.done
	}
}
