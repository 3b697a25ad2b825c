package targets

import "github.com/romanatrashyonok/kiln/internal/cliargs"

// usualAliases are the aliases that the magefile of kiln init defines, and Kiln's own.
var usualAliases = map[string]string{
	"image": "image:build", "kernel": "kernel:all", "kernel:386": "kernel:i386", "test": "test:all",
}

// init refuses a bad call before any target runs. Mage checks the names of targets one by
// one, while they run.
func init() { cliargs.MustCheck(usualAliases) }
