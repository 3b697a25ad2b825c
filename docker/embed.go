// Package docker embeds the images that Kiln works with, each a folder with a Dockerfile and
// the programs that it copies. They are part of Kiln's binary, so that magefiles in other
// modules have them too.
package docker

import (
	"embed"
	"io/fs"
)

//go:embed fetch nginx qemu toolchain
var files embed.FS

// The images, by the names of their folders.
const (
	Fetch     = "fetch"     // fetches, verifies and unpacks kernel sources
	Nginx     = "nginx"     // replaces the site's base where no registry can be reached
	QEMU      = "qemu"      // boots kernels
	Toolchain = "toolchain" // builds kernels
)

// Context returns the build context of an image, with its Dockerfile at the top. Any
// other name is an error.
func Context(image string) (fs.FS, error) {
	if _, err := fs.Stat(files, image); err != nil {
		return nil, err
	}
	return fs.Sub(files, image)
}
