//go:build linux

package build

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
)

// emitter prints events, a line of JSON each.
type emitter struct {
	mu  sync.Mutex
	out *json.Encoder
}

func newEmitter(out io.Writer) *emitter { return &emitter{out: json.NewEncoder(out)} }

// emit prints an event. Without a reader nobody misses it: an error is ignored.
func (e *emitter) emit(event runner.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.out.Encode(event)
}

func (e *emitter) note(format string, args ...any) {
	e.emit(runner.Event{Note: fmt.Sprintf(format, args...)})
}

func (e *emitter) warn(format string, args ...any) {
	e.emit(runner.Event{Warning: fmt.Sprintf(format, args...)})
}
