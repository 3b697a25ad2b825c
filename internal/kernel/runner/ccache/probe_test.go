//go:build linux

package ccache_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine"
)

// countingCompiler is a compiler that counts its calls and runs the real one.
const countingCompiler = `#!/bin/sh
echo >> /tmp/calls
exec gcc "$@"
`

// TestProbesAreCached runs each compiler probe twice through kiln-cc, with the same outcome.
// The compiler runs once, unless the answer depends on more than the toolchain.
func TestProbesAreCached(t *testing.T) {
	ctr := toolchainContainer(t)
	compiler := text("/tmp/cc", countingCompiler)
	compiler.Mode = 0o755
	if err := ctr.Put(t.Context(), "/", compiler, text("/tmp/one.h", "int one;\n")); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]probe{
		"yes":             {"", "-Werror -O2 -c -x c /dev/null -o /tmp/o", 1, 0, ""},
		"no":              {"", "-Werror -fno-such-thing -c -x c /dev/null -o /tmp/o", 1, 1, "no-such-thing"},
		"to /dev/null":    {"", "-S -x c /dev/null -o /dev/null", 1, 0, ""},
		"to stdout":       {"int f(void) { return 7; }", "-S -x c - -o -", 1, 0, "ret"},
		"preprocessed":    {"__GNUC__", "-E -P -x c -", 1, 0, ""},
		"different input": {"int g(void) { return 8; }", "-S -x c - -o -", 1, 0, "ret"},
		"header":          {"#include \"/tmp/one.h\"", "-S -x c - -o -", 2, 0, "one"},
		"include folder":  {"", "-I/tmp -c -x c /dev/null -o /tmp/o", 2, 0, ""},
		"input file":      {"", "-c -x c /tmp/one.h -o /tmp/o", 2, 0, ""},
		"second output":   {"", "-Wp,-MMD,/tmp/d -c -x c /dev/null -o /tmp/o", 2, 0, ""},
		"linked":          {"int main(void) { return 0; }", "-x c - -o /tmp/o", 2, 0, ""},
		"default output":  {"", "-c -x c /dev/null", 2, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if err := ctr.Exec(t.Context(), engine.Command{Argv: []string{"sh", "-c", ": > /tmp/calls"}}); err != nil {
				t.Fatal(err)
			}
			first, second := p.run(t, ctr), p.run(t, ctr)
			if first != second || !strings.Contains(first, p.prints) {
				t.Errorf("first probe:\n%s\nsecond probe:\n%s", first, second)
			}
			calls, err := ctr.Output(t.Context(), engine.Command{Argv: []string{"wc", "-l", "/tmp/calls"}})
			if err != nil || !strings.HasPrefix(calls, strconv.Itoa(p.calls)+" ") {
				t.Errorf("the compiler ran %s times, %v; want %d", calls, err, p.calls)
			}
		})
	}
}

// probe is a call of the compiler that finds out what it can do.
type probe struct {
	input, args string // source text on standard input, and the compiler's arguments
	calls       int    // of the compiler, when the probe is run twice
	exit        int
	prints      string
}

// run runs a probe through kiln-cc and returns its output, its error and the hash of the
// object.
func (p probe) run(t *testing.T, ctr *engine.Container) string {
	t.Helper()
	out, err := ctr.Output(t.Context(), engine.Command{
		Argv:  []string{"sh", "-c", "rm -f /tmp/o; kiln-cc /tmp/cc " + p.args + "; code=$?; sha256sum /tmp/o 2>/dev/null; exit $code"},
		Dir:   "/tmp",
		Stdin: strings.NewReader(p.input), Env: []string{"KILN_PROBES=/tmp/probes", "CCACHE_DISABLE=1"},
	})
	var exit *engine.ExitError
	if errors.As(err, &exit) {
		if exit.Code != p.exit {
			t.Errorf("exit status %d, want %d", exit.Code, p.exit)
		}
		return out + err.Error()
	}
	if err != nil || p.exit != 0 {
		t.Fatalf("%v, want exit status %d", err, p.exit)
	}
	return out
}
