package site

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/site/server"
)

// pollInterval is how often the dev server looks for changed files.
const pollInterval = 300 * time.Millisecond

// resolveTimeout bounds how long names of hosts are looked up.
const resolveTimeout = 2 * time.Second

// Rebuild reads the site again and builds its image.
type Rebuild func(context.Context) (Site, Image, error)

// devServer is an image of the site that is being served.
type devServer struct {
	server.Server
	site  Site
	image Image
}

// Serve runs the built image with production's limits, and offers it on the port of
// site.toml, on this machine's loopback, until ctx ends. Its log goes to the console. When a
// file of the site changes, rebuild builds the image again, which then replaces the old one.
// An image that cannot be built, or does not start, is logged, and the old one stays.
func (s Site) Serve(ctx context.Context, i Image, rebuild Rebuild) error {
	seen, settings := s.fingerprint(), s.settingsText()
	now, err := s.startDev(ctx, i)
	if err != nil {
		return err
	}
	defer func() { now.Remove() }()
	offered, err := now.Listen(net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Settings.Port)))
	if err != nil {
		return err
	}
	defer offered.Close()
	if err := s.Console.Result(map[string]string{"url": offered.URL.String()}, fmt.Sprintf("serving %s at %s until Ctrl-C; changed files are served at once", i.Ref, offered.URL)); err != nil {
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
		if text := s.settingsText(); text != settings {
			settings = text
			s.Console.Logf("%s has changed: it is read when serve starts, so start serve again", settingsFile)
		}
		next, err := now.rebuilt(ctx, rebuild)
		switch {
		case ctx.Err() != nil:
			if next != nil {
				next.Remove()
			}
			return nil
		case err != nil:
			s.Console.Logf("not served: %v", err)
		case next != nil:
			offered.Replace(next.Server)
			now.Remove()
			if err := s.Engine.Release(ctx, now.image.ID); err != nil {
				s.Console.Logf("%v", err)
			}
			<-ended // with the old one's container
			now, ended = next, next.followLog(ctx)
		}
	}
}

// startDev starts the image.
func (s Site) startDev(ctx context.Context, i Image) (*devServer, error) {
	r := s.Runner()
	r.Hosts = unresolved(ctx, r.Hosts)
	running, _, err := s.start(ctx, r, i.ID)
	if err != nil {
		return nil, err
	}
	return &devServer{running, s, i}, nil
}

// unresolved returns the hosts that this machine does not find: those that it does are used.
func unresolved(ctx context.Context, hosts []string) []string {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	return slices.DeleteFunc(slices.Clone(hosts), func(name string) bool {
		_, err := net.DefaultResolver.LookupHost(ctx, name)
		return err == nil
	})
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

// rebuilt rebuilds the image and starts it beside the old one. It returns nil where the
// image is the same.
func (d *devServer) rebuilt(ctx context.Context, rebuild Rebuild) (*devServer, error) {
	s, image, err := recovered(ctx, rebuild)
	if err != nil || image.ID == d.image.ID {
		return nil, err
	}
	return s.startDev(ctx, image)
}

// recovered rebuilds the image. A panic is an error, so that the old image is served on.
func recovered(ctx context.Context, rebuild Rebuild) (s Site, image Image, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Failed, "report this as an error of Kiln", "rebuild the image: panic: %v\n%s", p, debug.Stack())
		}
	}()
	return rebuild(ctx)
}

// settingsFile is read once, by the project.
const settingsFile = "site.toml"

// settingsText returns the text of site.toml; "" where it cannot be read.
func (s Site) settingsText() string {
	text, _ := os.ReadFile(filepath.Join(s.Dir, settingsFile))
	return string(text)
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
