package planner

import (
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// Text returns a plan as text for people, every step as a command for a shell.
func Text(p plan.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "kernel %s, plan %.16s\n", p.Folder(), p.Hash())
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "  %-10s %s\n", label, fmt.Sprintf(format, args...))
	}
	line("source", "%s, %s", p.Source, p.Source.URL)
	for _, patch := range p.Patches {
		line("patch", "%s (%.12s)", patch.Name, patch.SHA256)
	}
	for _, f := range p.Files {
		line("file", "%s", f)
	}
	line("toolchain", "%s (%.12s): %d packages, %d programs", p.Toolchain.Name, p.Toolchain.Identity(), len(p.Toolchain.Packages), len(p.Toolchain.Programs))
	for _, option := range p.Allow {
		line("allow", "%s", option)
	}
	for _, m := range p.Mounts {
		line("folder", "%s at %s", m.Role, m.Path)
	}
	line("runs as", "%s, network %s", p.User, p.Network)
	for _, e := range p.Env {
		line("env", "%s", e)
	}
	for n, s := range p.Steps {
		fmt.Fprintf(&b, "%3d. %s\n", n+1, stepText(s))
		if n+1 == len(p.Configuring()) {
			b.WriteString("     then every asked option is compared with the final .config\n")
		}
	}
	line("left open", "%s", strings.Join(open(p), ", "))
	return b.String()
}

// open returns what a plan leaves open: what each run chooses, and does not decide the result.
func open(p plan.Plan) (list []string) {
	if p.Source.Time == 0 {
		list = append(list, "the time of the source, which follows from its content")
	}
	return append(list, "jobs", "memory", "ccache", "engine", "volumes", "where the source is fetched from")
}

// stepText returns a step as a command, with a line below it about when it runs.
func stepText(s plan.Step) string {
	text := fmt.Sprintf("%-16s %s", s.Name, shellescape.QuoteCommand(s.Argv))
	if s.When != "" {
		text += fmt.Sprintf("\n     only with %s=y", s.When)
	}
	return text
}
