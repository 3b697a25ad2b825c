// Package kconfig reads kernel configurations and compares what was asked with
// what came out: Kbuild drops an option whose dependencies are not met without a
// word, and merge_config.sh that notices still exits 0.
package kconfig

import (
	"bufio"
	"fmt"
	"regexp"
	"strings"
)

// Option is one option of a configuration and its value: "y", "m", "n", a
// number, or a string in its quotes. Absent and "is not set" are both "n".
type Option struct {
	Name  string // with the prefix: CONFIG_EXT4_FS
	Value string
	Where string // "config/micro.config:12"
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

// Values gives the value of each option by name; where one is set twice the last
// counts, as it does for the kernel's tools.
func Values(options []Option) map[string]string {
	values := map[string]string{}
	for _, o := range options {
		values[o.Name] = o.Value
	}
	return values
}

// Verdict is what became of an asked option.
type Verdict struct {
	Option
	Got     string // its value in the final configuration; "n" if it is not there
	Known   bool   // whether the final configuration names it at all
	Allowed bool   // whether the kernel's table allows it to end up otherwise
}

// Kept tells whether the option is as it was asked.
func (v Verdict) Kept() bool { return v.Got == v.Value }

// String tells the difference in a line.
func (v Verdict) String() string {
	got := v.Got
	if !v.Known {
		got = "not there (unknown, not on this architecture, or its dependencies are not met)"
	}
	return fmt.Sprintf("%s: %s: asked %s, got %s", v.Where, v.Name, v.Value, got)
}

// Compare judges each asked option by the final configuration. Of an option that
// was asked twice only the last is judged.
func Compare(asked, final []Option, allow []string) []Verdict {
	values := Values(final)
	allowed := map[string]bool{}
	for _, name := range allow {
		allowed["CONFIG_"+strings.TrimPrefix(name, "CONFIG_")] = true
	}
	last := map[string]int{}
	for i, o := range asked {
		last[o.Name] = i
	}
	var verdicts []Verdict
	for i, o := range asked {
		if last[o.Name] != i {
			continue
		}
		v := Verdict{Option: o, Got: "n", Allowed: allowed[o.Name]}
		if got, known := values[o.Name]; known {
			v.Got, v.Known = got, true
		}
		verdicts = append(verdicts, v)
	}
	return verdicts
}
