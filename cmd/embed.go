// Package cmd holds Kiln's programs, a folder each, and embeds the source of those that run
// inside a booted kernel or a container. It travels inside Kiln's binary, so that a magefile
// in a different module has it too. They import only the standard library, and packages that
// package internal embeds, because they are compiled outside of Kiln's module.
package cmd

import (
	"embed"
	"io/fs"
)

//go:embed bootinit/*.go portforward/*.go runner/*.go
var files embed.FS

// BootInit returns the source of bootinit, the init program of a kernel under test.
func BootInit() fs.FS { return program("bootinit") }

// PortForward returns the source of portforward, which connects to the ports of a container.
func PortForward() fs.FS { return program("portforward") }

// Runner returns the source of kiln-runner, which builds a kernel inside the build's container.
func Runner() fs.FS { return program("runner") }

// program returns the Go files of a program's package main.
func program(name string) fs.FS {
	source, _ := fs.Sub(files, name) // a valid path: cannot fail
	return source
}
