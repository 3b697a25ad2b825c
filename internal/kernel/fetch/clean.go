package fetch

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/fault"
)

// builtFiles are what a build inside a source's folder leaves, as patterns: Kbuild refuses to
// build elsewhere from such a source.
var builtFiles = []string{".config", "include/config", "arch/*/include/generated"}

// checkClean reports, as an error, a folder of this machine in which a kernel was built.
func checkClean(dir string) error {
	for _, pattern := range builtFiles {
		found, _ := filepath.Glob(filepath.Join(escapeGlob(dir), pattern)) // the pattern is good
		if len(found) > 0 {
			return fault.New(fault.Usage, "make -C "+dir+" mrproper    (it removes .config too: keep a copy, and name that in config)",
				"use source %s: a kernel was built in it, it has %s", dir, strings.TrimPrefix(found[0], dir+string(filepath.Separator)))
		}
	}
	return nil
}

// escapeGlob returns a pattern that matches only path.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// checkCleanInside is checkClean for an unpacked tree, which came from the place.
func checkCleanInside(ctx context.Context, ctr *engine.Container, place string) error {
	argv := []string{"find", tree, "-maxdepth", "4", "("}
	for i, pattern := range builtFiles {
		if i > 0 {
			argv = append(argv, "-o")
		}
		argv = append(argv, "-path", tree+"/"+pattern)
	}
	out, err := ctr.Output(ctx, engine.Command{Argv: append(argv, ")", "-print", "-quit")})
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	if found := strings.TrimSpace(out); found != "" {
		return fault.New(fault.Usage, "unpack it, run make mrproper in it, and name its folder",
			"use source %s: a kernel was built in it, it has %s", place, strings.TrimPrefix(found, tree+"/"))
	}
	return nil
}

// checkCase reports, as an error, a folder that was copied or checked out on a file system
// that ignores case: of files such as xt_TCPMSS.c and xt_tcpmss.c it has only one. The
// Makefile of their folder names both.
func checkCase(dir string) error {
	const folder = "net/netfilter"
	makefile, err := os.ReadFile(filepath.Join(dir, folder, "Makefile"))
	entries, dirErr := os.ReadDir(filepath.Join(dir, folder))
	if err != nil || dirErr != nil {
		return nil // not a whole kernel
	}
	has := map[string]bool{}
	for _, e := range entries {
		has[e.Name()] = true
	}
	spellings := map[string][]string{}
	for word := range strings.FieldsSeq(string(makefile)) {
		if base, ok := strings.CutSuffix(word, ".o"); ok {
			spellings[strings.ToLower(base)] = append(spellings[strings.ToLower(base)], base+".c")
		}
	}
	for _, names := range spellings {
		for _, name := range names {
			other := names[0]
			if other == name {
				other = names[len(names)-1]
			}
			if other != name && !has[name] && has[other] {
				return fault.New(fault.Usage, "copy or check it out on a file system that distinguishes case, such as a disk of a Linux machine",
					"use source %s: it has %s/%s and lacks %s: its file system, or one that it was copied from, ignores case", dir, folder, other, name)
			}
		}
	}
	return nil
}
