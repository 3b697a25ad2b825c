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

// store hashes the artefacts where they were made, writes the manifest beside
// them, and turns their folder into an image, which takes the kernel's name. An
// image comes into being whole or not at all, and the engine keeps it by its content.
func (j *run) store(ctx context.Context) error {
	if err := j.putPlan(ctx); err != nil {
		return err
	}
	if err := j.putLog(ctx); err != nil {
		return err
	}
	m, err := j.manifest(ctx)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	manifest := engine.File{Name: plan.ManifestFile, Mode: 0o644, Size: int64(len(text)), Body: bytes.NewReader(text), Time: m.Finished}
	if err := j.ctr.Put(ctx, plan.ResultDir, manifest); err != nil {
		return err
	}
	p := j.task.Plan
	return j.exec.Engine.ImportFrom(ctx, j.ctr, plan.ResultDir, result.Tag(p.Folder()), "kernel", map[string]string{
		result.LabelPlan: m.Plan, result.LabelLines: strconv.FormatInt(j.measure(), 10),
		result.LabelName: p.Name, result.LabelVersion: p.Version, result.LabelArch: p.Arch,
	})
}

// putPlan puts the plan beside the artefacts.
func (j *run) putPlan(ctx context.Context) error {
	text, err := json.MarshalIndent(j.task.Plan, "", "  ")
	if err != nil {
		return err
	}
	return j.ctr.Put(ctx, "/", inputFile(path.Join(plan.ResultDir, plan.PlanFile), string(text)+"\n"))
}

// putLog puts the log so far beside the artefacts.
func (j *run) putLog(ctx context.Context) error {
	text, err := os.ReadFile(j.logPath)
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	return j.ctr.Put(ctx, plan.ResultDir, engine.File{
		Name: plan.LogFile, Mode: 0o644, Size: int64(len(text)), Body: bytes.NewReader(text), Time: time.Now(),
	})
}

func (j *run) manifest(ctx context.Context) (plan.Manifest, error) {
	m := j.partialManifest()
	m.Toolchain.Compiler = j.firstLine(ctx, j.task.Spec.Compiler.CC, "--version")
	m.Toolchain.Linker = j.firstLine(ctx, j.task.Spec.Compiler.LD, "--version")
	m.Release = j.firstLine(ctx, "cat", plan.OutputDir+"/include/config/kernel.release")
	m.Cache, m.CPU = j.cacheRecord(ctx), j.cpu(ctx)
	var err error
	if m.Artefacts, err = j.artefacts(ctx); err != nil {
		return m, err
	}
	c := j.configuration()
	m.Config = plan.ConfigRecord{SHA256: m.SumOf("config"), Asked: c.Asked, Kept: c.Kept}
	j.compareWarnings(ctx)
	m.Warnings = j.warningLines()
	m.Finished = time.Now().UTC()
	return m, nil
}

// artefacts hashes and measures every file of the result folder, in the container.
func (j *run) artefacts(ctx context.Context) ([]plan.Artefact, error) {
	sizes, err := j.ctr.Output(ctx, engine.Command{Argv: []string{"find", plan.ResultDir, "-type", "f", "-printf", `%s %P\n`}})
	if err != nil {
		return nil, err
	}
	sums, err := j.ctr.Output(ctx, engine.Command{Argv: []string{"find", plan.ResultDir, "-type", "f", "-exec", "sha256sum", "{}", "+"}})
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
		bytes, err := strconv.ParseInt(size, 10, 64)
		if !ok || err != nil || sumOf[name] == "" {
			return nil, fmt.Errorf("list artefacts: unexpected line %q", line)
		}
		list = append(list, plan.Artefact{Path: name, SHA256: sumOf[name], Size: bytes})
	}
	slices.SortFunc(list, func(a, b plan.Artefact) int { return strings.Compare(a.Path, b.Path) })
	return list, nil
}

func (j *run) firstLine(ctx context.Context, argv ...string) string {
	out, err := j.ctr.Output(ctx, engine.Command{Argv: argv})
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(out, "\n")
	return line
}
