package spec

import (
	"fmt"

	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// warnings returns what is odd about the items that an entry of config has become.
func (t Table) warnings(dir, entry string, items []plan.Item, a arch.Arch) (warnings []string) {
	for _, item := range items {
		warnings = append(warnings, contradictions(item)...)
		warnings = append(warnings, otherArch(item, a)...)
	}
	if items[0].Fragment != plan.Inline {
		warnings = append(warnings, unread(dir, entry, t.Config)...)
	}
	return warnings
}

// contradictions warns of each option that a fragment sets twice, to different values: the
// last one counts.
func contradictions(item plan.Item) (warnings []string) {
	options, _ := kconfig.Parse(item.Fragment, item.Text) // Asked reports the errors
	last := map[string]kconfig.Option{}
	for _, o := range options {
		if earlier, twice := last[o.Name]; twice && earlier.Value != o.Value {
			warnings = append(warnings, fmt.Sprintf("%s: %s=%s replaces %s of %s", o.Where, o.Name, o.Value, earlier.Value, earlier.Where))
		}
		last[o.Name] = o
	}
	return warnings
}

// otherArch warns of a complete .config that was made for a different architecture.
func otherArch(item plan.Item, a arch.Arch) (warnings []string) {
	name, complete := kconfig.MadeFor(item.Text)
	if !complete || name == a.Source || name == a.Kernel {
		return nil
	}
	return []string{fmt.Sprintf("%s is a complete configuration for %s, and the kernel is for %s", item.Fragment, name, a.Name)}
}
