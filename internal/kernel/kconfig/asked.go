package kconfig

import (
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// Asked returns every option that the fragments of a kernel ask for, in their order. All lines that
// cannot be read come in one error of class fault.Usage.
func Asked(kernel string, config []plan.Item) ([]Option, error) {
	var asked []Option
	var faults []string
	for _, item := range config {
		parse := Parse
		if item.Fragment == plan.Inline {
			parse = func(name, text string) ([]Option, []error) { return parseInline(name+", kernel "+kernel, text) }
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

// parseInline parses the options that are written in kernels.toml itself, as Parse does.
// The lines of text are not those of the file.
func parseInline(where, text string) (options []Option, invalid []error) {
	for line := range strings.Lines(text) {
		switch o, ok, err := ParseOption(line); {
		case err != nil:
			invalid = append(invalid, fmt.Errorf("%s: %w", where, err))
		case ok:
			o.Where = where
			options = append(options, o)
		}
	}
	return options, invalid
}
