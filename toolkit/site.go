package toolkit

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/scratch"
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/baselock"
	"github.com/romanatrashyonok/kiln/internal/site/gitinfo"
	"github.com/romanatrashyonok/kiln/internal/site/publish"
)

// What the methods of Site return. Each is printed to Options.Stdout as well.
type (
	SiteSettings     = site.Settings     // site/site.toml with the environment over it
	Image            = site.Image        // the site image in the engine
	Verdict          = site.Verdict      // dist/verify.json
	Pushed           = publish.Result    // dist/push.json
	SiteReproduction = site.Reproduction // the comparison of an image with a second build
	BaseStatus       = baselock.Status   // the locked base compared with the registry
	BaseLock         = baselock.Lock     // site/base.lock.json
)

// Site is the site half of a project: the Nginx image that site/ describes.
type Site struct{ p *Project }

// Settings returns site.toml with the environment over it.
func (s *Site) Settings() SiteSettings { return s.p.site.Value }

// Build builds the site image, unless the engine has one of the same files, configuration and
// base, and prints its name and id.
func (s *Site) Build(ctx context.Context) (Image, error) {
	_, image, err := s.build(ctx)
	if err != nil {
		return image, err
	}
	return image, s.p.console.Result(image, image.Ref+" "+image.ID)
}

// Verify builds the site image if necessary, runs it as in production, tests it by what it
// serves, and writes dist/verify.json. A failed check is an error, for which ExitCode is 1.
func (s *Site) Verify(ctx context.Context) (Verdict, error) {
	half, image, err := s.build(ctx)
	if err != nil {
		return Verdict{}, err
	}
	return s.verify(ctx, half, image)
}

// Push verifies the site image, uploads it, pulls it back by digest, verifies that copy, tags
// it, and writes dist/push.json. Uncommitted changes of site/ are an error unless site.toml
// allows them.
func (s *Site) Push(ctx context.Context) (Pushed, error) {
	half, err := s.open(ctx)
	if err != nil {
		return Pushed{}, err
	}
	if err := publish.Check(ctx, half); err != nil {
		return Pushed{}, err
	}
	image, err := s.buildImage(ctx, half)
	if err != nil {
		return Pushed{}, err
	}
	verdict, err := half.Verify(ctx, image)
	if err != nil {
		return Pushed{}, fmt.Errorf("not pushed: %w", err)
	}
	s.p.console.Logf("verified: %s", verdict)
	pushed, err := publish.Push(ctx, half, image)
	if err != nil {
		return pushed, err
	}
	return pushed, s.p.console.Result(pushed, pushed.Ref())
}

// Serve runs the site image on the port of site.toml until ctx ends, and rebuilds it when a
// file of site/ changes. That ctx ends is not an error.
func (s *Site) Serve(ctx context.Context) error {
	half, image, err := s.build(ctx)
	if err != nil {
		return err
	}
	return half.Serve(ctx, image, s.build)
}

// Reproduce builds the image a second time, from a fresh checkout of its commit, and compares
// configuration, layers and manifest by digest. A difference is an error, for which ExitCode
// is 1.
func (s *Site) Reproduce(ctx context.Context) (SiteReproduction, error) {
	half, image, err := s.build(ctx)
	if err != nil {
		return SiteReproduction{}, err
	}
	if half.Commit.ID == "" {
		return SiteReproduction{}, fault.New(fault.Usage, "commit it with git", "reproduce %s: no commit has %s", image.Ref, half.Dir)
	}
	if half.Commit.Dirty {
		return SiteReproduction{}, fault.New(fault.Usage, "commit them first", "reproduce %s: %s has uncommitted changes", image.Ref, half.Dir)
	}
	dir, remove, err := scratch.Dir("commit")
	if err != nil {
		return SiteReproduction{}, err
	}
	defer remove()
	second, err := s.checkedOut(ctx, half, dir)
	if err != nil {
		return SiteReproduction{}, err
	}
	result, err := half.Reproduce(ctx, image, second)
	if err != nil {
		return result, err
	}
	return result, s.p.console.Result(result, result.String())
}

// Track compares the locked base with what the base's tag resolves to in the registry, and
// prints the outcome. It asks the registry and nothing else.
func (s *Site) Track(ctx context.Context) (BaseStatus, error) {
	status, err := baselock.Check(ctx, s.p.registry(), s.dir(), s.p.site.Value.Base)
	if err != nil {
		return status, err
	}
	return status, s.p.console.Result(status, status.String())
}

// Update writes the digest that the base's tag resolves to now into site/base.lock.json.
func (s *Site) Update(ctx context.Context) (BaseLock, error) {
	lock, err := baselock.Update(ctx, s.p.registry(), s.dir(), s.p.site.Value.Base)
	if err != nil {
		return lock, err
	}
	return lock, s.p.console.Result(lock, fmt.Sprintf("%s is locked to %s", lock.Base, lock.Digest))
}

// dir returns the folder of site.toml.
func (s *Site) dir() string { return filepath.Dir(s.p.path(SiteFile)) }

