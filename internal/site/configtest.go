package site

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
)

// configTestTimeout bounds how long Nginx takes to read its configuration.
const configTestTimeout = 20 * time.Second

// configured are the places in the image of the files in the folder of site.toml that the
// server reads.
var configured = map[string]string{
	"/etc/nginx/kiln.conf": "nginx.conf", "/etc/nginx/kiln.types": "mime.types", "/etc/nginx/kiln.redirects": "redirects.conf",
}

// loaded loads a composed image into the engine, has its server read the configuration
// (nginx -t), and gives it its names only when that went well.
func (s Site) loaded(ctx context.Context, image *imagebuild.Image, base int) (string, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return "", err
	}
	name, err := image.ConfigName()
	if err != nil {
		return "", err
	}
	trial := "kiln/trial:" + name.Hex[:12]
	id, err := s.Engine.Load(ctx, image, base, trial)
	if err != nil {
		return "", err
	}
	defer s.Engine.RemoveImage(context.WithoutCancel(ctx), trial)
	if run := config.Config.Entrypoint; len(run) > 0 && run[0] == "nginx" {
		if err := s.configTest(ctx, id); err != nil {
			return "", err
		}
	}
	for _, ref := range s.refs(s.Settings.Repository) {
		if err := s.Engine.Tag(ctx, id, ref); err != nil {
			return "", err
		}
	}
	return id, nil
}

// configTest runs nginx -t in an image, and tells of a fault by the file that people edit.
func (s Site) configTest(ctx context.Context, id string) error {
	spec := production(id, s.Bundle, 0)
	spec.Kind, spec.Publish, spec.Offline, spec.Command = "try", 0, true, []string{"-t"}
	ctr, err := s.Engine.Run(ctx, spec)
	if err != nil {
		return err
	}
	defer ctr.RemoveInBackground()
	state, err := ended(ctx, ctr)
	if err != nil || state.ExitCode == 0 {
		return err
	}
	log, err := ctr.Logs(ctx)
	if err != nil {
		return err
	}
	for inside, outside := range configured {
		log = strings.ReplaceAll(log, inside, filepath.Join(s.Dir, outside))
	}
	return fault.New(fault.Usage, "", "the server does not take its configuration:\n%s", strings.TrimSpace(log))
}

// ended waits until a container has ended.
func ended(ctx context.Context, ctr *engine.Container) (engine.State, error) {
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
