// Package kconfig reads kernel configurations and compares the requested options with the
// final ones: Kbuild silently drops an option whose dependencies are not met, and
// merge_config.sh, which notices, still exits 0.
package kconfig

import (
	"bufio"
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
}

// The two forms of an option's line (Documentation/kbuild/kconfig.rst in the kernel tree).
var (
	set    = regexp.MustCompile(`^(CONFIG_[A-Za-z0-9_]+)=(.*)$`)
	notSet = regexp.MustCompile(`^# (CONFIG_[A-Za-z0-9_]+) is not set$`)
)

// parseOption reads one line, as "CONFIG_EXT4_FS=y" or "# CONFIG_EXT4_FS is not
// set". ok is false for a comment and an empty line.
func parseOption(line string) (o Option, ok bool, err error) {
	line = strings.TrimSpace(line)
	if m := set.FindStringSubmatch(line); m != nil {
		if m[2] == "" {
			return o, false, fmt.Errorf("%s has no value: expected y, m, n, a number, or a string in quotes", m[1])
		}
		return Option{Name: m[1], Value: m[2]}, true, nil
	}
	if m := notSet.FindStringSubmatch(line); m != nil {
		return Option{Name: m[1], Value: "n"}, true, nil
	}
	if line == "" || strings.HasPrefix(line, "#") {
		return o, false, nil
	}
	return o, false, fmt.Errorf("expected CONFIG_NAME=value, got %q", line)
}

// Parse reads a fragment or a complete .config. name is the file's, for Option.Where and
// messages. It returns an error for each invalid line.
func Parse(name, text string) (options []Option, errs []error) {
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		o, ok, err := parseOption(lines.Text())
		switch where := fmt.Sprintf("%s:%d", name, n); {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", where, err))
		case ok:
			o.Where = where
			options = append(options, o)
		}
	}
	return options, errs
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
