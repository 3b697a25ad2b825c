package fetch

import (
	"context"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// checkVersion compares the version in the tree's own Makefile with the expected one.
func checkVersion(ctx context.Context, ctr *engine.Container, ref source.Ref) error {
	makefile, err := ctr.Output(ctx, engine.Command{Argv: []string{"head", "-n", "40", tree + "/Makefile"}})
	if engine.CommandFailed(err) {
		return fault.New(fault.Failed, "name a folder or tarball with the kernel's source", "read the source's Makefile: %w", err)
	}
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	got, err := makefileVersion(makefile)
	if err != nil {
		return err
	}
	if got.Compare(ref.Version) != 0 {
		return fault.New(fault.Failed, "", "the source's Makefile has version %s, expected %s", got, ref.Version)
	}
	return nil
}

// makefileVersion reads the version from the first lines of the kernel's top Makefile:
// VERSION, PATCHLEVEL, SUBLEVEL and EXTRAVERSION.
func makefileVersion(text string) (release.Version, error) {
	field := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(line, "="); ok {
			field[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	name := field["VERSION"] + "." + field["PATCHLEVEL"]
	if s := field["SUBLEVEL"]; s != "" && s != "0" {
		name += "." + s
	}
	if strings.HasPrefix(field["EXTRAVERSION"], "-rc") {
		name += field["EXTRAVERSION"]
	}
	v, err := release.Parse(name)
	return v, fault.Wrap(fault.Failed, err)
}
