package kconfig

import "strings"

// fragmentLine returns an option as a line of a fragment.
func fragmentLine(name, value string) string {
	if value == "n" {
		return "# " + name + " is not set"
	}
	return name + "=" + value
}

// Difference returns the lines of a fragment that lead from one minimal configuration to
// the next. final has all values of the second one: an option that only the first one names
// is set to its value there.
func Difference(before, after []Option, final map[string]string) []string {
	previous, next := Values(before), Values(after)
	var lines []string
	for _, o := range after {
		if value, ok := previous[o.Name]; !ok || value != o.Value {
			lines = append(lines, fragmentLine(o.Name, o.Value))
		}
	}
	for _, o := range before {
		if _, ok := next[o.Name]; ok {
			continue
		}
		value, ok := final[o.Name]
		if !ok {
			value = "n"
		}
		if value != o.Value {
			lines = append(lines, fragmentLine(o.Name, value))
		}
	}
	return lines
}

// Amend returns a fragment with lines added: each replaces the last line of the same option,
// or else is appended.
func Amend(text string, lines []string) string {
	var old []string
	if text != "" {
		old = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	}
	place := map[string]int{}
	for i, line := range old {
		if o, ok, err := ParseOption(line); ok && err == nil {
			place[o.Name] = i
		}
	}
	for _, line := range lines {
		o, _, _ := ParseOption(line)
		if i, ok := place[o.Name]; ok {
			old[i] = line
			continue
		}
		old = append(old, line)
	}
	return strings.Join(old, "\n") + "\n"
}
