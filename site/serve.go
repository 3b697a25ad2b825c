package site

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/docker"
)

// lookAgain is how often Serve looks whether a file of the site has changed.
const lookAgain = 300 * time.Millisecond

// Anew opens the shop again with what the files say now, and builds the image.
type Anew func(context.Context) (Shop, Image, error)

// Serve runs the built image on the port of site.toml, with production's limits,
// until ctx ends. Its log goes to the console. When a file of the site changes, anew
// makes the image again, which takes the old one's place; one that cannot be made is
// told, and the old one goes on.
func (s Shop) Serve(ctx context.Context, i Image, anew Anew) error {
	box, err := s.open(ctx, i)
	if err != nil {
		return err
	}
	defer func() { box.Remove() }()
	at, err := s.await(ctx, box)
	if err != nil {
		return err
	}
	if err := s.Console.Result(map[string]string{"url": at.String()}, fmt.Sprintf("serving %s at %s until Ctrl-C; a changed file is served at once", i.Ref, at)); err != nil {
		return err
	}
	for {
		seen := s.print()
		changed, err := s.followUntilChanged(ctx, box, seen)
		if ctx.Err() != nil {
			return nil // Ctrl-C is how this ends
		}
		if !changed {
			return err
		}
		next, image, err := anew(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			s.Console.Say("not served: %v", err)
			continue
		}
		if image.ID == i.ID {
			continue
		}
		if err := box.Remove(); err != nil {
			return err
		}
		s, i = next, image
		if box, err = s.open(ctx, i); err != nil {
			return err
		}
		if _, err := s.await(ctx, box); err != nil {
			return err
		}
	}
}

// open starts the image for people.
func (s Shop) open(ctx context.Context, i Image) (*docker.Container, error) {
	return s.Engine.Run(ctx, production(i.ID, s.Bundle, s.Settings.Port))
}

// followUntilChanged copies the server's log until it ends, or a file of the site has
// changed: true.
func (s Shop) followUntilChanged(ctx context.Context, box *docker.Container, seen string) (bool, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	changed := make(chan struct{})
	go func() {
		defer stop()
		for s.print() == seen {
			select {
			case <-ctx.Done():
				return
			case <-time.After(lookAgain):
			}
		}
		close(changed)
	}()
	log := s.Console.Lines("")
	defer log.Close()
	err := box.Follow(ctx, log)
	select {
	case <-changed:
		return true, nil
	default:
		return false, err
	}
}

// print gives the names, times and sizes of the site's files: it changes when they do.
func (s Shop) print() string {
	var text strings.Builder
	for _, root := range []string{s.Dir, filepath.Join(s.Dir, s.Settings.Content)} {
		filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil // removed meanwhile
			}
			if info, err := d.Info(); err == nil && !d.IsDir() {
				fmt.Fprintln(&text, path, info.ModTime().UnixNano(), info.Size())
			}
			return nil
		})
	}
	return text.String()
}
