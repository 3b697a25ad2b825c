// Package toolkit opens what a target works with, and ends a run as it should:
// the console, the configuration, the engine, and the two rooms of site and
// kernels. The magefile says what to do; this says with what.
package toolkit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
	"github.com/romanatrashyonok/kiln/internal/kernel"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/settings"
	"github.com/romanatrashyonok/kiln/internal/site"
	"github.com/romanatrashyonok/kiln/internal/site/gitinfo"
)

// The files and folders of a clone, from its root.
const (
	SiteFile   = "site/site.toml"
	KernelFile = "kernel/kernels.toml"
	Dist       = "dist"
)

// The variables that belong to no file.
const (
	OutputVariable = "KILN_OUTPUT" // "json" for machines
	PushVariable   = "KILN_PUSH"   // "1" lets all push
	sitePrefix     = "KILN_SITE_"
	kernelPrefix   = "KILN_KERNEL_"
)

// Project is what one target works with.
type Project struct {
	Console *report.Console
	Site    settings.Loaded[site.Settings]
	Kernels settings.Loaded[kernel.File]
	engine  *engine.Client
}

// Open reads the configuration. All faults of both files and of the environment
// come in one error; nothing is started.
func Open() (*Project, error) {
	w := &Project{Console: newConsole()}
	var siteErr, kernelErr error
	w.Site, siteErr = settings.Load(SiteFile, sitePrefix, site.Defaults(), os.Environ())
	w.Kernels, kernelErr = settings.Load(KernelFile, kernelPrefix, kernel.Defaults(), os.Environ())
	faults := []string{}
	for _, err := range []error{siteErr, kernelErr, settings.CheckEnviron(os.Environ(), Variables()), checkOutput()} {
		if err != nil {
			faults = append(faults, err.Error())
		}
	}
	if len(faults) > 0 {
		return nil, fault.New(fault.Usage, "", "%s", strings.Join(faults, "\n"))
	}
	w.Kernels.Value = w.Kernels.Value.Filled()
	return w, nil
}

func newConsole() *report.Console {
	c := report.New(os.Stdout, os.Stderr, os.Getenv(OutputVariable))
	c.AddSecret(os.Getenv(registry.PasswordVariable))
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		c.UseGitHubActions()
	}
	return c
}

func checkOutput() error {
	if v := os.Getenv(OutputVariable); !slices.Contains([]string{"", "text", "json"}, v) {
		return fmt.Errorf("%s: expected text or json, got %q", OutputVariable, v)
	}
	return nil
}

// Variables gives the name of every variable that Kiln reads.
func Variables() []string {
	own := []string{OutputVariable, PushVariable, registry.UsernameVariable, registry.PasswordVariable}
	return slices.Concat(own, settings.Names[site.Settings](sitePrefix), settings.Names[kernel.File](kernelPrefix))
}

// registry returns the client for registries. The credentials in the environment are for
// the site's alone.
func (w *Project) registry() *registry.Client {
	return registry.New(os.Getenv, w.Site.Value.Repository)
}

// Engine connects to the engine, once, and removes the containers and scratch volumes
// that interrupted runs left in it.
func (w *Project) Engine(ctx context.Context) (*engine.Client, error) {
	if w.engine != nil {
		return w.engine, nil
	}
	e, err := engine.Connect(ctx, os.Getenv, w.registry())
	if err != nil {
		return nil, err
	}
	removed, err := e.Sweep(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range removed {
		w.Console.Logf("removed %s, which an interrupted run had left", name)
	}
	w.engine = e
	return e, nil
}

// close ends what was opened, and leaves GitHub Actions a table of what was done.
func (w *Project) close() error {
	var err error
	if path := os.Getenv("GITHUB_STEP_SUMMARY"); path != "" {
		err = w.Console.WriteSummary(path)
	}
	if w.engine == nil {
		return err
	}
	return errors.Join(err, w.engine.Close())
}

// Shop opens the site. Its files and git are read before the engine is asked for anything.
func (w *Project) Shop(ctx context.Context) (site.Site, error) {
	dir, settings := filepath.Dir(SiteFile), w.Site.Value
	generated, err := w.catalog(ctx)
	if err != nil {
		return site.Site{}, err
	}
	cache, err := cacheDir()
	if err != nil {
		return site.Site{}, err
	}
	commit, err := gitinfo.Repository{Env: os.Environ()}.LastCommit(ctx, dir, filepath.Join(dir, settings.Content), settings.TagsOfGit())
	if err != nil {
		return site.Site{}, err
	}
	if commit.Shallow {
		w.Console.LogOnce("warning: the clone is shallow: the site's commit, which gives the image its time, may be taken for the newest (git fetch --unshallow)")
	}
	source, err := settings.ReadSource(dir, commit, generated...)
	if err != nil {
		return site.Site{}, err
	}
	tags, leftOut := site.ResolveTags(settings.Tags, commit)
	for _, tag := range leftOut {
		w.Console.LogOnce("tag %s is left out: git does not say it here", tag)
	}
	if len(tags) == 0 {
		return site.Site{}, fault.New(fault.Usage, "add a tag that always applies, such as latest", "tags in site.toml: git says none of them here: %s", strings.Join(leftOut, ", "))
	}
	settings.Tags = tags
	e, err := w.Engine(ctx)
	return site.Site{
		Engine: e, Registry: w.registry(), Console: w.Console, Settings: settings, Source: source,
		Dist: Dist, Cache: imagebuild.FolderCache(filepath.Join(cache, "images")),
	}, err
}

// cacheDir is where Kiln keeps what it can do without.
func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fault.New(fault.Environment, "set HOME or XDG_CACHE_HOME", "find the folder for caches: %w", err)
	}
	return filepath.Join(dir, "kiln"), nil
}

// Works opens the room of the kernels.
func (w *Project) Works(ctx context.Context) (*kernel.Builder, error) {
	e, err := w.Engine(ctx)
	if err != nil {
		return nil, err
	}
	return w.works(e)
}

// works opens the room with an engine, or without: nil.
func (w *Project) works(e *engine.Client) (*kernel.Builder, error) {
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	return kernel.New(e, w.Console, w.Kernels.Value, filepath.Dir(KernelFile), cache, Dist)
}

// Specs gives the chosen kernels of the file.
func (w *Project) Specs(choice kernel.Choice) ([]kernel.Spec, error) {
	return w.Kernels.Value.Specs(filepath.Dir(KernelFile), choice)
}
