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
		var options []Option
		var invalid []error
		if item.Fragment == plan.Inline {
			options, invalid = parseInline(kernel, item)
		} else {
			options, invalid = Parse(item.Fragment, item.Text)
		}
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

// parseInline parses the options that are written in kernels.toml itself, as Parse does. The lines
// of the text are not those of the file.
func parseInline(kernel string, item plan.Item) (options []Option, invalid []error) {
	number := 0
	for line := range strings.Lines(item.Text) {
		where := plan.Inline + ", kernel " + kernel
		if number < len(item.Places) {
			where = item.Places[number]
		}
		number++
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
