// Package site builds, verifies, serves and reproduces the site image: Nginx with a folder
// of files. Package bundle reads what the image is to serve, package publish pushes it.
//
//	content + nginx.conf -> Bundle -> Image -> (suite) -> push -> digest -> pull -> (same suite)
package site

import (
	"context"
	"path/filepath"

	"github.com/distribution/reference"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/gobuild"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/site/baselock"
	"github.com/romanatrashyonok/kiln/internal/site/bundle"
	"github.com/romanatrashyonok/kiln/internal/site/gitinfo"
	"github.com/romanatrashyonok/kiln/internal/site/server"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// Source is everything that decides the image, other than the base image itself: read once
// a run, and passed on.
type Source struct {
	Dir        string // folder of site.toml
	Bundle     bundle.Bundle
	Dockerfile imagebuild.Dockerfile
	Server     bundle.Server // as far as it is known without the base
	Lock       baselock.Lock // of the base; zero where it is not locked
	Commit     gitinfo.Commit
}

// ReadSource reads the source of the image from dir, the folder of site.toml, and adds the
// generated files. commit is what git knows of dir. What is wrong with a file is a usage
// error, and so is a missing repository.
func (s Settings) ReadSource(dir string, commit gitinfo.Commit, generated ...bundle.File) (Source, error) {
	src := Source{Dir: dir, Commit: commit}
	if err := s.checkRepository(); err != nil {
		return src, err
	}
	b, err := bundle.Read(filepath.Join(dir, s.Content), filepath.Join(dir, bundle.ConfName), generated...)
	if err != nil {
		return src, err
	}
	src.Bundle = b.WithTimes(commit)
	if src.Dockerfile, err = imagebuild.ReadDockerfile(filepath.Join(dir, "Dockerfile")); err != nil {
		return src, err
	}
	if src.Server, err = src.Bundle.Server(src.Dockerfile, nil); err != nil {
		return src, err
	}
	src.Lock, err = baselock.Read(dir, s.Base)
	return src, err
}

// Registry is what the site needs of registries: see package registry for the errors.
type Registry interface {
	// Digest returns the digest of the manifest or index that ref resolves to.
	Digest(ctx context.Context, ref string) (string, error)
	// Base returns the image for a platform as one to build on, and its name by digest.
	Base(ctx context.Context, ref, platform string) (from imagebuild.Base, byDigest string, err error)
	// CheckCredentials returns an error where the credentials for ref cannot be read.
	CheckCredentials(ctx context.Context, ref string) error
	// Upload pushes an image or an index, and returns its digest.
	Upload(ctx context.Context, ref string, what imagebuild.Pushable) (digest string, err error)
	// SetTag tags a manifest that the repository has.
	SetTag(ctx context.Context, byDigest, tag string) error
}

// Site builds, verifies, serves and reproduces one site image.
type Site struct {
	Source
	Settings Settings
	Engine   *engine.Client
	Registry Registry
	Console  *report.Console
	Dist     string // folder that documents are written to
	Cache    imagebuild.Cache
	Environ  []string // environment of commands on this machine, as NAME=value
	Programs string   // folder on this machine for programs that were compiled to run in the engine
}

// Runner returns the runner of the site's images.
func (s Site) Runner() server.Runner {
	return server.Runner{
		Engine: s.Engine, Console: s.Console, Port: s.Server.Port, Host: s.Server.Host, Health: s.health(s.Server), Hosts: s.Server.Hosts(), Dist: s.Dist,
		Compiler: gobuild.Compiler{Cache: s.Programs, Environ: s.Environ},
	}
}

// health returns the request that answers 200 once the server has started.
func (s Site) health(conf bundle.Server) suite.Health {
	if s.Settings.Health != "" {
		return suite.Health{Path: s.Settings.Health, Origin: "health in site.toml"}
	}
	return conf.Health
}

// Ref returns the image's first name: repository:tag.
func (s Site) Ref() string { return s.refs()[0] }

// refs returns the names of the image.
func (s Site) refs() []string {
	names := make([]string, len(s.Settings.Tags))
	for i, t := range s.Settings.Tags {
		names[i] = s.Settings.Repository + ":" + t
	}
	return names
}

// FamiliarName returns a name as engines write it: without docker.io.
func FamiliarName(ref string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return ref
	}
	return reference.FamiliarString(named)
}

// Publishable returns a usage error where there are uncommitted changes, unless site.toml
// allows them to be pushed.
func (s Site) Publishable() error {
	if !s.Commit.Dirty || s.Settings.Dirty {
		return nil
	}
	return fault.New(fault.Usage, "commit the changes, or allow it: KILN_SITE_DIRTY=true",
		"push: files of %s have changed since commit %.12s", s.Dir, s.Commit.ID)
}
