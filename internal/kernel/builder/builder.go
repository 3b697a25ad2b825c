// Package builder builds kernels: it resolves a kernel's spec to a source and a plan, takes
// the stored result of that plan, and has an executor run the plan if there is none.
//
//	Spec -> source.Ref -> Plan -> [Store] -> Executor -> Result
package builder

import (
	"context"

	"golang.org/x/sync/singleflight"

	"github.com/romanatrashyonok/kiln/internal/base"
	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/gobuild"
	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/fetch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/kernel/toolchain"
	"github.com/romanatrashyonok/kiln/internal/kernel/track"
	"github.com/romanatrashyonok/kiln/internal/kernel/upstream"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Executor runs a task's plan, reports events while it does, and returns the result.
type Executor interface {
	Run(context.Context, executor.Task, executor.Events) (result.Result, error)
}

// Store keeps results by the hash of their plan.
type Store interface {
	// Get makes the plan's result the kernel's current one and returns it. It returns
	// result.ErrNotBuilt where there is none.
	Get(context.Context, plan.Plan) (result.Result, error)
	// Put stores the kernel's current result under its plan.
	Put(context.Context, plan.Plan) error
}

// Builder builds kernels with one engine.
type Builder struct {
	resolver
	Engine  *engine.Client
	Results *result.Store
	Local   *executor.Executor
	Folder  result.Folder // extracted kernels
}

// Config is what a Builder is made of.
type Config struct {
	Engine   *engine.Client
	Console  *report.Console
	Upstream *upstream.Client
	Lock     track.Lock
	Limits   spec.Limits
	Dir      string // the folder of kernels.toml
	Cache    string // local folder for downloads
	Dist     string // local folder for results
	Compiler gobuild.Compiler
	Environ  []string // environment of commands on this machine, as NAME=value
	Term     string   // type of the terminal of Menuconfig and Shell: the variable TERM
}

// New returns a Builder. It contacts neither the engine nor the network.
func New(c Config) *Builder {
	images := toolchain.New(base.Provider{Engine: c.Engine, Console: c.Console, Environ: c.Environ}, c.Lock.Toolchains...)
	sources := &fetch.Fetcher{
		Volumes: fetch.Volumes{Engine: c.Engine, Console: c.Console, Image: images.Fetch}, Cache: c.Cache, Dir: c.Dir, Upstream: c.Upstream, Limit: c.Limits.SourceBytes(),
		Flight: new(singleflight.Group),
	}
	results := &result.Store{Engine: c.Engine, Console: c.Console, Keep: c.Limits.KeepBytes()}
	return &Builder{
		resolver: resolver{Console: c.Console, Upstream: c.Upstream, Sources: sources, Images: images, Lock: c.Lock},
		Engine:   c.Engine, Results: results,
		Local:  &executor.Executor{Engine: c.Engine, Sources: sources, Results: results, Compiler: c.Compiler, Limits: c.Limits, Dist: c.Dist, Term: c.Term},
		Folder: result.Folder{Engine: c.Engine, Dir: result.FolderIn(c.Dist)},
	}
}
