package executor

import (
	"context"

	"github.com/romanatrashyonok/kiln/cmd"
	"github.com/romanatrashyonok/kiln/internal"
	"github.com/romanatrashyonok/kiln/internal/gobuild"
)

// program returns the path, on this machine, of the runner for the engine's architecture, and
// compiles it unless that was done before.
func (e *Executor) program(ctx context.Context) (string, error) {
	arch, err := e.Engine.GoArch(ctx)
	if err != nil {
		return "", err
	}
	return e.Compiler.Compile(ctx, gobuild.Program{Name: "runner", Source: cmd.Runner(), Packages: internal.Runner(), Arch: arch})
}
