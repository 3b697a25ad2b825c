package server

import (
	"context"
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
// One that it rejects is a usage error, with what Nginx prints: onThisMachine replaces the
// files in it by those of this machine.
func (r Runner) TestConfig(ctx context.Context, image string, command []string, onThisMachine func(log string) string) error {
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
	log = onThisMachine(log)
	return fault.New(fault.Usage, fixOf(log), "the server rejects its configuration:\n%s", strings.TrimSpace(log))
}

// fixes are what to do about errors of Nginx that do not name it: by what their text has.
var fixes = []struct{ text, fix string }{
	{"host not found in upstream", "use a variable, with the resolver of the network, so that the server starts without that host: set $api http://api:3000; proxy_pass $api;"},
	{"Read-only file system", "have it written below /tmp, the only folder that can be written, as in the nginx.conf that Kiln ships: pid, error_log, *_temp_path"},
	{"Permission denied", "give everyone the right to read it, or have it written below /tmp, as in the nginx.conf that Kiln ships; the server does not run as root"},
	{"Operation not permitted", "have the image run as an ordinary user: USER 101:101 in the Dockerfile"},
	{"${", "Nginx replaces no variables of the environment in its configuration: write the value"},
	{"dlopen()", "remove load_module, or choose a base that has the module: base in site.toml"},
}

// fixOf returns what to do about an error of Nginx; "" where its text says enough.
func fixOf(log string) string {
	for _, f := range fixes {
		if strings.Contains(log, f.text) {
			return f.fix
		}
	}
	return ""
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
