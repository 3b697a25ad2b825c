package toolchain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// programsFolder has Kiln's own programs in an image.
const programsFolder = "/usr/local/bin"

// identify returns what is in an image with a compiler: it asks a container of the image, which
// has no network.
func identify(ctx context.Context, e *engine.Client, image string, c arch.Compiler) (plan.Toolchain, error) {
	t := plan.Toolchain{Name: c.Image, CC: c.CC, LD: c.LD}
	ctr, err := e.Run(ctx, engine.Spec{Image: image, Kind: kind, Name: c.Image, Command: []string{"sleep", "infinity"}, Offline: true})
	if err != nil {
		return t, err
	}
	defer ctr.Remove() // not in the background: the image may be removed next
	ask := func(argv ...string) []string {
		var text string
		if err == nil {
			text, err = ctr.Output(ctx, engine.Command{Argv: argv})
		}
		return strings.Split(strings.TrimSpace(text), "\n")
	}
	t.Packages = installed(ask("dpkg-query", "--show", "--showformat", `${db:Status-Status} ${Package}=${Version}\n`))
	paths := ask("find", programsFolder, "-type", "f")
	for _, argv := range append(slices.Clone(c.Content), []string{"which", c.LD, "ld"}) {
		paths = append(paths, ask(argv...)...)
	}
	paths = ask(append([]string{"realpath", "--canonicalize-existing"}, paths...)...)
	slices.Sort(paths)
	t.Programs = programs(ask(append([]string{"sha256sum"}, slices.Compact(paths)...)...))
	if err != nil {
		return t, fault.Wrap(fault.Environment, fmt.Errorf("look into toolchain image %s: %w", image, err))
	}
	return t, nil
}

// installed returns the packages, sorted, of lines as "installed NAME=VERSION".
func installed(lines []string) (packages []string) {
	for _, line := range lines {
		if state, name, _ := strings.Cut(line, " "); state == "installed" {
			packages = append(packages, name)
		}
	}
	slices.Sort(packages)
	return packages
}

// programs returns the programs of sha256sum's lines, by path.
func programs(lines []string) (list []plan.Program) {
	for _, line := range lines {
		if sum, path, ok := strings.Cut(line, "  "); ok {
			list = append(list, plan.Program{Path: path, SHA256: sum})
		}
	}
	return list
}
