package cliargs

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/buildkit/util/suggest"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// target is what a target's help documents.
type target struct {
	name    string            // "kernel:arm64", not an alias
	args    []string          // the names of the positional arguments: "<name>"
	flags   map[string]string // types by lower-case names: string, int, bool, float64, time.Duration
	aliases []string
}

// The parts of a target's help (magefile/mage mage/template.go and parse.FlagDocsString).
var (
	usageLine = regexp.MustCompile(`(?m)^\t.*$`)
	argument  = regexp.MustCompile(` (<[^<>]+>)`) // Go identifiers: letters of any script
	flag      = regexp.MustCompile(`(?m)(?:^\t| \[)-([^\s=]+)=<([\w.]+)>`)
	aliasLine = regexp.MustCompile(`(?m)^Aliases: (.*)$`)
)

// parseHelp reads the help of a target; nil where text is not such a help.
func parseHelp(name, text string) *target {
	start := strings.LastIndex(text, "Usage:\n\n\t")
	if start < 0 {
		return nil
	}
	text = text[start:]
	usage := usageLine.FindString(text)
	t := &target{name: name, flags: map[string]string{}}
	for _, a := range argument.FindAllStringSubmatch(usage, -1) {
		t.args = append(t.args, a[1])
	}
	for _, f := range flag.FindAllStringSubmatch(text, -1) {
		t.flags[strings.ToLower(f[1])] = f[2]
	}
	if m := aliasLine.FindStringSubmatch(text); m != nil {
		t.aliases = strings.Split(m[1], ", ")
	}
	return t
}

// called reports whether a name, in any case, is the target's or an alias of it.
func (t *target) called(name string) bool {
	return slices.ContainsFunc(append([]string{t.name}, t.aliases...), func(n string) bool { return strings.EqualFold(n, name) })
}

// take checks the arguments and flags that follow the target's name in args[0], and
// returns the rest of args.
func (t *target) take(args []string) (rest []string, err error) {
	name := args[0]
	rest = args[1:]
	if given := len(rest); given < len(t.args) {
		return nil, fault.New(fault.Usage, "go tool mage -h "+t.name, "target %q: missing %s", name, strings.Join(t.args[given:], " "))
	}
	rest = rest[len(t.args):]
	for seen := map[string]bool{}; len(rest) > 0 && strings.HasPrefix(rest[0], "-"); rest = rest[1:] {
		if err := t.checkFlag(name, rest[0], seen); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// checkFlag checks one flag of a target that was called by name.
func (t *target) checkFlag(called, arg string, seen map[string]bool) error {
	name, value, hasValue := strings.Cut(arg, "=")
	dashes := len(name) - len(strings.TrimLeft(name, "-"))
	name = strings.ToLower(name[dashes:])
	kind, known := t.flags[name]
	switch {
	case !known && (name == "h" || name == "help"):
		return fault.New(fault.Usage, "go tool mage -h "+t.name, "target %q takes no help flag", called)
	case !known:
		return fault.New(fault.Usage, "", "target %q has no flag %q%s", called, arg, t.nearest(name))
	case dashes != 1:
		return fault.New(fault.Usage, "write -"+name+"=VALUE", "target %q: flag %q has two dashes", called, arg)
	case !hasValue && kind != "bool":
		return fault.New(fault.Usage, "write -"+name+"=VALUE", "target %q: flag %q has no value", called, arg)
	case seen[name]:
		return fault.New(fault.Usage, "", "target %q: flag %q is repeated", called, arg)
	case hasValue && !parses(kind, value):
		return fault.New(fault.Usage, "", "target %q: flag %q: expected a value of type %s", called, arg, kind)
	}
	seen[name] = true
	return nil
}

// nearest returns the end of a message about an unknown flag: the flag that may be
// meant, or all.
func (t *target) nearest(got string) string {
	names := slices.Sorted(maps.Keys(t.flags))
	if near, ok := suggest.Search(got, names, false); ok {
		return fmt.Sprintf("; did you mean -%s=VALUE?", near)
	}
	if len(names) == 0 {
		return "; it has none"
	}
	return "; known are -" + strings.Join(names, "=, -") + "="
}

// parses reports whether Mage can parse a value as the type of a flag.
func parses(kind, value string) bool {
	var err error
	switch kind {
	case "int":
		_, err = strconv.Atoi(value)
	case "bool":
		_, err = strconv.ParseBool(value)
	case "float64":
		_, err = strconv.ParseFloat(value, 64)
	case "time.Duration":
		_, err = time.ParseDuration(value)
	}
	return err == nil
}
