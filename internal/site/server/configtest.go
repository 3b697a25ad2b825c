package server

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
)

// configTestTimeout bounds how long Nginx takes to read its configuration.
const configTestTimeout = 20 * time.Second

// sources are the files in the folder of site.toml, by their places in the image.
var sources = map[string]string{
	"/etc/nginx/kiln.conf": "nginx.conf", "/etc/nginx/kiln.types": "mime.types", "/etc/nginx/kiln.redirects": "redirects.conf",
}

// TestConfig runs nginx -t in an image. A configuration that Nginx rejects is a usage
// error, which names the files in dir, the folder of site.toml.
func (r Runner) TestConfig(ctx context.Context, image, dir string) error {
	spec := r.Spec(image)
	spec.Kind, spec.Offline, spec.Command = "try", true, []string{"-t"}
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
	for inside, outside := range sources {
		log = strings.ReplaceAll(log, inside, filepath.Join(dir, outside))
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
