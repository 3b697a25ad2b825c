// Package kconfig reads kernel configurations and compares the requested options with the
// final ones: Kbuild silently drops an option whose dependencies are not met, and
// merge_config.sh, which notices, still exits 0.
package kconfig

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

// ExplainScript is a Python program that finds out why options were lost; its docstring has
// input and output. It needs kconfiglib and the kernel's tree.
//
//go:embed explain.py
var ExplainScript string

// Option is an option of a configuration and its value: "y", "m", "n", a number, or a
// string in quotes. Absent and "is not set" are both "n".
type Option struct {
	Name  string `json:"option"` // with the prefix: CONFIG_EXT4_FS
	Value string `json:"asked"`
	Where string `json:"where"` // "config/micro.config:12"
	// Complete is true for an option of a complete .config, which also has the values that
	// the kernel derives.
	Complete bool `json:"-"`
}

// Parse reads a fragment or a complete .config. name is the file's, for Option.Where and
// messages. It returns an error for each invalid line.
func Parse(name, text string) (options []Option, errs []error) {
	_, complete := MadeFor(text)
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(text, byteOrderMark)) {
		n++
		o, ok, err := ParseOption(line)
		switch where := fmt.Sprintf("%s:%d", name, n); {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", where, err))
		case ok:
			o.Where, o.Complete = where, complete
			options = append(options, o)
		}
	}
	return options, errs
}

// The lines with which the kernel's tools begin a complete .config. Its name in the second
// one is ARCH=, with the kernel's version.
var (
	generated = regexp.MustCompile(`(?m)^# Automatically generated file; DO NOT EDIT\.\s*$`)
	madeFor   = regexp.MustCompile(`(?m)^# Linux/(\S+) \S+ Kernel Configuration\s*$`)
)

// MadeFor returns the architecture that a complete .config was made for, in the kernel's
// spelling. complete is false for a fragment.
func MadeFor(text string) (archName string, complete bool) {
	m := madeFor.FindStringSubmatch(text)
	if m == nil || !generated.MatchString(text) {
		return "", false
	}
	return m[1], true
}

// Values returns the value of each option by name; of an option that is set twice the last
// one, as the kernel's tools do.
func Values(options []Option) map[string]string {
	values := map[string]string{}
	for _, o := range options {
		values[o.Name] = o.Value
	}
	return values
}
