package planner

import (
	"fmt"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// Reason returns Differences in one line.
func Reason(old, p plan.Plan) string { return strings.Join(Differences(old, p), "; ") }

// Differences lists what changed from an older plan to p, by what a user changes: source,
// patches, files, configuration, toolchain, Kiln itself. It is never empty.
func Differences(old, p plan.Plan) []string {
	if old.Schema != p.Schema {
		return []string{"Kiln itself: the format of plans changed"}
	}
	var list []string
	compare := func(what string, before, now []string) {
		if diff := changes(before, now); diff != "" {
			list = append(list, what+": "+diff)
		}
	}
	compare("kernel", []string{old.Name + " for " + old.Arch}, []string{p.Name + " for " + p.Arch})
	compare("source", []string{old.Source.String()}, []string{p.Source.String()})
	compare("patches", patchLines(old), patchLines(p))
	compare("files", fileLines(old), fileLines(p))
	compare("configuration", configLines(old), configLines(p))
	compare("toolchain", toolchainLines(old), toolchainLines(p))
	compare("Kiln itself", kilnLines(old), kilnLines(p))
	if len(list) == 0 {
		return []string{"Kiln itself: the commands of a build changed"}
	}
	return list
}

func patchLines(p plan.Plan) (lines []string) {
	for _, patch := range p.Patches {
		lines = append(lines, fmt.Sprintf("%s (%.12s)", patch.Name, patch.SHA256))
	}
	return lines
}

func fileLines(p plan.Plan) (lines []string) {
	for _, f := range p.Files {
		lines = append(lines, f.String())
	}
	return lines
}

func configLines(p plan.Plan) (lines []string) {
	for _, item := range p.Config {
		if item.Target != "" {
			lines = append(lines, strings.TrimSuffix(item.Target+":"+item.Seed, ":"))
		}
		for line := range strings.Lines(item.Text) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	for _, option := range p.Allow {
		lines = append(lines, "allow "+option)
	}
	return lines
}

func toolchainLines(p plan.Plan) (lines []string) {
	lines = append(lines, p.Toolchain.Name)
	lines = append(lines, p.Toolchain.Packages...)
	for _, program := range p.Toolchain.Programs {
		lines = append(lines, fmt.Sprintf("%s (%.12s)", program.Path, program.SHA256))
	}
	return lines
}

// kilnLines returns what Kiln itself decides: how the commands run, and which commands
// follow the configuration.
func kilnLines(p plan.Plan) []string {
	lines := append([]string{"user " + p.User, "network " + p.Network}, p.Env...)
	for _, s := range p.Steps[len(p.Configuring()):] {
		lines = append(lines, shellescape.QuoteCommand(s.Argv)+s.When)
	}
	return lines
}

// changesShown is how many changed lines a difference names.
const changesShown = 6

// changes returns the lines that were added and removed: "+new, -old".
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
		return "order or spacing changed"
	}
	return strings.Join(list, ", ")
}
