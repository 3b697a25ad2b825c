package docscheck

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// command matches a call of mage up to the end of the line, of the code span, or of
	// the shell's command.
	command = regexp.MustCompile("go tool mage((?: +[^\\s`|&;,#>)\\]\\[\"']+)*)")
	// mention matches a target with a namespace in code style.
	mention = regexp.MustCompile("`((?:image|kernel|test):[a-z0-9]+)(?: [^`\n]*)?`")
	// placeholder matches a word that stands for a target or a flag: TARGET, $ONE.
	placeholder = regexp.MustCompile(`^\$|^[A-Z.]+$|^\.\.\.`)
)

func TestCommandsExist(t *testing.T) {
	list, err := readTargets()
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string][]string{}
	for _, target := range list {
		flags[target.name] = []string{}
		for _, f := range target.flags {
			flags[target.name] = append(flags[target.name], strings.ToLower(f.Name))
		}
	}
	for _, p := range readPages(t) {
		for _, m := range command.FindAllStringSubmatch(p.text, -1) {
			if fault := check(flags, strings.Fields(m[1])); fault != "" {
				t.Errorf("%s: %q: %s", p.path, m[0], fault)
			}
		}
		for _, m := range mention.FindAllStringSubmatch(p.text, -1) {
			if flags[m[1]] == nil {
				t.Errorf("%s: there is no target %q", p.path, m[1])
			}
		}
	}
}

// check returns what is wrong with the arguments of a call of mage, "" for nothing. flags
// are those of each target.
func check(flags map[string][]string, args []string) string {
	current := ""
	for _, arg := range args {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		switch {
		case placeholder.MatchString(arg):
		case !strings.HasPrefix(arg, "-"):
			if current = arg; flags[arg] == nil {
				return "there is no target " + arg
			}
		case current == "" && slices.Contains([]string{"l", "h", "t", "v", "compile"}, name): // mage's own
		case !slices.Contains(flags[current], name):
			return current + " has no flag " + arg
		}
	}
	return ""
}
