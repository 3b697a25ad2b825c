package docscheck

import (
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/site"
)

// file is a settings file: what it is called, the prefix of its variables, and its struct
// with the defaults.
type file struct {
	name, prefix string
	defaults     any
}

// files are the settings files. Their structs are found by these values; documents are
// found by their schema, wherever they are declared.
var files = []file{
	{"site.toml", "KILN_SITE_", site.Defaults()},
	{"kernels.toml", "KILN_KERNEL_", withTable(spec.Defaults())},
}

// withTable returns the file with one empty [[kernel]], so that its defaults show.
func withTable(f spec.File) spec.File {
	f.Kernels = []spec.Table{{}}
	return f.WithDefaults()
}

// magefile is the file whose targets are documented, imports included.
const magefile = "magefile.go"

// faultPackage declares the classes of errors, whose values are exit codes, and the causes.
const faultPackage = module + "/internal/fault"
