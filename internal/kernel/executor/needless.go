package executor

import (
	"fmt"

	"github.com/moby/buildkit/util/suggest"

	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
)

// needless returns a warning for each option that may differ, by its name with or without the
// prefix CONFIG_, and that is not requested or does not differ.
func needless(allow []string, verdicts []kconfig.Verdict) (warnings []string) {
	byName := map[string]kconfig.Verdict{}
	var names []string
	for _, v := range verdicts {
		byName[v.Name] = v
		names = append(names, v.Name)
	}
	for _, name := range allow {
		option := kconfig.WithPrefix(name)
		switch v, asked := byName[option]; {
		case asked && v.Kept():
			warnings = append(warnings, fmt.Sprintf("allow = [%q] has no effect: %s is as asked, %s", name, option, v.Value))
		case !asked:
			hint := ""
			if near, ok := suggest.Search(option, names, true); ok {
				hint = "; did you mean " + near + "?"
			}
			warnings = append(warnings, fmt.Sprintf("allow = [%q] has no effect: nothing asks for %s%s", name, option, hint))
		}
	}
	return warnings
}
