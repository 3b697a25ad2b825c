package executor

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/reproduce"
)

// Configuration is what became of the options that a kernel asks for.
type Configuration struct {
	Name    string            `json:"name"`
	Version string            `json:"version"`
	Arch    string            `json:"arch"`
	Asked   int               `json:"asked"`
	Kept    int               `json:"kept"`
	Options []kconfig.Verdict `json:"options"`
}

// Session is a container in which a kernel's configuration was made.
type Session struct{ run *run }

// Configure makes a kernel's configuration in a container and hands that to use.
// Nothing is compiled. Lost options are no error here: see Configuration.Err.
func (e *Executor) Configure(ctx context.Context, t Task, ev Events, use func(*Session) error) error {
	r, err := e.newRun(ctx, t, ev)
	if err != nil {
		return err
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	defer r.ctr.Remove()
	if err := r.finish(ctx, r.makeConfig(ctx)); err != nil {
		r.reportFailure(err)
		return err
	}
	return use(&Session{r})
}

// Configuration returns what became of each asked option.
func (s *Session) Configuration() Configuration { return s.run.configuration() }

// Folder names the kernel's folder in dist/kernels.
func (s *Session) Folder() string { return s.run.task.Plan.Folder() }

// Output runs a command as the build's user, in its environment, and returns what it
// printed to standard output.
func (s *Session) Output(ctx context.Context, argv ...string) (string, error) {
	return s.run.ctr.Output(ctx, engine.Command{Argv: argv, User: plan.BuildUser, Env: s.run.env()})
}

// Interact runs a command in the output tree on a terminal. The command's exit code, if
// not 0, is an *engine.ExitError.
func (s *Session) Interact(ctx context.Context, in *os.File, out io.Writer, argv ...string) error {
	return s.run.ctr.Interact(ctx, engine.Command{Argv: argv, User: plan.BuildUser, Dir: plan.OutputDir, Env: s.run.env()}, in, out)
}

// Edited returns the lines that lead from the configuration before change to the one
// after it: the difference between the two as savedefconfig writes them, which leaves
// out everything that follows from the rest.
func (s *Session) Edited(ctx context.Context, change func() error) ([]string, error) {
	before, err := s.minimal(ctx)
	if err != nil {
		return nil, err
	}
	if err := change(); err != nil {
		return nil, err
	}
	after, err := s.minimal(ctx)
	if err != nil {
		return nil, err
	}
	text, err := s.Output(ctx, "cat", plan.ConfigFile)
	if err != nil {
		return nil, err
	}
	final, _ := kconfig.Parse(".config", text)
	return kconfig.Difference(before, after, kconfig.Values(final)), nil
}

// minimal returns the present configuration without what follows from the rest of it.
func (s *Session) minimal(ctx context.Context) ([]kconfig.Option, error) {
	if _, err := s.Output(ctx, plan.Make(s.run.task.Spec, "savedefconfig")...); err != nil {
		return nil, err
	}
	text, err := s.Output(ctx, "cat", plan.OutputDir+"/defconfig")
	if err != nil {
		return nil, err
	}
	options, faults := kconfig.Parse("defconfig", text)
	return options, errors.Join(faults...)
}

// makeConfig runs the plan's steps up to the one that makes the configuration final.
func (r *run) makeConfig(ctx context.Context) error {
	for _, s := range r.task.Plan.Steps {
		if err := r.runStep(ctx, s); err != nil {
			return err
		}
		if s.Checks {
			return r.compareConfig(ctx)
		}
	}
	return fmt.Errorf("the plan of %s has no step that makes the configuration final", r.task.Plan.Folder())
}

func (r *run) configuration() Configuration {
	p := r.task.Plan
	c := Configuration{Name: p.Name, Version: p.Version, Arch: p.Arch, Asked: len(r.verdicts), Options: r.verdicts}
	for _, v := range r.verdicts {
		if v.Kept() {
			c.Kept++
		}
	}
	return c
}

// String tells how many options were kept, and about each that was not.
func (c Configuration) String() string {
	lines := []string{fmt.Sprintf("%s-%s-%s: %d options asked, %d kept", c.Name, c.Version, c.Arch, c.Asked, c.Kept)}
	for _, v := range c.Options {
		switch {
		case v.Lost():
			lines = append(lines, v.String())
		case !v.Kept():
			lines = append(lines, "allowed: "+v.String())
		}
	}
	return strings.Join(lines, "\n")
}

// Err makes an error of options that were lost.
func (c Configuration) Err() error {
	var lost []string
	for _, v := range c.Options {
		if v.Lost() {
			lost = append(lost, v.String())
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return fault.New(fault.Usage, "ask for what they need too, or excuse them: allow = [...] in kernels.toml",
		"configure kernel %s-%s-%s: %d of %d options are not as asked:\n%s", c.Name, c.Version, c.Arch, len(lost), c.Asked, strings.Join(lost, "\n"))
}

// Lost makes one error of the faults of several configurations; nil ones count for
// nothing.
func Lost(faults []error) error {
	lost := 0
	for _, err := range faults {
		if err != nil {
			lost++
		}
	}
	if lost == 0 {
		return nil
	}
	return fault.New(fault.Usage, "ask for what they need too, or excuse them: allow = [...] in kernels.toml",
		"configure kernels: %d of %d have options that are not as asked", lost, len(faults))
}

// checkConfig judges the configuration that a build has made, before it compiles. One that
// is as asked serves the next build too.
func (r *run) checkConfig(ctx context.Context) error {
	if err := r.compareConfig(ctx); err != nil {
		return err
	}
	for _, v := range r.verdicts {
		if !v.Kept() && v.Allowed {
			r.events.Logf("kernel %s: allowed: %s", r.task.Plan.Folder(), v)
		}
	}
	if err := r.configuration().Err(); err != nil {
		return err
	}
	for _, breaker := range reproduce.NonReproducible(r.final) {
		r.events.Logf("warning: kernel %s: another build will not give the same bytes: %s", r.task.Plan.Folder(), breaker)
	}
	return errors.Join(r.writeState(ctx, r.state(r.finalSum)), r.cacheConfig(ctx))
}

// compareConfig judges each asked option by the final configuration, and finds out why
// those that are not as asked are not.
func (r *run) compareConfig(ctx context.Context) error {
	text, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"cat", plan.ConfigFile}})
	if err != nil {
		return err
	}
	final, faults := kconfig.Parse(".config", text)
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	r.final = kconfig.Values(final)
	r.finalSum = fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
	asked, err := r.task.Spec.Asked()
	if err != nil {
		return err
	}
	r.verdicts = kconfig.Compare(asked, final, r.task.Spec.Allow)
	lost := kconfig.NotKept(r.verdicts)
	if len(lost) == 0 {
		return nil
	}
	if err := r.explainLost(ctx, lost); err != nil { // the verdicts stand without it
		r.events.Logf("kernel %s: why options are not as asked could not be found out: %v", r.task.Plan.Folder(), err)
	}
	return nil
}

