//go:build linux

package build

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/confined"
)

// publish seals the result folder, and adds the plan and the manifest to the artefacts and the log in
// it. A scratch build leaves the artefacts alone.
func (r *run) publish(ctx context.Context) error {
	tools := r.toolchain(ctx) // before seal: no command runs after it
	if err := r.seal(); err != nil || !recorded(r.Job) {
		return err
	}
	if err := r.put(plan.PlanFile, r.Plan); err != nil {
		return err
	}
	m, err := r.finalManifest(tools)
	if err != nil {
		return err
	}
	if err := r.put(plan.ManifestFile, m); err != nil {
		return err
	}
	return r.tree().SetCheckpoint(m) // the result may still get lost on its way into the engine
}

// put writes a value as a JSON file of the result folder.
func (r *run) put(name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	file, err := confined.Create(r.dir(plan.ResultRole), name)
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	_, err = file.Write(append(text, '\n'))
	return fault.Wrap(fault.Environment, errors.Join(err, file.Close()))
}

// toolchain returns the record of the toolchain.
func (r *run) toolchain(ctx context.Context) plan.ToolchainRecord {
	return plan.ToolchainRecord{
		Image: r.Image, Base: r.Base,
		Compiler: r.firstLine(ctx, r.Plan.Toolchain.CC, "--version"), Linker: r.firstLine(ctx, r.Plan.Toolchain.LD, "--version"),
	}
}

// finalManifest returns the manifest of a build whose steps have succeeded.
func (r *run) finalManifest(tools plan.ToolchainRecord) (plan.Manifest, error) {
	r.compareWarnings()
	m := r.manifest(r.session)
	m.Toolchain = tools
	release, _ := confined.Read(r.dir(plan.OutputRole), "include/config/kernel.release") // a stand-in for a kernel has none
	m.Release, _, _ = strings.Cut(string(release), "\n")
	m.Cache, m.CPU, m.Key = r.cache.Record(), r.group.CPUSeconds(), r.key()
	var err error
	if m.Artefacts, err = r.artefacts(); err != nil {
		return m, err
	}
	c := r.config.Configuration
	m.Config = plan.ConfigRecord{SHA256: m.SumOf("config"), Asked: c.Asked, Kept: c.Kept}
	m.Finished = time.Now().UTC()
	return m, nil
}

// compileLines returns how many lines make prints in a build from nothing. An incremental build
// prints fewer, and passes on the last number.
func (r *run) compileLines() int64 {
	if r.reusable.incremental {
		return r.Lines
	}
	return r.compiled
}
