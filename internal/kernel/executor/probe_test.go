//go:build linux

package executor

import (
	"errors"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine"
)

// probing is a compiler that counts its calls, and then is the real one.
const probing = `#!/bin/sh
echo >> /tmp/calls
exec gcc "$@"
`

// TestProbesAreAskedOnce asks a compiler, by kiln-cc, what it can do: twice each, with the
// same outcome. Only the first counts, unless the answer depends on more than the toolchain.
func TestProbesAreAskedOnce(t *testing.T) {
	ctr := toolchainContainer(t)
	compiler := inputFile("/tmp/cc", probing)
	compiler.Mode = 0o755
	if err := ctr.Put(t.Context(), "/", compiler, inputFile("/tmp/one.h", "int one;\n")); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		input, line string // what is compiled, and the compiler's words
		calls       int    // of the compiler, by asking twice
		exit        int
		prints      string
	}{
		"yes":               {"", "-Werror -O2 -c -x c /dev/null -o /tmp/o", 1, 0, ""},
		"no":                {"", "-Werror -fno-such-thing -c -x c /dev/null -o /tmp/o", 1, 1, "no-such-thing"},
		"no file":           {"", "-S -x c /dev/null -o /dev/null", 1, 0, ""},
		"to output":         {"int f(void) { return 7; }", "-S -x c - -o -", 1, 0, "ret"},
		"preprocessed":      {"__GNUC__", "-E -P -x c -", 1, 0, ""},
		"other input":       {"int g(void) { return 8; }", "-S -x c - -o -", 1, 0, "ret"},
		"a header":          {"#include \"/tmp/one.h\"", "-S -x c - -o -", 2, 0, "one"},
		"a folder":          {"", "-I/tmp -c -x c /dev/null -o /tmp/o", 2, 0, ""},
		"a file":            {"", "-c -x c /tmp/one.h -o /tmp/o", 2, 0, ""},
		"a further output":  {"", "-Wp,-MMD,/tmp/d -c -x c /dev/null -o /tmp/o", 2, 0, ""},
		"linked":            {"int main(void) { return 0; }", "-x c - -o /tmp/o", 2, 0, ""},
		"no output is said": {"", "-c -x c /dev/null", 2, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			run := func(argv ...string) (string, error) {
				return ctr.Output(t.Context(), engine.Command{
					Argv: argv, Dir: "/tmp", Stdin: strings.NewReader(tc.input), Env: []string{"KILN_PROBES=/tmp/probes", "CCACHE_DISABLE=1"},
				})
			}
			if _, err := run("sh", "-c", ": > /tmp/calls"); err != nil {
				t.Fatal(err)
			}
			var outcome [2]string
			for n := range outcome {
				out, err := run("sh", "-c", "rm -f /tmp/o; kiln-cc /tmp/cc "+tc.line+"; code=$?; sha256sum /tmp/o 2>/dev/null; exit $code")
				var exit *engine.ExitError
				if code := 0; errors.As(err, &exit) {
					if code = exit.Code; code != tc.exit {
						t.Errorf("exit status %d, expected %d", code, tc.exit)
					}
				} else if err != nil || tc.exit != 0 {
					t.Fatalf("%v, expected exit status %d", err, tc.exit)
				}
				if exit != nil {
					out += err.Error()
				}
				outcome[n] = out
			}
			if outcome[0] != outcome[1] || !strings.Contains(outcome[0], tc.prints) {
				t.Errorf("asked anew:\n%s\nkept:\n%s", outcome[0], outcome[1])
			}
			calls, err := run("wc", "-l", "/tmp/calls")
			if err != nil || !strings.HasPrefix(calls, string(rune('0'+tc.calls))) {
				t.Errorf("the compiler was called %s times, %v; expected %d", calls, err, tc.calls)
			}
		})
	}
}
