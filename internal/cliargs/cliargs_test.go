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
	const all = "; known are greet, image, kernel, kernel:all, kernel:arm64, push, seal:all, space:push, привет\n  fix: go tool mage -l"
	here := Binary{Path: compile(t), Dir: "testdata", Usual: map[string]string{"kernel": "kernel:all", "absent": "gone"}}
	alone := Binary{Path: here.Path, Dir: t.TempDir()}
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
		{"привет мир", ""},
		{"Привет мир -раз=2 image", ""},
		{"p", ""}, // space:push, though the help of push has this alias too
		{"p there", ""},
		{"image p there", ""},
		{"image psh", `unknown target "psh"; did you mean "push"?`},
		{"привет", `target "привет": missing <имя>` + "\n  fix: go tool mage -h привет"},
		{"привет мир -рзз=2", `target "привет" has no flag "-рзз=2"; did you mean -раз=VALUE?`},
		{"space:push", `target "space:push": missing <where>` + "\n  fix: go tool mage -h space:push"},
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
		for name, b := range map[string]Binary{"with sources": here, "without sources": alone} {
			err := CheckCall(t.Context(), b, strings.Fields(tc.args))
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
		if err := CheckCall(t.Context(), Binary{Path: program}, []string{"image"}); err != nil {
			t.Errorf("%s: %v", program, err)
		}
	}
}

func TestMustCheckRefusesBeforeAnyTarget(t *testing.T) {
	const sealHelp = "All seals.\n\nUsage:\n\n\tmagefile seal:all [-key=<string>]\n\nAliases: image:sign\n\n"
	path := compile(t)
	for _, tc := range []struct {
		args, out, errs string
		code            int
	}{
		{args: "image kernel", out: "image\nkernel:all\n"},
		{args: "greet you 2", out: "hello you\n"},
		{args: "image psh", code: 2, errs: "Error: unknown target \"psh\"; did you mean \"push\"?\nno target was run\n"},
		{args: "-h image:sign", out: sealHelp},
		{args: "-v -h IMAGE:sign", out: sealHelp},
		{args: "-h psh", code: 2, errs: "Unknown target: \"psh\"\n"},
		{args: "-h seal:all", out: sealHelp},
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
