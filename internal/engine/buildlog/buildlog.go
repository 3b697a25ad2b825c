// Package buildlog collects what an engine reports during the build of an image.
package buildlog

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"

	moby_buildkit_v1 "github.com/moby/buildkit/api/services/control"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/proto"

	"github.com/romanatrashyonok/kiln/internal/report"
)

// Log collects the output of a builder, as the text for the error of a failed build, and
// shows its progress. It is used by one goroutine.
type Log struct {
	progress *report.Progress
	events   chan *client.SolveStatus
	written  sync.WaitGroup
	buffer   bytes.Buffer
	done     map[digest.Digest]bool // the steps so far, and whether each is complete
}

// New returns an empty log that shows its progress with p. The caller must call Close.
func New(p *report.Progress) *Log {
	l := &Log{progress: p, events: make(chan *client.SolveStatus, 64), done: map[digest.Digest]bool{}}
	display, err := progressui.NewDisplay(&l.buffer, progressui.PlainMode)
	l.written.Go(func() {
		if err == nil {
			// Without the run's context, so that the log of a cancelled build is complete.
			display.UpdateFrom(context.Background(), l.events)
		}
		for range l.events { // if the display failed: never block the builder
		}
	})
	return l
}

// Trace adds a message of BuildKit: a StatusResponse in protobuf, as a JSON string in base64
// (moby/buildkit api/services/control/control.proto). What is none is ignored.
func (l *Log) Trace(aux json.RawMessage) {
	var raw []byte
	var status moby_buildkit_v1.StatusResponse
	if json.Unmarshal(aux, &raw) != nil || proto.Unmarshal(raw, &status) != nil {
		return
	}
	event := client.NewSolveStatus(&status)
	l.events <- event
	for _, v := range event.Vertexes {
		l.done[v.Digest] = v.Completed != nil
		l.progress.Set(l.completed(), int64(len(l.done)), v.Name)
	}
	for _, out := range event.Logs {
		l.progress.Set(l.completed(), int64(len(l.done)), lastLine(string(out.Data)))
	}
}

// Text adds a line of the classic builder.
func (l *Log) Text(s string) {
	l.buffer.WriteString(s)
	l.progress.Set(0, 0, lastLine(s))
}

func (l *Log) completed() (n int64) {
	for _, done := range l.done {
		if done {
			n++
		}
	}
	return n
}

// Close ends the log and returns its whole text.
func (l *Log) Close() string {
	close(l.events)
	l.written.Wait()
	return strings.TrimSpace(l.buffer.String())
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}
