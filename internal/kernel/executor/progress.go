package executor

import (
	"context"
	"strconv"

	"github.com/romanatrashyonok/kiln/internal/kernel/result"
)

// objectsPerOption is how many lines Kbuild tells for each built-in option, about;
// measured on micro and defconfig of 6.12. It serves until a kernel was built once.
const objectsPerOption = 3

// expectedLines guesses how much make will tell in a step, for the time left.
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

// lastCompileLines is how much make told of the last compile from nothing; 0 where there was
// none.
func (r *run) lastCompileLines() int64 {
	old, err := r.exec.Engine.FindImage(context.Background(), result.Tag(r.task.Plan.Folder()))
	if err != nil {
		return 0
	}
	lines, _ := strconv.ParseInt(old.Labels[result.LabelLines], 10, 64)
	return lines
}

// compileLines is that for the next build. One over an old output told less.
func (r *run) compileLines() int64 {
	if r.incremental {
		return r.lastCompileLines()
	}
	return r.compiled
}
