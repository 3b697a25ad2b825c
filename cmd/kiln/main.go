// Command kiln starts a project that uses Kiln's Mage targets:
//
//	go run github.com/romanatrashyonok/kiln/cmd/kiln@latest init
//
// writes a magefile, a site and a kernel into the working directory. It overwrites nothing: if
// one of its files exists it writes none, and exits with 2.
package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

const usage = "usage: kiln init\n  writes magefile.go, site/ and kernel/ into the working directory"

// next lists the commands that follow. go mod tidy adds the sums of what the magefile imports.
const next = `next:
  go mod init example.com/site   (in a folder without go.mod)
  go get -tool github.com/romanatrashyonok/kiln/cmd/mage
  go mod tidy
  go tool mage -l
`

func main() { os.Exit(run(os.Args[1:], ".", os.Stdout, os.Stderr)) }

// run carries out the command in a folder and returns the exit code.
func run(args []string, dir string, stdout, stderr io.Writer) int {
	if len(args) == 1 && slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		fmt.Fprintln(stdout, usage)
		return 0
	}
	if len(args) != 1 || args[0] != "init" {
		fmt.Fprintln(stderr, usage)
		return int(fault.Usage)
	}
	written, err := initialize(dir)
	if err != nil {
		fmt.Fprintln(stderr, "Error:", err)
		return fault.Code(err)
	}
	for _, name := range written {
		fmt.Fprintln(stdout, "wrote", name)
	}
	fmt.Fprint(stdout, next)
	return 0
}
