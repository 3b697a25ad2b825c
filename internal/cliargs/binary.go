package cliargs

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/moby/buildkit/util/suggest"
	"golang.org/x/sync/errgroup"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// binary is a compiled magefile.
//
// Mage documents an alias in the help of its target only. So the target of an alias is
// guessed, from usual and from magefiles in dir, and confirmed by its help; an alias
// that cannot be guessed costs the help of all targets.
type binary struct {
	path  string
	dir   string            // the magefile may be here or in magefiles/ below it
	usual map[string]string // targets by the aliases that a magefile usually defines
}

// probe returns the targets that words are the names or likely aliases of, by the
// words in lower case. Some of the words may be arguments.
func (b binary) probe(ctx context.Context, words []string) (map[string]*target, error) {
	names := map[string]*target{}
	for _, word := range words {
		if !strings.HasPrefix(word, "-") {
			names[strings.ToLower(word)] = nil
		}
	}
	list := slices.Collect(maps.Keys(names))
	found, err := each(ctx, list, func(ctx context.Context, name string) (*target, error) {
		return b.first(ctx, name, append(b.guess(name), name))
	})
	for i, name := range list {
		names[name] = found[i]
	}
	return names, err
}

// search returns the target that is called by a name, whatever its own; nil where
// there is none.
func (b binary) search(ctx context.Context, name string) (*target, error) {
	all, err := b.list(ctx)
	if err != nil {
		return nil, err
	}
	return b.first(ctx, name, all)
}

// first returns one of the named targets that is called by a name.
func (b binary) first(ctx context.Context, name string, among []string) (*target, error) {
	found, err := each(ctx, among, b.help)
	if i := slices.IndexFunc(found, func(t *target) bool { return t != nil && t.called(name) }); i >= 0 {
		return found[i], err
	}
	return nil, err
}

// each looks names up side by side, and returns what was found in their order.
func each(ctx context.Context, names []string, find func(context.Context, string) (*target, error)) ([]*target, error) {
	found := make([]*target, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.NumCPU())
	for i, name := range names {
		group.Go(func() (err error) {
			found[i], err = find(ctx, name)
			return err
		})
	}
	return found, group.Wait()
}

// guess returns the targets that a name may be an alias of.
func (b binary) guess(alias string) (targets []string) {
	if usual, ok := b.usual[alias]; ok {
		return []string{usual}
	}
	entry := regexp.MustCompile(`(?i)"` + regexp.QuoteMeta(alias) + `"\s*:\s*([\w.]+)`)
	here, _ := filepath.Glob(filepath.Join(b.dir, "*.go"))
	below, _ := filepath.Glob(filepath.Join(b.dir, "magefiles", "*.go"))
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

// help returns what the binary documents about a target, not an alias; nil where there
// is none of that name.
func (b binary) help(ctx context.Context, name string) (*target, error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, b.path, "-h", name)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if strings.Contains(stderr.String(), "Unknown target: ") {
			return nil, nil
		}
		return nil, err
	}
	if t := parseHelp(name, string(out)); t != nil {
		return t, nil
	}
	return nil, errors.New("the help has no usage")
}

// listed is a line of the binary's list: a name, * for the default target, a synopsis.
var listed = regexp.MustCompile(`(?m)^  (\S+?)\*?(?:\s|$)`)

// list returns the names of all targets, without aliases, in lower case.
func (b binary) list(ctx context.Context) (names []string, err error) {
	cmd := exec.CommandContext(ctx, b.path, "-l")
	cmd.Env = append(os.Environ(), "MAGEFILE_ENABLE_COLOR=false")
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	_, text, ok := strings.Cut("\n"+string(out), "\nTargets:\n")
	if !ok {
		return nil, errors.New("the binary lists no targets")
	}
	for _, m := range listed.FindAllStringSubmatch(text, -1) {
		names = append(names, strings.ToLower(m[1]))
	}
	return names, nil
}

// unknown returns the error about a name that no target has.
func (b binary) unknown(ctx context.Context, name string) error {
	names, err := b.list(ctx)
	if err != nil {
		return fault.New(fault.Usage, "", "unknown target %q", name)
	}
	for alias, t := range b.usual {
		if slices.Contains(names, t) {
			names = append(names, alias)
		}
	}
	slices.Sort(names)
	if near, ok := suggest.Search(name, names, false); ok {
		return fault.New(fault.Usage, "", "unknown target %q; did you mean %q?", name, near)
	}
	if space, _, ok := strings.Cut(name, ":"); ok {
		inSpace := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.HasPrefix(n, space+":") })
		if len(inSpace) > 0 {
			names = inSpace
		}
	}
	return fault.New(fault.Usage, "go tool mage -l", "unknown target %q; known are %s", name, strings.Join(names, ", "))
}
