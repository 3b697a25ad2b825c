package executor

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"path"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/reproduce"
)

// makeConfig runs the plan's steps up to the one that makes the configuration final, and
// compares that with what was asked.
func (r *run) makeConfig(ctx context.Context) error {
	for _, s := range r.task.Plan.Steps {
		if err := r.runStep(ctx, s); err != nil {
			return err
		}
		if s.Checks {
			return r.compareConfig(ctx)
		}
	}
	return fmt.Errorf("configure kernel %s: its plan has no step that makes the configuration final", r.task.Plan.Folder())
}

// checkConfig checks the final configuration before anything is compiled. Lost options are
// an error; a configuration without them is cached for later builds.
func (r *run) checkConfig(ctx context.Context) error {
	if err := r.compareConfig(ctx); err != nil {
		return err
	}
	for _, v := range r.verdicts {
		if !v.Kept() && v.Allowed {
			r.events.Logf("kernel %s: allowed: %s", r.task.Plan.Folder(), v)
		}
	}
	for _, w := range r.configWarnings {
		r.events.Logf("warning: kernel %s: %s", r.task.Plan.Folder(), w)
	}
	if err := r.configuration().Err(); err != nil {
		return err
	}
	for _, why := range reproduce.NonReproducible(r.final) {
		r.events.Logf("warning: kernel %s: not reproducible: %s", r.task.Plan.Folder(), why)
	}
	return errors.Join(r.writeState(ctx, r.state(r.finalSum)), r.cacheConfig(ctx))
}

// compareConfig reads the final configuration, compares each asked option with it and
// explains those that differ.
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
	if lost := kconfig.NotKept(r.verdicts); len(lost) > 0 {
		if err := r.explainLost(ctx, lost); err != nil { // the verdicts are valid without it
			r.events.Logf("kernel %s: cannot explain why options are not as asked: %v", r.task.Plan.Folder(), err)
		}
	}
	return r.checkValues(ctx)
}

// explainLost has kconfiglib, in the container, find out why options were not kept, and
// adds the answers to the verdicts.
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
	verdicts, foreign := kconfig.Explain(r.verdicts, answers)
	r.verdicts = verdicts
	for _, v := range foreign {
		r.configWarnings = append(r.configWarnings, v.String())
	}
	return nil
}

// kconfigEnv returns the variables that the kernel's top Makefile exports to the tools
// that read Kconfig files.
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
