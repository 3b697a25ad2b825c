package site

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/site/server"
)

// pollInterval is how often the dev server looks for changed files.
const pollInterval = 300 * time.Millisecond

// Rebuild reads the site again and builds its image.
type Rebuild func(context.Context) (Site, Image, error)

// devServer is an image of the site that is being served.
type devServer struct {
	server.Server
	site  Site
	image Image
}

// Serve runs the built image on the port of site.toml, with production's limits, until ctx
// ends. Its log goes to the console. When a file of the site changes, rebuild builds the
// image again, which then replaces the old one. An image that cannot be built, or does not
// start, is logged, and the old one stays.
func (s Site) Serve(ctx context.Context, i Image, rebuild Rebuild) error {
	seen := s.fingerprint()
	now, err := s.startDev(ctx, i, s.Settings.Port)
	if err != nil {
		return err
	}
	defer func() { now.Remove() }()
	if err := s.Console.Result(map[string]string{"url": now.URL.String()}, fmt.Sprintf("serving %s at %s until Ctrl-C; changed files are served at once", i.Ref, now.URL)); err != nil {
		return err
	}
	ended := now.followLog(ctx)
	for {
		select {
		case err := <-ended:
			if ctx.Err() != nil {
				return nil // Ctrl-C is how this ends
			}
			return err
		case <-time.After(pollInterval):
		}
		current := now.site.fingerprint()
		if current == seen {
			continue
		}
		seen = current
		next, err := now.replace(ctx, rebuild)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			s.Console.Logf("not served: %v", err)
		}
		if next != nil {
			<-ended // with the old one's container
			now, ended = next, next.followLog(ctx)
		}
	}
}

// startDev starts the image on a port of this machine; 0 is any.
func (s Site) startDev(ctx context.Context, i Image, port int) (*devServer, error) {
	running, err := s.Runner().Start(ctx, i.ID, port)
	if err != nil {
		return nil, err
	}
	return &devServer{running, s, i}, nil
}

// followLog copies the server's log to the console. The channel receives the error, or
// nil, when the log has ended.
func (d *devServer) followLog(ctx context.Context) <-chan error {
	ended := make(chan error, 1)
	go func() {
		log := d.site.Console.Lines("")
		defer log.Close()
		ended <- d.Follow(ctx, log)
	}()
	return ended
}

// replace rebuilds the image and serves it in place of the old one, once it has started on
// a different port. It returns nil where the old one still runs.
func (d *devServer) replace(ctx context.Context, rebuild Rebuild) (*devServer, error) {
	s, image, err := rebuild(ctx)
	if err != nil || image.ID == d.image.ID {
		return nil, err
	}
	trial, err := s.startDev(ctx, image, 0)
	if err != nil {
		return nil, err
	}
	trial.Remove()
	if err := d.Remove(); err != nil {
		return nil, err
	}
	next, err := s.startDev(ctx, image, s.Settings.Port)
	if err != nil {
		old, failed := d.site.startDev(ctx, d.image, d.site.Settings.Port)
		if failed != nil {
			return nil, err // and with its container the old one's log has ended
		}
		return old, err
	}
	return next, s.Engine.RemoveImage(ctx, d.image.ID) // which has no name any more
}

// fingerprint returns the names, times and sizes of the site's files: it changes when they do.
func (s Site) fingerprint() string {
	var text strings.Builder
	for _, root := range []string{s.Dir, filepath.Join(s.Dir, s.Settings.Content)} {
		if real, err := filepath.EvalSymlinks(root); err == nil { // WalkDir does not follow a link
			root = real
		}
		filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil // removed since it was listed
			}
			if info, err := d.Info(); err == nil && !d.IsDir() {
				fmt.Fprintln(&text, path, info.ModTime().UnixNano(), info.Size())
			}
			return nil
		})
	}
	return text.String()
}
