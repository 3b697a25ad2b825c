package kernel

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
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

// Configure makes a kernel's configuration, as a build does, and judges it. Nothing
// is compiled. Lost options are in the result and are no error here: see Err.
func (w *Builder) Configure(ctx context.Context, s Spec) (Configuration, error) {
	return firstSource(ctx, w, s, func(r candidate) (c Configuration, err error) {
		err = w.configured(ctx, r, func(j *run) error {
			c = j.configuration()
			return nil
		})
		return c, err
	})
}

// configured makes the configuration of a kernel in a container, and has do look at
// it. A build of the same kernel that is under way is not disturbed.
func (w *Builder) configured(ctx context.Context, r candidate, do func(*run) error) error {
	tree, err := w.fetch(ctx, r)
	if err != nil {
		return err
	}
	r.plan = r.plan.withOutputSuffix("-config")
	j, err := w.newRun(ctx, r, tree)
	if err != nil {
		return err
	}
	unlock, _, err := w.acquireOutput(ctx, r.plan)
	if err != nil {
		return err
	}
	defer unlock()
	if err := j.open(ctx); err != nil {
		return err
	}
	defer j.ctr.Remove()
	if err := j.end(ctx, j.configure(ctx)); err != nil {
		j.reportFailure(err)
		return err
	}
	return do(j)
}

// configure runs the plan's steps up to the one that makes the configuration final.
func (j *run) configure(ctx context.Context) error {
	for _, s := range j.candidate.plan.Steps {
		if err := j.step(ctx, s); err != nil {
			return err
		}
		if s.Checks {
			return j.compare(ctx)
		}
	}
	return fmt.Errorf("the plan of %s has no step that makes the configuration final", j.candidate.plan.Folder())
}

func (j *run) configuration() Configuration {
	p := j.candidate.plan
	c := Configuration{Name: p.Name, Version: p.Version, Arch: p.Arch, Asked: len(j.checked), Options: j.checked}
	for _, v := range j.checked {
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
	return fault.New(fault.Usage, "set the options they depend on too, or accept the deviation: allow = [...] in kernels.toml",
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
	return fault.New(fault.Usage, "set the options they depend on too, or accept the deviation: allow = [...] in kernels.toml",
		"configure kernels: %d of %d have options that are not as asked", lost, len(faults))
}

// check judges the configuration that a build has made, before it compiles. One that
// is as asked serves the next build too.
func (j *run) check(ctx context.Context) error {
	if err := j.compare(ctx); err != nil {
		return err
	}
	for _, v := range j.checked {
		if !v.Kept() && v.Allowed {
			j.builder.Console.Logf("kernel %s: allowed: %s", j.candidate.plan.Folder(), v)
		}
	}
	if err := j.configuration().Err(); err != nil {
		return err
	}
	for _, breaker := range reproduce.NonReproducible(j.final) {
		j.builder.Console.Logf("warning: kernel %s: another build will not give the same bytes: %s", j.candidate.plan.Folder(), breaker)
	}
	return errors.Join(j.putState(ctx, j.state(j.finalSum)), j.cacheConfig(ctx))
}

// compare judges each asked option by the final configuration, and finds out why
// those that are not as asked are not.
func (j *run) compare(ctx context.Context) error {
	text, err := j.ctr.Output(ctx, engine.Command{Argv: []string{"cat", configFile}})
	if err != nil {
		return err
	}
	final, faults := kconfig.Parse(".config", text)
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	j.final = kconfig.Values(final)
	j.finalSum = fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
	asked, err := j.candidate.spec.Asked()
	if err != nil {
		return err
	}
	j.checked = kconfig.Compare(asked, final, j.candidate.spec.Allow)
	lost := kconfig.Ask(j.checked)
	if len(lost) == 0 {
		return nil
	}
	if err := j.explain(ctx, lost); err != nil { // the verdicts stand without it
		j.builder.Console.Logf("kernel %s: why options are not as asked could not be found out: %v", j.candidate.plan.Folder(), err)
	}
	return nil
}

// explain asks kconfiglib, in the container, about the options that were lost.
func (j *run) explain(ctx context.Context, lost map[string]string) error {
	question, err := json.Marshal(lost)
	if err != nil {
		return err
	}
	program, asked := path.Join(inputDir, "explain.py"), path.Join(inputDir, "asked.json")
	err = j.ctr.Put(ctx, "/", inputFile(program, kconfig.Explainer), inputFile(asked, string(question)))
	if err != nil {
		return err
	}
	out, err := j.ctr.Output(ctx, engine.Command{
		Argv: []string{"python3", program, configFile, asked}, Dir: sourceDir, User: builder, Env: j.kconfigEnv(ctx),
	})
	if err != nil {
		return err
	}
	var answers map[string]kconfig.Answer
	if err := json.Unmarshal([]byte(out), &answers); err != nil {
		return fmt.Errorf("read the explanation: %w", err)
	}
	kconfig.Explain(j.checked, answers)
	return nil
}

// kconfigEnv is what the kernel's top Makefile exports to the tools that read
// Kconfig files.
func (j *run) kconfigEnv(ctx context.Context) []string {
	c := j.candidate.spec.Compiler
	return append(j.env(),
		"srctree="+sourceDir, "SRCARCH="+j.candidate.spec.Arch.Source, "KERNELVERSION="+j.candidate.plan.Version,
		"CC=kiln-cc "+c.CC, "CC_VERSION_TEXT="+j.firstLine(ctx, c.CC, "--version"),
		"LD="+c.LD, "AR="+c.Tools+"ar", "NM="+c.Tools+"nm", "OBJCOPY="+c.Tools+"objcopy",
		"HOSTCC=gcc", "PAHOLE=pahole", "RUSTC=rustc", "BINDGEN=bindgen", "PYTHONDONTWRITEBYTECODE=1",
		"CLANG_FLAGS="+c.Flags,
	)
}

// inputFile is a text that is put into the build's container.
func inputFile(name, text string) engine.File {
	return engine.File{Name: strings.TrimPrefix(name, "/"), Mode: 0o644, Size: int64(len(text)), Body: strings.NewReader(text)}
}
