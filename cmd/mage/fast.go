package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/magefile/mage/mg"
)

// Mage has go build look at every package each time, which takes longer than most
// targets that find nothing to do. What that would find out is all in the module: its
// sources, what they embed, and go.sum, which pins the rest. So the compiled magefile is
// kept in a folder named by the hash of these, and Mage takes it from there unseen.

// keyed begins the names of those folders, in Mage's own folder of programs.
const keyed = "kiln-"

// keptPrograms is how many of those folders stay.
const keptPrograms = 4

// wholeFile says, in such a folder, that what Mage compiled into it was whole, and of the
// sources that the folder is named by.
const wholeFile = "whole"

// runFast runs Mage, and has it take the magefile that was compiled from these very
// sources. Where there is none yet, or where the sources cannot be told from the module
// alone, Mage does as it always does. It gives the exit code.
func runFast(args []string, run func() int) int {
	own := chooseFolder(args)
	code := run()
	if own == "" {
		return code
	}
	programs, _ := os.ReadDir(own) // none for -l, which compiles nothing
	key, err := moduleHash(".")
	if err == nil && filepath.Base(own) == keyed+key && len(programs) > 0 { // nobody has changed them meanwhile
		os.WriteFile(filepath.Join(own, wholeFile), nil, 0o644)
	}
	return code
}

// chooseFolder tells Mage its folder. It gives that where it is not known to be whole.
func chooseFolder(args []string) (own string) {
	if os.Getenv(mg.HashFastEnv) != "" && !inherited() {
		return ""
	}
	os.Unsetenv(mg.HashFastEnv)
	dir := programs()
	key, err := moduleHash(".")
	if err != nil || elsewhere(args) {
		os.Setenv(mg.CacheEnv, dir)
		return ""
	}
	own = filepath.Join(dir, keyed+key)
	os.Setenv(mg.CacheEnv, own)
	if _, err := os.Stat(filepath.Join(own, wholeFile)); err == nil {
		os.Setenv(mg.HashFastEnv, "1")
		return ""
	}
	makeRoom(dir)
	return own
}

// elsewhere tells whether Mage's flags may lead to another folder or another compiler.
func elsewhere(args []string) bool {
	for _, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			return false
		}
		if !slices.Contains([]string{"-l", "-h", "-v", "-f", "-debug"}, arg) {
			return true
		}
	}
	return false
}

// inherited says that this runs within another run, whose settings those are.
func inherited() bool { return strings.HasPrefix(filepath.Base(mg.CacheDir()), keyed) }

// programs is Mage's folder of compiled programs.
func programs() string {
	if inherited() {
		return filepath.Dir(mg.CacheDir())
	}
	return mg.CacheDir()
}

// makeRoom removes all but the youngest folders.
func makeRoom(dir string) {
	old, _ := filepath.Glob(filepath.Join(dir, keyed+"*"))
	slices.SortFunc(old, func(a, b string) int { return made(b).Compare(made(a)) })
	for _, name := range old[min(len(old), keptPrograms-1):] {
		os.RemoveAll(name)
	}
}

// made is when a folder was made or filled.
func made(dir string) time.Time {
	info, err := os.Stat(dir)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
