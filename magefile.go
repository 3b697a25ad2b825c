//go:build mage

//mage:multiline

// Kiln builds and verifies two things in containers: a site image, which is Nginx with
// your pages, and Linux kernels for any architecture.
//
//	go tool mage setup all     the whole job, on a fresh machine
//	go tool mage doctor        what is installed, and how to fix what is missing
//	go tool mage -h TARGET     a target's flags
//
// site/site.toml describes the site, kernel/kernels.toml the kernels.
package main

import (
	//mage:import
	"github.com/romanatrashyonok/kiln/targets"
	//mage:import
	"github.com/romanatrashyonok/kiln/targets/dev"
)

// Aliases are short names of targets, and those that cannot be names in Go.
var Aliases = map[string]any{
	"image":      targets.Image.Build,
	"kernel":     targets.Kernel.All,
	"kernel:386": targets.Kernel.I386,
	"test":       dev.Test.All,
}
