// Package kconfig reads kernel configurations and compares what was asked with
// what came out: Kbuild drops an option whose dependencies are not met without a
// word, and merge_config.sh that notices still exits 0.
package kconfig

import (
	"bufio"
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

// ExplainScript is a Python program that says why options were lost: see its head. It
// runs where kconfiglib and the kernel's tree are.
//
//go:embed explain.py
var ExplainScript string

// Option is one option of a configuration and its value: "y", "m", "n", a
// number, or a string in its quotes. Absent and "is not set" are both "n".
type Option struct {
	Name  string `json:"option"` // with the prefix: CONFIG_EXT4_FS
	Value string `json:"asked"`
	Where string `json:"where"` // "config/micro.config:12"
}

// The two forms of a line (Documentation/kbuild/kconfig.rst in the kernel tree).
var (
	set    = regexp.MustCompile(`^(CONFIG_[A-Za-z0-9_]+)=(.*)$`)
	notSet = regexp.MustCompile(`^# (CONFIG_[A-Za-z0-9_]+) is not set$`)
)

// ParseOption reads one line, as "CONFIG_EXT4_FS=y" or "# CONFIG_EXT4_FS is not
// set". ok is false for a comment and an empty line.
func ParseOption(line string) (o Option, ok bool, err error) {
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

// Parse reads a fragment or a whole .config; name is for the places in messages.
// Every line that cannot be read is reported.
func Parse(name, text string) (options []Option, faults []error) {
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		o, ok, err := ParseOption(lines.Text())
		switch where := fmt.Sprintf("%s:%d", name, n); {
		case err != nil:
			faults = append(faults, fmt.Errorf("%s: %w", where, err))
		case ok:
			o.Where = where
			options = append(options, o)
		}
	}
	return options, faults
}

// Values returns the value of each option by name; where one is set twice the last
// counts, as it does for the kernel's tools.
func Values(options []Option) map[string]string {
	values := map[string]string{}
	for _, o := range options {
		values[o.Name] = o.Value
	}
	return values
}
