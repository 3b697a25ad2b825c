package executor

import (
	"context"

	"github.com/romanatrashyonok/kiln/internal/gobuild"
)

// program returns the path, on this machine, of the runner for the engine's architecture, and
// compiles it unless that was done before.
func (e *Executor) program(ctx context.Context) (string, error) {
	arch, err := e.Engine.GoArch(ctx)
	if err != nil {
		return "", err
	}
	return e.Compiler.Compile(ctx, gobuild.Runner(arch))
}
