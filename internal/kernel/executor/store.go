package executor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
)

// storeResult hashes the artefacts in the container, adds the manifest, the plan and the
// log, and imports their folder as an image under the kernel's name. The import is atomic,
// and the engine addresses the image by its content.
func (r *run) storeResult(ctx context.Context) error {
	if err := r.putPlan(ctx); err != nil {
		return err
	}
	if err := r.putLog(ctx); err != nil {
		return err
	}
	m, err := r.manifest(ctx)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	manifest := engine.File{Name: plan.ManifestFile, Mode: 0o644, Size: int64(len(text)), Body: bytes.NewReader(text), Time: m.Finished}
	if err := r.ctr.Put(ctx, plan.ResultDir, manifest); err != nil {
		return err
	}
	p := r.task.Plan
	return r.exec.Engine.ImportFrom(ctx, r.ctr, plan.ResultDir, result.Tag(p.Folder()), "kernel", map[string]string{
		result.LabelPlan: m.Plan, result.LabelLines: strconv.FormatInt(r.compileLines(), 10),
		result.LabelName: p.Name, result.LabelVersion: p.Version, result.LabelArch: p.Arch,
	})
}

// putPlan writes the plan beside the artefacts.
func (r *run) putPlan(ctx context.Context) error {
	text, err := json.MarshalIndent(r.task.Plan, "", "  ")
	if err != nil {
		return err
	}
	return r.ctr.Put(ctx, "/", inputFile(path.Join(plan.ResultDir, plan.PlanFile), string(text)+"\n"))
}

// putLog writes the log so far beside the artefacts.
func (r *run) putLog(ctx context.Context) error {
	text, err := os.ReadFile(r.logPath)
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	return r.ctr.Put(ctx, plan.ResultDir, engine.File{
		Name: plan.LogFile, Mode: 0o644, Size: int64(len(text)), Body: bytes.NewReader(text), Time: time.Now(),
	})
}

// manifest returns the manifest of a build whose steps have succeeded.
func (r *run) manifest(ctx context.Context) (plan.Manifest, error) {
	m := r.partialManifest()
	m.Toolchain.Compiler = r.firstLine(ctx, r.task.Spec.Compiler.CC, "--version")
	m.Toolchain.Linker = r.firstLine(ctx, r.task.Spec.Compiler.LD, "--version")
	m.Release = r.firstLine(ctx, "cat", plan.OutputDir+"/include/config/kernel.release")
	m.Cache, m.CPU = r.ccacheRecord(ctx), r.cpuSeconds(ctx)
	var err error
	if m.Artefacts, err = r.artefacts(ctx); err != nil {
		return m, err
	}
	c := r.configuration()
	m.Config = plan.ConfigRecord{SHA256: m.SumOf("config"), Asked: c.Asked, Kept: c.Kept}
	r.compareWarnings(ctx)
	m.Warnings = r.warningLines()
	m.Finished = time.Now().UTC()
	return m, nil
}

// artefacts returns every file of the result folder with its sha256 and size in bytes, by
// path.
func (r *run) artefacts(ctx context.Context) ([]plan.Artefact, error) {
	sizes, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"find", plan.ResultDir, "-type", "f", "-printf", `%s %P\n`}})
	if err != nil {
		return nil, err
	}
	sums, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"find", plan.ResultDir, "-type", "f", "-exec", "sha256sum", "{}", "+"}})
	if err != nil {
		return nil, err
	}
	sumOf := map[string]string{}
	for line := range strings.Lines(sums) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		sumOf[strings.TrimPrefix(name, plan.ResultDir+"/")] = sum
	}
	var list []plan.Artefact
	for line := range strings.Lines(sizes) {
		size, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		length, err := strconv.ParseInt(size, 10, 64)
		if !ok || err != nil || sumOf[name] == "" {
			return nil, fmt.Errorf("list artefacts: unexpected line %q", line)
		}
		list = append(list, plan.Artefact{Path: name, SHA256: sumOf[name], Size: length})
	}
	slices.SortFunc(list, func(a, b plan.Artefact) int { return strings.Compare(a.Path, b.Path) })
	return list, nil
}
