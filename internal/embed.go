// Package internal embeds the source of those packages that the programs in cmd/ are made of which
// run in containers, see gobuild.Program. They import only the standard library and each other.
package internal

import (
	"embed"
	"io/fs"
)

//go:embed fault/*.go kernel/plan/*.go kernel/diagnose/*.go kernel/kconfig/*.go kernel/kconfig/*.py
//go:embed kernel/runner/*.go kernel/runner/*/*.go kernel/runner/*/*.py
var runner embed.FS

// Runner returns the packages that cmd/runner imports, by their paths below this folder.
func Runner() fs.FS { return runner }
