// Package toolkit builds and verifies what a project folder describes: a site image from
// site/ and Linux kernels from kernel/, with results in dist/.
//
//	p, err := toolkit.Open(toolkit.Options{Dir: "/srv/project"})
//	if err != nil { ... }
//	defer p.Close()
//	image, err := p.Site().Build(ctx)
//	built, err := p.Kernels().Build(ctx, toolkit.Choice{Arch: "arm64"})
//
// The Mage targets of package targets call it; a program or a magefile with targets of its
// own can do the same. Methods print their results to Options.Stdout and return them.
//
// Errors are of the classes that ExitCode distinguishes: what was built or checked is bad,
// the call or the configuration is wrong, or the environment has a problem.
package toolkit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/registry"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/scratch"
	"github.com/romanatrashyonok/kiln/internal/settings"
	"github.com/romanatrashyonok/kiln/internal/site"
)

// The files and folders of a project, from its root.
const (
	SiteFile   = "site/site.toml"
	KernelFile = "kernel/kernels.toml"
	Dist       = "dist"
)

// The variables that belong to no file.
const (
	OutputVariable = "KILN_OUTPUT" // "json" for machines
	PushVariable   = "KILN_PUSH"   // "1" makes All push
	sitePrefix     = "KILN_SITE_"
	kernelPrefix   = "KILN_KERNEL_"
)

// Project is an open project folder. It is not safe for concurrent use.
type Project struct {
	options Options
	console *report.Console
	site    settings.Loaded[site.Settings]
	kernels settings.Loaded[spec.File]
	client  *engine.Client // nil until the engine is needed
}

// Open reads the configuration of a project: site/site.toml and kernel/kernels.toml, each of
// which may be missing, with the environment over them. All faults of both files and of the
// environment come in one error, for which ExitCode is 2, or 3 if this user may not read a
// file. Open starts nothing; it removes the temporary folders of runs that were killed.
func Open(o Options) (*Project, error) {
	o = o.filled()
	if err := checkDir(o.Dir); err != nil {
		return nil, err
	}
	p := &Project{options: o, console: newConsole(o)}
	var siteErr, kernelErr error
	p.site, siteErr = settings.Load(p.path(SiteFile), sitePrefix, site.Defaults(), o.Env, settings.OtherFile[spec.File](p.path(KernelFile)))
	p.kernels, kernelErr = settings.Load(p.path(KernelFile), kernelPrefix, spec.Defaults(), o.Env, settings.OtherFile[site.Settings](p.path(SiteFile)))
	if err := errors.Join(siteErr, kernelErr, settings.CheckEnviron(o.Env, Variables(), settings.FileOnly[site.Settings](sitePrefix)), checkOutput(o)); err != nil {
		return nil, err
	}
	p.kernels.Value = p.kernels.Value.WithDefaults()
	scratch.Sweep()
	return p, nil
}

// Close ends the connection to the engine once the containers that were left are gone, and
// writes GitHub's job summary where GITHUB_STEP_SUMMARY names a file.
func (p *Project) Close() error {
	var err error
	if path := p.options.getenv("GITHUB_STEP_SUMMARY"); path != "" {
		err = p.console.WriteSummary(path)
	}
	if p.client == nil {
		return err
	}
	return errors.Join(err, p.client.Close())
}

// Site returns the site half of the project.
func (p *Project) Site() *Site { return &Site{p} }

// Kernels returns the kernel half of the project.
func (p *Project) Kernels() *Kernels { return &Kernels{p} }

// Variables returns the name of every variable of its own that Kiln reads.
func Variables() []string {
	own := []string{OutputVariable, PushVariable, registry.UsernameVariable, registry.PasswordVariable}
	return slices.Concat(own, settings.Names[site.Settings](sitePrefix), settings.Names[spec.File](kernelPrefix))
}

// ExitCode returns the exit code for an error: 0 for nil, 1 if what was built or checked is
// bad, 2 if the call or the configuration is wrong, 3 for an environment problem: no engine,
// network, disk space or registry; 130 and 143 if Run was ended by SIGINT or SIGTERM.
func ExitCode(err error) int { return fault.Code(err) }

func newConsole(o Options) *report.Console {
	c := report.New(o.Stdout, o.Stderr, o.getenv(OutputVariable))
	c.AddSecret(o.getenv(registry.PasswordVariable))
	if o.getenv("GITHUB_ACTIONS") == "true" {
		c.UseGitHubActions()
	}
	return c
}

// checkDir reports, as an error, a project folder that is none.
func checkDir(dir string) error {
	info, err := os.Stat(filepath.Join(dir, "."))
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: dir, Err: syscall.ENOTDIR}
	}
	if err != nil {
		return fault.New(fault.Usage, "Options.Dir names the folder that holds site/ and kernel/", "open the project: %w", err)
	}
	return nil
}

func checkOutput(o Options) error {
	if v := o.getenv(OutputVariable); !slices.Contains([]string{"", "text", "json"}, v) {
		return fault.New(fault.Usage, "", "%s: expected text or json, got %q", OutputVariable, v)
	}
	return nil
}

// path returns where a file or folder of the project is.
func (p *Project) path(name string) string { return filepath.Join(p.options.Dir, name) }

// cache returns the folder for what can be made a second time.
func (p *Project) cache() (string, error) {
	if p.options.Cache == "" {
		return "", fault.New(fault.Environment, "set HOME or XDG_CACHE_HOME", "find the cache folder: no variable names it")
	}
	return p.options.Cache, nil
}

// engine connects to the engine, once, and removes the containers and scratch volumes that
// interrupted runs left in it.
func (p *Project) engine(ctx context.Context) (*engine.Client, error) {
	if p.client != nil {
		return p.client, nil
	}
	e, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	removed, err := e.Sweep(ctx)
	if err != nil {
		e.Close()
		return nil, err
	}
	for _, name := range removed {
		p.console.Logf("removed %s, left by an interrupted run", name)
	}
	p.client = e
	return e, nil
}

// registry returns the client for registries. The credentials in the environment are for
// the site's alone.
func (p *Project) registry() *registry.Client {
	r := registry.New(p.options.getenv, p.site.Value.Repository)
	r.Logf = p.console.Logf
	return r
}

// connect opens a connection to the engine that the caller closes.
func (p *Project) connect(ctx context.Context) (*engine.Client, error) {
	return engine.Connect(ctx, p.options.getenv, p.registry())
}
