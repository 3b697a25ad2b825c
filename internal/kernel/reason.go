package kernel

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/report"
	"github.com/romanatrashyonok/kiln/internal/scratch"
)

// planFile is where a result keeps the plan that made it.
const planFile = "plan.json"

// reason says why a kernel is built: what differs from the plan of its last result.
func (w *Builder) reason(ctx context.Context, p Plan) string {
	var old Plan
	err := w.lastFile(ctx, p, planFile, &old)
	if errors.Is(err, engine.ErrNoImage) {
		return "no such kernel is there yet"
	}
	if err != nil {
		return fmt.Sprintf("the plan of the last result cannot be read (%v)", err)
	}
	return strings.Join(p.Differences(old), "; ")
}

// lastFile reads a JSON file of the kernel's newest result, of whichever version.
func (w *Builder) lastFile(ctx context.Context, p Plan, name string, into any) error {
	images, err := w.Engine.Images(ctx, "kernel", map[string]string{labelName: p.Name, labelArch: p.Arch})
	if err != nil {
		return err
	}
	if len(images) == 0 {
		return engine.ErrNoImage
	}
	newest := slices.MaxFunc(images, func(a, b engine.Image) int { return a.Tagged.Compare(b.Tagged) })
	dir, remove, err := scratch.Dir("last")
	if err != nil {
		return err
	}
	defer remove()
	if err := w.Engine.CopyFromImage(ctx, newest.ID, resultDir+"/"+name, dir); err != nil {
		return err
	}
	return report.Read(filepath.Join(dir, name), into)
}

// Differences tells in what a plan differs from an older one, in the words of those
// who change it: source, patches, configuration, toolchain, Kiln itself.
func (p Plan) Differences(old Plan) []string {
	var list []string
	compare := func(what string, before, now []string) {
		if diff := changes(before, now); diff != "" {
			list = append(list, what+": "+diff)
		}
	}
	compare("kernel", []string{old.Name + " for " + old.Arch}, []string{p.Name + " for " + p.Arch})
	compare("source", []string{old.Source.String()}, []string{p.Source.String()})
	compare("patches", patchLines(old), patchLines(p))
	compare("configuration", configLines(old), configLines(p))
	compare("toolchain", toolLines(old), toolLines(p))
	compare("Kiln itself", old.own(), p.own())
	if len(list) == 0 {
		return []string{"Kiln itself: its plans have another form"}
	}
	return list
}

func patchLines(p Plan) (lines []string) {
	for _, patch := range p.Patches {
		lines = append(lines, fmt.Sprintf("%s (%.12s)", patch.Name, patch.SHA256))
	}
	return lines
}

func configLines(p Plan) (lines []string) {
	for _, item := range p.Config {
		if item.Target != "" {
			lines = append(lines, item.Target)
		}
		for line := range strings.Lines(item.Text) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func toolLines(p Plan) []string {
	return append([]string{fmt.Sprintf("image %.19s", p.Toolchain.Image)}, p.Toolchain.Packages...)
}

// own gives what Kiln itself decides: how the commands run, and which they are once
// the configuration is final.
func (p Plan) own() []string {
	lines := append([]string{"user " + p.User, "network " + p.Network}, p.Env...)
	for _, s := range p.Steps[p.checks()+1:] {
		lines = append(lines, engine.Quote(s.Argv)+s.When)
	}
	return lines
}

// changesShown is how many lines a reason names.
const changesShown = 6

// changes tells what came and what went between two lists of lines: "+new, -old".
func changes(before, now []string) string {
	var list []string
	for _, line := range now {
		if line != "" && !slices.Contains(before, line) {
			list = append(list, "+"+line)
		}
	}
	for _, line := range before {
		if line != "" && !slices.Contains(now, line) {
			list = append(list, "-"+line)
		}
	}
	switch {
	case len(list) > changesShown:
		list = append(list[:changesShown], fmt.Sprintf("and %d more", len(list)-changesShown))
	case len(list) == 0 && !slices.Equal(before, now):
		return "another order or spacing"
	}
	return strings.Join(list, ", ")
}
