// Package cmd holds Kiln's programs, a folder each, and embeds the source of those that run
// inside a booted kernel. It travels inside Kiln's binary, so that a magefile in a different
// module has it too.
package cmd

import (
	"embed"
	"io/fs"
)

//go:embed bootinit/*.go
var files embed.FS

// BootInit returns the source of bootinit, the init program of a kernel under test: Go files
// of package main that import only the standard library.
func BootInit() fs.FS {
	source, _ := fs.Sub(files, "bootinit") // a valid path: cannot fail
	return source
}
