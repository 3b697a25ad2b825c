package docscheck

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/magefile/mage/parse"
)

// target is something that mage can run.
type target struct {
	name, text string
	flags      []parse.Arg
	aliasOf    string
}

// readTargets returns the targets of the magefile and of what it imports, by name.
func readTargets() ([]target, error) {
	info, err := parse.PrimaryPackage("go", root, []string{magefile}, false)
	if err != nil {
		return nil, err
	}
	functions := info.Funcs
	for _, i := range info.Imports {
		functions = append(functions, i.Info.Funcs...)
	}
	var list []target
	for _, f := range functions {
		list = append(list, target{strings.ToLower(f.TargetName()), f.Comment, f.OptionalArgs(), ""})
	}
	for name, f := range info.Aliases {
		list = append(list, target{name, "", f.OptionalArgs(), strings.ToLower(f.TargetName())})
	}
	slices.SortFunc(list, func(a, b target) int {
		return cmp.Or(cmp.Compare(namespace(a.name), namespace(b.name)), cmp.Compare(a.name, b.name))
	})
	return list, nil
}

// namespace returns what is before the colon of a target's name, "" for none.
func namespace(name string) string {
	space, _, ok := strings.Cut(name, ":")
	if !ok {
		return ""
	}
	return space
}

// renderTargets renders the targets with their flags, and the aliases.
func renderTargets(*code) (string, error) {
	list, err := readTargets()
	if err != nil {
		return "", err
	}
	var rows [][]string
	for _, t := range list {
		text := "the same as " + mono(t.aliasOf)
		if t.aliasOf == "" {
			text = sentence(t.text)
		}
		rows = append(rows, []string{mono(t.name), strings.Join(flagNames(t.flags), " "), text})
	}
	return table([]string{"target", "flags", "does"}, rows) + "\n" + renderFlags(list), nil
}

// renderFlags renders what each flag means, with the targets that differ from the most
// frequent meaning.
func renderFlags(list []target) string {
	targets := map[[2]string][]string{} // by flag and meaning
	for _, t := range list {
		for _, f := range t.flags {
			if t.aliasOf == "" {
				key := [2]string{strings.ToLower(f.Name), f.Comment}
				targets[key] = append(targets[key], mono(t.name))
			}
		}
	}
	var rows [][]string
	for key, names := range targets {
		of := strings.Join(names, " ")
		rows = append(rows, []string{mono("-" + key[0]), key[1], of})
	}
	slices.SortFunc(rows, func(a, b []string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[2], b[2])) })
	return table([]string{"flag", "meaning", "of"}, rows)
}

func flagNames(flags []parse.Arg) (names []string) {
	for _, f := range flags {
		name := "-" + strings.ToLower(f.Name)
		if f.Type != "bool" {
			name += "="
		}
		names = append(names, mono(name))
	}
	return names
}

// sentence returns a comment without the function's name that it starts with.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if first, rest, ok := strings.Cut(text, " "); ok && first != "" && first[0] >= 'A' && first[0] <= 'Z' {
		text = rest
	}
	return strings.TrimSuffix(text, ".")
}

// renderExitCodes renders 0, the classes of errors, and the codes of signals.
func renderExitCodes(c *code) (string, error) {
	rows := [][]string{{"0", "success"}}
	for _, k := range c.packages[faultPackage].constants {
		if k.kind == "Class" {
			rows = append(rows, []string{k.value, k.text})
		}
	}
	if len(rows) == 1 {
		return "", fmt.Errorf("%s declares no Class", faultPackage)
	}
	for _, signal := range [][]string{{"130", "SIGINT (Ctrl-C) ended the run"}, {"143", "SIGTERM ended the run"}} {
		if !slices.ContainsFunc(rows, func(row []string) bool { return row[0] == signal[0] }) {
			rows = append(rows, signal)
		}
	}
	return table([]string{"exit code", "meaning"}, rows), nil
}

// renderCauses renders what a failed build can be put down to.
func renderCauses(c *code) (string, error) {
	var rows [][]string
	for _, k := range c.packages[faultPackage].constants {
		if k.kind == "Cause" {
			rows = append(rows, []string{mono(k.value), cmp.Or(words["cause "+k.value], k.text)})
		}
	}
	return table([]string{"cause", "meaning"}, rows), nil
}

// renderVariables renders the variables that belong to no file: the exported constants
// whose name ends in Variable.
func renderVariables(c *code) (string, error) {
	var rows [][]string
	for _, p := range c.sorted() {
		for _, k := range p.constants {
			if strings.HasSuffix(k.name, "Variable") && strings.HasPrefix(k.value, "KILN_") && !strings.HasPrefix(k.value, internalVariable) {
				text := cmp.Or(words["variable "+k.value], k.text)
				if text == "" {
					return "", fmt.Errorf("variable %s has no comment", k.value)
				}
				rows = append(rows, []string{mono(k.value), text})
			}
		}
	}
	return table([]string{"variable", "meaning"}, rows), nil
}
