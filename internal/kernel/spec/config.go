package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
)

// Item is one part of a configuration: a target of the kernel's own ("tinyconfig",
// "kvm_guest.config") or a fragment of options.
type Item struct {
	Target   string `json:"target,omitempty"`
	Fragment string `json:"fragment,omitempty"` // its file, as kernels.toml names it: "config/micro.config"; or Inline
	Text     string `json:"text,omitempty"`     // of the fragment
}

// Inline names the fragment of the options that are written in kernels.toml itself.
const Inline = "kernels.toml"

// targetPattern is what the name of a target matches.
var targetPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]*config$|^[a-z0-9][a-z0-9_-]*\.config$`)

// readItems reads one entry of config. A file NAME.config is followed by the file
// NAME.ARCH.config, for the options that only one architecture has, if that exists.
func readItems(dir, entry, archName string) ([]Item, error) {
	if strings.HasPrefix(entry, "CONFIG_") || strings.HasPrefix(entry, "# CONFIG_") {
		return []Item{{Fragment: Inline, Text: entry + "\n"}}, nil
	}
	if _, err := os.Stat(filepath.Join(dir, entry)); err != nil {
		if targetPattern.MatchString(entry) && !strings.Contains(entry, "/") {
			return []Item{{Target: entry}}, nil
		}
		return nil, fmt.Errorf(`config %q: expected a target such as "tinyconfig", a file in %s, or CONFIG_NAME=value`, entry, dir)
	}
	var items []Item
	for _, name := range []string{entry, strings.TrimSuffix(entry, ".config") + "." + archName + ".config"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if name != entry && errors.Is(err, fs.ErrNotExist) {
			continue // nothing for this architecture alone
		}
		if err != nil {
			return nil, fmt.Errorf("config %q: %w", entry, err)
		}
		items = append(items, Item{Fragment: name, Text: string(text)})
	}
	return items, nil
}

// join appends items; single options that follow each other become one fragment.
func join(items, more []Item) []Item {
	if n := len(items); n > 0 && len(more) == 1 && more[0].Fragment == Inline && items[n-1].Fragment == Inline {
		items[n-1].Text += more[0].Text
		return items
	}
	return append(items, more...)
}

// Asked returns every option that the fragments ask for, in their order. All lines that
// cannot be read come in one error of class fault.Usage.
func (s Spec) Asked() ([]kconfig.Option, error) {
	var asked []kconfig.Option
	var faults []string
	for _, item := range s.Config {
		parse := kconfig.Parse
		if item.Fragment == Inline {
			parse = s.parseInline
		}
		options, invalid := parse(item.Fragment, item.Text)
		asked = append(asked, options...)
		for _, err := range invalid {
			faults = append(faults, err.Error())
		}
	}
	if len(faults) > 0 {
		return nil, fault.New(fault.Usage, "", "%s", strings.Join(faults, "\n"))
	}
	return asked, nil
}

// parseInline parses the options that are written in kernels.toml itself, as kconfig.Parse does.
// The lines of text are not those of the file.
func (s Spec) parseInline(name, text string) (options []kconfig.Option, invalid []error) {
	where := name + ", kernel " + s.Name
	for line := range strings.Lines(text) {
		switch o, ok, err := kconfig.ParseOption(line); {
		case err != nil:
			invalid = append(invalid, fmt.Errorf("%s: %w", where, err))
		case ok:
			o.Where = where
			options = append(options, o)
		}
	}
	return options, invalid
}
