package cliargs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/buildkit/util/suggest"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Check judges the arguments of a compiled magefile (os.Args[1:]) by the
// magefile's source: every target must exist, and have every flag that it is
// given, in the form -name=value and with a value of the right type. The error,
// of class fault.Usage, is about the first that does not.
//
// When mage only lists or explains (MAGEFILE_LIST, MAGEFILE_HELP) nothing runs,
// and Check need not be asked.
func Check(magefile []byte, args []string) error {
	targets, err := Targets(magefile)
	if err != nil {
		return err
	}
	args, run := skipMageFlags(args)
	if !run {
		return nil
	}
	var current *Target
	seen := map[string]bool{}
	for _, arg := range args {
		switch {
		case current != nil && strings.HasPrefix(arg, "-"):
			err = current.check(arg, seen)
		default:
			seen = map[string]bool{}
			current, err = choose(targets, arg)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// skipMageFlags drops what the compiled magefile itself takes before the first
// target; run is false where it only lists or explains.
func skipMageFlags(args []string) (rest []string, run bool) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch name := strings.TrimLeft(args[0], "-"); name {
		case "h", "l", "help":
			return nil, false
		case "t":
			args = args[min(2, len(args)):]
		default:
			args = args[1:]
		}
	}
	return args, true
}

// choose finds the target that is meant.
func choose(targets []Target, name string) (*Target, error) {
	if t := find(targets, name); t != nil {
		return t, nil
	}
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = t.Name
	}
	slices.Sort(names)
	near, ok := suggest.Search(name, names, false)
	if ok {
		return nil, usage("did you mean %q? nothing was run", "there is no target %q", near, name)
	}
	space, _, _ := strings.Cut(name, ":")
	siblings := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.HasPrefix(n, space+":") })
	if strings.Contains(name, ":") && len(siblings) > 0 {
		names = siblings
	}
	return nil, usage("there are %s; nothing was run", "there is no target %q", strings.Join(names, ", "), name)
}

// usage gives the error of a bad call.
func usage(hint, format, hintArg string, args ...any) error {
	return fault.New(fault.Usage, fmt.Sprintf(hint, hintArg), format, args...)
}

// check judges one flag of a target.
func (t *Target) check(arg string, seen map[string]bool) error {
	name, value, hasValue := strings.Cut(arg, "=")
	dashes := len(name) - len(strings.TrimLeft(name, "-"))
	name = strings.ToLower(name[dashes:])
	if slices.Contains([]string{"h", "help"}, name) {
		return usage("for help on a target: go tool mage -h %s; nothing was run", "target %q takes no help flag", t.Name, t.Name)
	}
	i := slices.IndexFunc(t.Flags, func(f Flag) bool { return f.Name == name })
	switch {
	case i < 0:
		return usage("%s; nothing was run", "target %q has no flag %q", t.flags(name), t.Name, arg)
	case dashes != 1:
		return usage("write -%s=VALUE, with one dash; nothing was run", "target %q: flag %q", name, t.Name, arg)
	case !hasValue && t.Flags[i].Type != "bool":
		return usage("write -%s=VALUE; nothing was run", "target %q: flag %q has no value", name, t.Name, arg)
	case seen[name]:
		return usage("give -%s once; nothing was run", "target %q: flag %q is given twice", name, t.Name, arg)
	case hasValue && !parses(t.Flags[i].Type, value):
		return usage("expected a value of the type %s; nothing was run", "target %q: flag %q", t.Flags[i].Type, t.Name, arg)
	}
	seen[name] = true
	return nil
}

// flags says which flags a target has, the nearest first.
func (t *Target) flags(got string) string {
	var names []string
	for _, f := range t.Flags {
		names = append(names, f.Name)
	}
	if near, ok := suggest.Search(got, names, false); ok {
		return fmt.Sprintf("did you mean -%s=VALUE?", near)
	}
	if len(names) == 0 {
		return "it has none"
	}
	return "it has -" + strings.Join(names, "=, -") + "="
}

// parses tells whether mage will be able to read a value.
func parses(kind, value string) bool {
	var err error
	switch kind {
	case "int":
		_, err = strconv.Atoi(value)
	case "bool":
		_, err = strconv.ParseBool(value)
	case "float64":
		_, err = strconv.ParseFloat(value, 64)
	case "Duration":
		_, err = time.ParseDuration(value)
	}
	return err == nil
}
