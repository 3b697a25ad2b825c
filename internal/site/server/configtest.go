package server

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
)

// configTestTimeout bounds how long Nginx takes to read its configuration.
const configTestTimeout = 20 * time.Second

// rejection is how Nginx begins the error of a configuration.
const rejection = "[emerg]"

// TestConfig runs the command of an image with -t, which has Nginx test its configuration.
// One that it rejects is a usage error, which names the files of this machine: sources has
// them by their paths in the image.
func (r Runner) TestConfig(ctx context.Context, image string, command []string, sources map[string]string) error {
	spec := r.Spec(image)
	spec.Kind, spec.Offline, spec.Command = "try", true, append(slices.Clone(command), "-t")
	ctr, err := r.Engine.Run(ctx, spec)
	if err != nil {
		return err
	}
	defer ctr.RemoveInBackground()
	state, err := awaitExit(ctx, ctr)
	if err != nil || state.ExitCode == 0 {
		return err
	}
	log, err := ctr.Logs(ctx)
	if err != nil {
		return err
	}
	if !strings.Contains(log, rejection) {
		return nil // it did not get as far; why shows when it is started
	}
	paths := slices.SortedFunc(maps.Keys(sources), func(a, b string) int { return len(b) - len(a) }) // one may begin with another
	for _, inside := range paths {
		log = strings.ReplaceAll(log, inside, sources[inside])
	}
	return fault.New(fault.Usage, "", "the server rejects its configuration:\n%s", strings.TrimSpace(log))
}

// awaitExit waits until a container has exited.
func awaitExit(ctx context.Context, ctr *engine.Container) (engine.State, error) {
	ctx, cancel := context.WithTimeout(ctx, configTestTimeout)
	defer cancel()
	for {
		state, err := ctr.State(ctx)
		if err != nil || !state.Running {
			return state, err
		}
		select {
		case <-ctx.Done():
			return state, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}
