package kconfig

import "strings"

// Line writes an option as a fragment does.
func Line(name, value string) string {
	if value == "n" {
		return "# " + name + " is not set"
	}
	return name + "=" + value
}

// Difference returns the lines that lead from one minimal configuration to another.
// final holds the values of the whole second one: an option that the second need not
// name any more is set to what it is there.
func Difference(before, after []Option, final map[string]string) []string {
	had, has := Values(before), Values(after)
	var lines []string
	for _, o := range after {
		if value, ok := had[o.Name]; !ok || value != o.Value {
			lines = append(lines, Line(o.Name, o.Value))
		}
	}
	for _, o := range before {
		if _, ok := has[o.Name]; ok {
			continue
		}
		value, ok := final[o.Name]
		if !ok {
			value = "n"
		}
		if value != o.Value {
			lines = append(lines, Line(o.Name, value))
		}
	}
	return lines
}

// Amend puts lines into the text of a fragment: in the place of the last line about
// the same option, else at the end.
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
