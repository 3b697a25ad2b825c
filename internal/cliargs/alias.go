package cliargs

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Mage documents an alias in the help of its target only. So the target of an alias is
// guessed, from Binary.Usual and from magefiles in Binary.Dir, and confirmed by its help; an
// alias that cannot be guessed costs the help of all targets.

// guess returns the targets that a name may be an alias of.
func (b Binary) guess(alias string) (targets []string) {
	if usual, ok := b.Usual[alias]; ok {
		return []string{usual}
	}
	entry := regexp.MustCompile(`(?i)"` + regexp.QuoteMeta(alias) + `"\s*:\s*([\w.]+)`)
	here, _ := filepath.Glob(filepath.Join(b.Dir, "*.go"))
	below, _ := filepath.Glob(filepath.Join(b.Dir, "magefiles", "*.go"))
	for _, file := range append(here, below...) {
		text, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(text, []byte("Aliases")) {
			continue
		}
		for _, m := range entry.FindAllSubmatch(text, -1) { // Kernel.All, or targets.Kernel.All
			path := strings.ReplaceAll(strings.ToLower(string(m[1])), ".", ":")
			_, inPackage, _ := strings.Cut(path, ":")
			targets = append(targets, path, inPackage)
		}
	}
	return slices.DeleteFunc(targets, func(t string) bool { return t == "" })
}

// resolveAlias replaces an alias in args[0] by the name of its target.
func (b Binary) resolveAlias(ctx context.Context, args []string) {
	if len(args) == 0 {
		return
	}
	likely, _ := b.probe(ctx, args[:1])
	t := likely[strings.ToLower(args[0])]
	if t == nil {
		t, _ = b.search(ctx, args[0])
	}
	if t != nil {
		args[0] = t.name
	}
}

// unlessAmbiguous returns err, or nil where one of the aliases may be that of several
// targets. Mage documents an alias in the help of every target with the same function's
// name and receiver, of whatever package.
func (b Binary) unlessAmbiguous(ctx context.Context, aliases []string, err error) error {
	if len(aliases) == 0 {
		return err
	}
	names, failed := b.list(ctx)
	if failed != nil {
		return nil
	}
	all, failed := each(ctx, names, b.help)
	if failed != nil {
		return nil
	}
	for _, alias := range aliases {
		claims := 0
		for _, t := range all {
			if t != nil && t.called(alias) {
				claims++
			}
		}
		if claims > 1 {
			return nil
		}
	}
	return err
}
