package spec

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/moby/buildkit/util/suggest"

	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
)

// inlineEntry matches an entry of config that is options, and neither a target nor a file.
var inlineEntry = regexp.MustCompile(`^\s*(?:CONFIG_|#|(?:export\s+)?\w+\s*=)|\n`)

// readEntry reads an entry of config that names no file. ok is false for one that does.
func readEntry(entry string) (item plan.Item, ok bool, err error) {
	if !inlineEntry.MatchString(entry) {
		return readTarget(entry)
	}
	options, errs := kconfig.Parse(plan.Inline, entry)
	if len(errs) == 0 && len(options) == 0 {
		errs = []error{fmt.Errorf("%q is a comment: expected CONFIG_NAME=value or %q", entry, "# CONFIG_NAME is not set")}
	}
	if len(errs) > 0 {
		var texts []string
		for _, err := range errs {
			texts = append(texts, inEntry(entry, err))
		}
		return item, true, fmt.Errorf("config: %s", strings.Join(texts, "; "))
	}
	return plan.Item{Fragment: plan.Inline, Text: kconfig.Normalize(strings.TrimSpace(entry))}, true, nil
}

// inEntry returns the text of an error about a line of an entry, which is not that of the file.
func inEntry(entry string, err error) string {
	place, ok := strings.CutPrefix(err.Error(), plan.Inline+":")
	if !ok {
		return err.Error()
	}
	number, text, _ := strings.Cut(place, ": ")
	if strings.Contains(entry, "\n") {
		return "its line " + number + ": " + text
	}
	return text
}

// readItems reads one entry of config. A file NAME.config is followed by its companion for
// the architecture, NAME.ARCH.config, for the options that only one architecture has, if that
// exists.
func readItems(dir, entry string, a arch.Arch) ([]plan.Item, error) {
	item, ok, err := readEntry(entry)
	_, missing := os.Stat(pathIn(dir, entry))
	if ok && (missing != nil || item.Fragment == plan.Inline) && !inFolder(dir, item.Target) {
		return []plan.Item{item}, err
	}
	if missing != nil || strings.TrimSpace(entry) == "" {
		return nil, notFound(dir, entry)
	}
	names := []string{entry}
	companion, err := companionOf(dir, entry, a)
	if err != nil {
		return nil, err
	}
	if companion != "" {
		names = append(names, companion)
	}
	var items []plan.Item
	for _, name := range names {
		local := pathIn(dir, name)
		text, err := source.ReadText(local)
		if err != nil {
			return nil, fmt.Errorf("config %q: %w", name, err)
		}
		if filepath.IsAbs(name) { // a plan is the same on every machine
			name = filepath.Base(name)
		}
		items = append(items, plan.Item{Fragment: name, Text: kconfig.Normalize(string(text)), Local: local})
	}
	return items, nil
}

// pathIn returns the path of a file that kernels.toml names: relative to dir unless it is absolute.
func pathIn(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// inFolder reports whether a target has the name of a file in a folder of dir.
func inFolder(dir, target string) bool {
	folder, _, ok := strings.Cut(target, "/")
	info, err := os.Stat(filepath.Join(dir, folder))
	return ok && err == nil && info.IsDir()
}

// notFound returns the error about an entry of config that is no target and no file, with the
// most similar of both.
func notFound(dir, entry string) error {
	files, _ := filepath.Glob(filepath.Join(pathIn(dir, filepath.Dir(entry)), "*")) // the pattern is valid unless dir has brackets
	known := knownTargets()
	for _, file := range files {
		if name, err := filepath.Rel(dir, file); err == nil {
			known = append(known, filepath.ToSlash(name))
		}
	}
	hint := ""
	if near, ok := suggest.Search(entry, known, true); ok {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Errorf(`config %q: expected a target such as "tinyconfig", a file in %s, or CONFIG_NAME=value%s`, entry, dir, hint)
}

// join appends items; single options that follow each other become one fragment.
func join(items, more []plan.Item) []plan.Item {
	if n := len(items); n > 0 && len(more) == 1 && more[0].Fragment == plan.Inline && items[n-1].Fragment == plan.Inline {
		items[n-1].Text += more[0].Text
		items[n-1].Places = append(items[n-1].Places, more[0].Places...)
		return items
	}
	return append(items, more...)
}

// Asked returns every option that the fragments ask for, in their order. All lines that
// cannot be read come in one error of class fault.Usage.
func (s Spec) Asked() ([]kconfig.Option, error) { return kconfig.Asked(s.Name, s.Config) }
