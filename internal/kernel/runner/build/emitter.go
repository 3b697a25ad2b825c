//go:build linux

package build

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
)

// emitter prints events, a line of JSON each.
type emitter struct {
	mu  sync.Mutex
	out *json.Encoder
	end context.CancelCauseFunc // ends the run
}

func newEmitter(out io.Writer, end context.CancelCauseFunc) *emitter {
	return &emitter{out: json.NewEncoder(out), end: end}
}

// emit prints an event. Where nobody reads it any more, nobody takes the result: the run ends as
// one that is cut off.
func (e *emitter) emit(event runner.Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	err := e.out.Encode(event)
	if err == nil {
		return nil
	}
	err = fault.New(fault.Environment, "", "report the progress of the build: %w", err)
	e.end(err)
	return err
}

func (e *emitter) note(format string, args ...any) {
	e.emit(runner.Event{Note: fmt.Sprintf(format, args...)})
}

func (e *emitter) warn(format string, args ...any) {
	e.emit(runner.Event{Warning: fmt.Sprintf(format, args...)})
}
