// Package cliargs refuses a bad mage command line before any target runs. Mage checks
// the names of targets one by one, while they run: `mage push typo` pushes first, and
// `mage image --help` builds the image.
//
// The targets are those that the compiled magefile itself documents: `-h NAME` prints
// a target's arguments, flags and aliases, also of an imported target, and in a binary
// that is far from its sources (mage -compile). One such question takes about 15 ms.
// Reading the sources with Mage's parser takes two runs of `go list` for each import,
// about 200 ms, and needs the sources and Go.
package cliargs

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// askTimeout bounds all questions of one check. After it, the call is left to Mage.
const askTimeout = 5 * time.Second

// MustCheck checks the command line of this process, a compiled magefile, and exits
// with fault.Usage where it is bad. It is to be called from an init function, which
// runs before any target. In a program that is not a compiled magefile, as a test, and
// where Mage only lists or explains, it does nothing. usual has targets by the aliases that
// a magefile usually defines.
func MustCheck(usual map[string]string) {
	exe, err := os.Executable()
	if err != nil || !isMagefile() || isSet("MAGEFILE_LIST") || isSet("MAGEFILE_HELP") {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	if err := checkCall(ctx, binary{path: exe, dir: ".", usual: usual}, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		fmt.Fprintln(os.Stderr, "no target was run")
		os.Exit(int(fault.Usage))
	}
}

// isMagefile reports whether Mage compiled this program: Mage passes files to go
// build, not a package.
func isMagefile() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && info.Path == "command-line-arguments"
}

// isSet reports whether Mage takes a variable of its own as true.
func isSet(name string) bool {
	set, err := strconv.ParseBool(os.Getenv(name))
	return err == nil && set
}

// checkCall checks the arguments of a compiled magefile: every target must exist, get
// its positional arguments, and have every flag that is given, in the form -name=value
// and with a value of the right type. The error, of class fault.Usage, is about the
// first that does not. A call that cannot be checked, since the binary does not answer,
// is good.
func checkCall(ctx context.Context, b binary, args []string) error {
	args, runs := skipMageFlags(args)
	if !runs {
		return nil
	}
	likely, err := b.probe(ctx, args)
	if err != nil {
		return nil
	}
	for len(args) > 0 {
		t := likely[strings.ToLower(args[0])]
		if t == nil {
			if t, err = b.search(ctx, args[0]); err != nil {
				return nil
			}
		}
		if t == nil {
			return b.unknown(ctx, args[0])
		}
		if args, err = t.take(args); err != nil {
			return err
		}
	}
	return nil
}

// skipMageFlags drops the flags of the compiled magefile itself, which come before the
// first target; runs is false where it only lists or explains.
func skipMageFlags(args []string) (rest []string, runs bool) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch name := strings.TrimLeft(args[0], "-"); name {
		case "":
			return args[1:], true
		case "h", "l", "help":
			return nil, false
		case "t":
			args = args[min(2, len(args)):]
		default:
			args = args[1:]
		}
	}
	return args, true
}
