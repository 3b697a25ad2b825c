package site

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
)

// lookAgain is how often Serve looks whether a file of the site has changed.
const lookAgain = 300 * time.Millisecond

// Rebuild opens the shop again with what the files say now, and builds the image.
type Rebuild func(context.Context) (Site, Image, error)

// stall is a site that is served.
type stall struct {
	shop  Site
	image Image
	ctr   *engine.Container
	at    string // its address
}

// Serve runs the built image on the port of site.toml, with production's limits,
// until ctx ends. Its log goes to the console. When a file of the site changes, anew
// makes the image again, which takes the old one's place; one that cannot be made, or
// does not start, is told, and the old one goes on.
func (s Site) Serve(ctx context.Context, i Image, anew Rebuild) error {
	seen := s.print()
	now, err := s.open(ctx, i, s.Settings.Port)
	if err != nil {
		return err
	}
	defer func() { now.ctr.Remove() }()
	if err := s.Console.Result(map[string]string{"url": now.at}, fmt.Sprintf("serving %s at %s until Ctrl-C; a changed file is served at once", i.Ref, now.at)); err != nil {
		return err
	}
	ended := now.follow(ctx)
	for {
		select {
		case err := <-ended:
			if ctx.Err() != nil {
				return nil // Ctrl-C is how this ends
			}
			return err
		case <-time.After(lookAgain):
		}
		if fresh := now.shop.print(); fresh == seen {
			continue
		} else {
			seen = fresh
		}
		next, err := now.replaced(ctx, anew)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			s.Console.Logf("not served: %v", err)
		}
		if next != nil {
			<-ended // with the old one's container
			now, ended = next, next.follow(ctx)
		}
	}
}

// open starts the image for people, and waits until it answers. A port of 0 is any.
func (s Site) open(ctx context.Context, i Image, port int) (*stall, error) {
	ctr, err := s.Engine.Run(ctx, production(i.ID, s.Bundle, port))
	if err != nil {
		return nil, err
	}
	at, err := s.await(ctx, ctr)
	if err != nil {
		ctr.Remove()
		return nil, err
	}
	return &stall{shop: s, image: i, ctr: ctr, at: at.String()}, nil
}

// follow copies the server's log to the console; the channel tells when it has ended.
func (st *stall) follow(ctx context.Context) <-chan error {
	ended := make(chan error, 1)
	go func() {
		log := st.shop.Console.Lines("")
		defer log.Close()
		ended <- st.ctr.Follow(ctx, log)
	}()
	return ended
}

// replaced makes the image anew and opens it in the old one's place, once it has shown
// elsewhere that it starts. It gives nil where nothing has changed, or all is as before.
func (st *stall) replaced(ctx context.Context, anew Rebuild) (*stall, error) {
	shop, image, err := anew(ctx)
	if err != nil || image.ID == st.image.ID {
		return nil, err
	}
	trial, err := shop.open(ctx, image, 0)
	if err != nil {
		return nil, err
	}
	trial.ctr.Remove()
	if err := st.ctr.Remove(); err != nil {
		return nil, err
	}
	next, err := shop.open(ctx, image, shop.Settings.Port)
	if err != nil {
		next, again := st.shop.open(ctx, st.image, st.shop.Settings.Port)
		if again != nil {
			return nil, err // and with its container the old one's log has ended
		}
		return next, err
	}
	return next, shop.Engine.RemoveImage(ctx, st.image.ID) // nobody else names it
}

// print gives the names, times and sizes of the site's files: it changes when they do.
func (s Site) print() string {
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