// open reads the site, then connects to the engine: a file that cannot be served is reported
// without one.
func (s *Site) open(ctx context.Context) (site.Site, error) {
	p, settings := s.p, s.p.site.Value
	commit, err := s.commit(ctx)
	if err != nil {
		return site.Site{}, err
	}
	source, err := s.read(ctx, s.dir(), commit)
	if err != nil {
		return site.Site{}, err
	}
	for _, note := range slices.Concat(source.Bundle.Notes(), source.Server.Notes()) {
		p.console.LogOnce("%s", note)
	}
	cache, err := s.imageCache()
	if err != nil {
		return site.Site{}, err
	}
	programs, err := p.cache()
	if err != nil {
		return site.Site{}, err
	}
	if settings.Tags, err = s.tags(commit); err != nil {
		return site.Site{}, err
	}
	e, err := p.engine(ctx)
	return site.Site{
		Source: source, Settings: settings, Engine: e, Registry: p.registry(), Console: p.console, Dist: p.path(Dist), Cache: cache,
		Environ: p.options.Env, Programs: programs,
	}, err
}

// read reads the site's files in a folder, once, with the pages of the kernels in dist/.
func (s *Site) read(ctx context.Context, dir string, commit gitinfo.Commit) (site.Source, error) {
	pages, err := s.catalog(ctx)
	if err != nil {
		return site.Source{}, err
	}
	return s.p.site.Value.ReadSource(dir, commit, pages...)
}

// commit asks git for the last commit that changed the site.
func (s *Site) commit(ctx context.Context) (gitinfo.Commit, error) {
	settings := s.p.site.Value
	commit, err := s.repository().LastCommit(ctx, inRepository(""), inRepository(settings.Content), settings.TagsOfGit())
	if commit.Shallow {
		s.p.console.LogOnce("warning: the clone is shallow: the newest commit may be taken for the site's, which gives the image its time (git fetch --unshallow)")
	}
	return commit, err
}

// repository returns the git repository that the project is in.
func (s *Site) repository() gitinfo.Repository {
	return gitinfo.Repository{Dir: s.p.options.Dir, Env: s.p.options.Env}
}

// inRepository returns a path of the site's folder as git, which runs in Options.Dir, takes it.
func inRepository(name string) string { return filepath.Join(filepath.Dir(SiteFile), name) }

// tags returns the tags of site.toml with what git knows filled in.
func (s *Site) tags(commit gitinfo.Commit) ([]string, error) {
	tags, unresolved := site.ResolveTags(s.p.site.Value.Tags, commit)
	var reasons []string
	var fix string
	for _, tag := range unresolved {
		var why string
		why, fix = site.WhyLeftOut(tag, commit)
		reasons = append(reasons, tag+" is left out: "+why)
		s.p.console.LogOnce("tag %s is left out: %s", tag, why)
	}
	if len(tags) == 0 {
		return nil, fault.New(fault.Usage, fix, "resolve tags of site.toml: %s", strings.Join(reasons, "; "))
	}
	return tags, nil
}

// imageCache returns the cache of what is slow to compute of images.
func (s *Site) imageCache() (imagebuild.Cache, error) {
	dir, err := s.p.cache()
	return imagebuild.FolderCache(filepath.Join(dir, "images")), err
}

// build opens the site and builds the image unless nothing has changed.
func (s *Site) build(ctx context.Context) (site.Site, Image, error) {
	half, err := s.open(ctx)
	if err != nil {
		return half, Image{}, err
	}
	image, err := s.buildImage(ctx, half)
	return half, image, err
}

func (s *Site) buildImage(ctx context.Context, half site.Site) (Image, error) {
	image, err := half.Build(ctx)
	if err == nil {
		s.p.console.RecordOutcome(image.Ref, "build", image.Why)
	}
	return image, err
}

func (s *Site) verify(ctx context.Context, half site.Site, image Image) (Verdict, error) {
	verdict, err := half.Verify(ctx, image)
	if err != nil {
		return verdict, err
	}
	s.p.console.RecordOutcome(image.Ref, "verify", fmt.Sprintf("%d checks passed", verdict.Passed))
	return verdict, s.p.console.Result(verdict, verdict.String())
}

// buildVerified builds and verifies the image. With onlyNew, one that was built before is
// not verified a second time.
func (s *Site) buildVerified(ctx context.Context, onlyNew bool) error {
	half, image, err := s.build(ctx)
	if err != nil || !image.Built && onlyNew {
		return err
	}
	if err := s.p.console.Result(image, image.Ref+" "+image.ID); err != nil {
		return err
	}
	_, err = s.verify(ctx, half, image)
	return err
}

// publishable returns the error of a push that would be refused in the end.
func (s *Site) publishable(ctx context.Context) error {
	half, err := s.open(ctx)
	if err != nil {
		return err
	}
	return publish.Check(ctx, half)
}

// checkedOut returns the site's files as its commit has them, written to dir.
func (s *Site) checkedOut(ctx context.Context, half site.Site, dir string) (site.Source, error) {
	root, err := s.repository().CheckOut(ctx, half.Commit.ID, dir)
	if err != nil {
		return site.Source{}, err
	}
	return s.read(ctx, filepath.Join(root, inRepository("")), half.Commit)
}
