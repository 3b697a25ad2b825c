// Command mage is Mage as `go tool mage` runs it here: Mage itself, which in addition
// passes SIGINT and SIGTERM on to the magefile, and then exits with 130 or 143. SIGHUP, by
// which a closed terminal ends what runs in it, and SIGQUIT count as SIGTERM.
//
// Mage ignores a SIGINT that is sent to it alone, and ends on a SIGTERM without passing
// it on to the magefile that it started, which then runs on unattended. A terminal
// signals the whole process group and hides that; a CI runner that cancels a job
// signals the first process only.
package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/magefile/mage/mage"
)

func main() {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	if !signal.Ignored(syscall.SIGHUP) { // as by nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	var r relay
	go r.run(signals)
	os.Exit(r.exitCode(mage.Main()))
}
