// Command mage is Mage as `go tool mage` runs it here: Mage itself, which in
// addition passes SIGINT and SIGTERM on to the magefile, and starts one that has not
// changed without asking go build.
//
// Mage swallows a SIGINT that reaches it alone and dies of a SIGTERM without a
// word to the magefile that it started, which then works on unattended. A
// terminal signals the whole group and hides that; a CI runner that cancels a
// job signals the first process only.
package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/magefile/mage/mage"
)

func main() {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		for range signals {
			passOn()
		}
	}()
	os.Exit(runFast(os.Args[1:], mage.Main))
}
