package plan

import (
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"
)

// String returns the plan as text for people, every step as a command for a shell.
func (p Plan) String() string {
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
	line("toolchain", "%.19s (%s), base from %s", p.Toolchain.Image, strings.Join(p.Toolchain.Packages, " "), p.Toolchain.From)
	for _, m := range p.Mounts {
		line("mount", "%s", m)
	}
	line("runs as", "%s, network %s", p.User, p.Network)
	for _, e := range p.Env {
		line("env", "%s", e)
	}
	for n, s := range p.Steps {
		fmt.Fprintf(&b, "%3d. %s\n", n+1, s.text())
	}
	return b.String()
}

// String returns the mount in one line.
func (m Mount) String() string {
	mode := "read-write"
	if m.ReadOnly {
		mode = "read-only"
	}
	return fmt.Sprintf("%s at %s, %s", m.Volume, m.Path, mode)
}

// text returns the step as a command, with lines below it about when it runs and what
// follows it.
func (s Step) text() string {
	text := fmt.Sprintf("%-16s %s", s.Name, shellescape.QuoteCommand(s.Argv))
	if s.When != "" {
		text += fmt.Sprintf("\n     only with %s=y", s.When)
	}
	if s.Checks {
		text += "\n     then every asked option is compared with the final .config"
	}
	return text
}
