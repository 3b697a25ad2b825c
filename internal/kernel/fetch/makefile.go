package fetch

import (
	"context"
	"errors"
	"fmt"
	"regexp"
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
		return fault.Wrap(fault.Failed, fmt.Errorf("read the source: %w", err))
	}
	if got.Compare(ref.Version) != 0 {
		return fault.New(fault.Failed, "", "the source's Makefile has version %s, expected %s", got, ref.Version)
	}
	return nil
}

// errNoKernel is the error of a Makefile that is not the kernel's.
var errNoKernel = errors.New("its Makefile is not that of a Linux kernel: expected VERSION and PATCHLEVEL")

// The numbers that the first one of a kernel's version can be. U-Boot and BusyBox, whose
// Makefiles have the same fields, are at 2026 and 1.
const minMajor, maxMajor = 2, 99

// candidate finds the number of a release candidate in EXTRAVERSION, which vendors extend:
// "-rc3-vendor".
var candidate = regexp.MustCompile(`^-rc\d+`)

// makefileVersion reads the version from the first lines of the kernel's top Makefile:
// VERSION, PATCHLEVEL, SUBLEVEL and EXTRAVERSION. The error is errNoKernel if it has none.
func makefileVersion(text string) (release.Version, error) {
	field := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(line, "=")
		if name = strings.TrimSpace(name); ok && field[name] == "" {
			value, _, _ = strings.Cut(value, "#")
			field[name] = strings.TrimSpace(value)
		}
	}
	name := field["VERSION"] + "." + field["PATCHLEVEL"]
	if s := field["SUBLEVEL"]; s != "" && s != "0" {
		name += "." + s
	}
	v, err := release.Parse(name + candidate.FindString(field["EXTRAVERSION"]))
	if err != nil || v.Major() < minMajor || v.Major() > maxMajor {
		return release.Version{}, errNoKernel
	}
	return v, nil
}

// admit returns the error of a source at a place that has a version which the constraint
// does not admit.
func admit(place string, v release.Version, want release.Constraint) error {
	if want.Admits(v) {
		return nil
	}
	return fault.New(fault.Usage, "change the version or the source in kernels.toml",
		"%s has version %s by its Makefile; kernels.toml asks for %q", place, v, want)
}