// explainLost asks kconfiglib, in the container, about the options that were lost.
func (r *run) explainLost(ctx context.Context, lost map[string]string) error {
	question, err := json.Marshal(lost)
	if err != nil {
		return err
	}
	program, asked := path.Join(plan.InputDir, "explain.py"), path.Join(plan.InputDir, "asked.json")
	err = r.ctr.Put(ctx, "/", inputFile(program, kconfig.ExplainScript), inputFile(asked, string(question)))
	if err != nil {
		return err
	}
	out, err := r.ctr.Output(ctx, engine.Command{
		Argv: []string{"python3", program, plan.ConfigFile, asked}, Dir: plan.SourceDir, User: plan.BuildUser, Env: r.kconfigEnv(ctx),
	})
	if err != nil {
		return err
	}
	var answers map[string]kconfig.Answer
	if err := json.Unmarshal([]byte(out), &answers); err != nil {
		return fmt.Errorf("read the explanation: %w", err)
	}
	kconfig.Explain(r.verdicts, answers)
	return nil
}

// kconfigEnv is what the kernel's top Makefile exports to the tools that read
// Kconfig files.
func (r *run) kconfigEnv(ctx context.Context) []string {
	c := r.task.Spec.Compiler
	return append(r.env(),
		"srctree="+plan.SourceDir, "SRCARCH="+r.task.Spec.Arch.Source, "KERNELVERSION="+r.task.Plan.Version,
		"CC=kiln-cc "+c.CC, "CC_VERSION_TEXT="+r.firstLine(ctx, c.CC, "--version"),
		"LD="+c.LD, "AR="+c.Tools+"ar", "NM="+c.Tools+"nm", "OBJCOPY="+c.Tools+"objcopy",
		"HOSTCC=gcc", "PAHOLE=pahole", "RUSTC=rustc", "BINDGEN=bindgen", "PYTHONDONTWRITEBYTECODE=1",
		"CLANG_FLAGS="+c.Flags,
	)
}

// inputFile is a text that is put into the build's container.
func inputFile(name, text string) engine.File {
	return engine.File{Name: strings.TrimPrefix(name, "/"), Mode: 0o644, Size: int64(len(text)), Body: strings.NewReader(text)}
}
