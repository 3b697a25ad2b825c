package cliargs

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// compile returns the path of testdata's magefile, compiled.
func compile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "magefile")
	cmd := exec.Command("go", "tool", "mage", "-d", "testdata", "-compile", path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("compile the magefile: %v\n%s", err, out)
	}
	return path
}

func TestCheckCall(t *testing.T) {
	const all = "; known are greet, image, kernel, kernel:all, kernel:arm64, push, seal:all\n  fix: go tool mage -l"
	here := binary{path: compile(t), dir: "testdata", usual: map[string]string{"kernel": "kernel:all", "absent": "gone"}}
	alone := binary{path: here.path, dir: t.TempDir()}
	for _, tc := range []struct{ args, want string }{
		{"image", ""},
		{"Image PUSH -dryrun -tries=3 kernel:arm64 -wait=2s", ""},
		{"kernel -name=micro i", ""},
		{"image:sign -key=x", ""},
		{"greet -me 2 -loud=true image", ""},
		{"greet push 2 image", ""},
		{"-v -t 10m image", ""},
		{"-- image", ""},
		{"-l nothing", ""},
		{"-h nothing", ""},
		{"", ""},
		{"image psh", `unknown target "psh"; did you mean "push"?`},
		{"kernel:foo", `unknown target "kernel:foo"; known are kernel:all, kernel:arm64` + "\n  fix: go tool mage -l"},
		{"exported", `unknown target "exported"` + all},
		{"absent", `unknown target "absent"` + all},
		{"greet image", `target "greet": missing <times>` + "\n  fix: go tool mage -h greet"},
		{"image --help", `target "image" takes no help flag` + "\n  fix: go tool mage -h image"},
		{"i -h", `target "i" takes no help flag` + "\n  fix: go tool mage -h image"},
		{"image -v", `target "image" has no flag "-v"; it has none`},
		{"kernel -verison=6", `target "kernel" has no flag "-verison=6"; did you mean -version=VALUE?`},
		{"kernel -x", `target "kernel" has no flag "-x"; known are -name=, -version=`},
		{"kernel --name=micro", `target "kernel": flag "--name=micro" has two dashes` + "\n  fix: write -name=VALUE"},
		{"kernel -name micro", `target "kernel": flag "-name" has no value` + "\n  fix: write -name=VALUE"},
		{"kernel -name=a -name=b", `target "kernel": flag "-name=b" is repeated`},
		{"push -tries=many", `target "push": flag "-tries=many": expected a value of type int`},
		{"kernel:arm64 -wait=2", `target "kernel:arm64": flag "-wait=2": expected a value of type time.Duration`},
		{"image:sign -kye=x", `target "image:sign" has no flag "-kye=x"; did you mean -key=VALUE?`},
	} {
		for name, b := range map[string]binary{"with sources": here, "without sources": alone} {
			err := checkCall(t.Context(), b, strings.Fields(tc.args))
			got := ""
			if err != nil {
				got = err.Error()
			}
			want := tc.want
			if name == "without sources" { // only Usual names aliases
				want = strings.Replace(want, "kernel, kernel:all, kernel:arm64, push", "kernel:all, kernel:arm64, push", 1)
			}
			if got != want || (err != nil && fault.Code(err) != int(fault.Usage)) {
				t.Errorf("%s: %q:\ngot  %q\nwant %q", name, tc.args, got, want)
			}
		}
	}
}

func TestCallThatCannotBeCheckedIsGood(t *testing.T) {
	for _, program := range []string{"false", "true", "no-such-program"} {
		if err := checkCall(t.Context(), binary{path: program}, []string{"image"}); err != nil {
			t.Errorf("%s: %v", program, err)
		}
	}
}

func TestMustCheckRefusesBeforeAnyTarget(t *testing.T) {
	path := compile(t)
	for _, tc := range []struct {
		args, out, errs string
		code            int
	}{
		{args: "image kernel", out: "image\nkernel:all\n"},
		{args: "greet you 2", out: "hello you\n"},
		{args: "image psh", code: 2, errs: "Error: unknown target \"psh\"; did you mean \"push\"?\nno target was run\n"},
		{args: "-h seal:all", out: "All seals.\n\nUsage:\n\n\tmagefile seal:all [-key=<string>]\n\nAliases: image:sign\n\n"},
	} {
		cmd := exec.Command(path, strings.Fields(tc.args)...)
		var errs strings.Builder
		cmd.Dir, cmd.Stderr = "testdata", &errs
		out, err := cmd.Output()
		code := 0
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			code = exit.ExitCode()
		}
		if string(out) != tc.out || errs.String() != tc.errs || code != tc.code {
			t.Errorf("%q: exit code %d, want %d\n%s%s", tc.args, code, tc.code, out, &errs)
		}
	}
}
