package executor

import (
	"context"
	"strconv"

	"github.com/romanatrashyonok/kiln/internal/kernel/result"
)

// objectsPerOption is about how many lines Kbuild prints for each built-in option,
// measured on micro and defconfig of 6.12. It is used until a kernel has been built once.
const objectsPerOption = 3

// expectedLines estimates how many lines make will print in a step, for the time left; 0
// where nothing is known.
func (r *run) expectedLines(step string) int64 {
	if step != "compile" {
		return 0
	}
	if lines := r.lastCompileLines(); lines > 0 {
		return lines
	}
	n := int64(0)
	for _, value := range r.final {
		if value == "y" {
			n++
		}
	}
	return n * objectsPerOption
}

// lastCompileLines returns how many lines make printed in the last compile from scratch; 0
// where there was none.
func (r *run) lastCompileLines() int64 {
	old, err := r.exec.Engine.FindImage(context.Background(), result.Tag(r.task.Plan.Folder()))
	if err != nil {
		return 0
	}
	lines, _ := strconv.ParseInt(old.Labels[result.LabelLines], 10, 64)
	return lines
}

// compileLines returns lastCompileLines for the next build. An incremental build prints
// fewer, and passes on the last number.
func (r *run) compileLines() int64 {
	if r.incremental {
		return r.lastCompileLines()
	}
	return r.compiled
}
