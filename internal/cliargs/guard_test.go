package cliargs

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

const magefile = `//go:build mage

package main

import (
	"context"
	"github.com/magefile/mage/mg"
)

type Kernel mg.Namespace

type helper struct{}

var Aliases = map[string]any{"kernel": Kernel.All, "i": Image}

func Image(ctx context.Context) error { return nil }
func Push(ctx context.Context, dryRun *bool, tries *int) error { return nil }
func (Kernel) All(ctx context.Context, name, version *string) error { return nil }
func (Kernel) Arm64(ctx context.Context, wait *time.Duration) error { return nil }
func (helper) Exported() {}
func internal() {}
`

func TestCheck(t *testing.T) {
	for _, tc := range []struct{ args, want string }{
		{"image", ""},
		{"Image PUSH -dryrun -tries=3 kernel:arm64 -wait=2s", ""},
		{"kernel -name=micro i", ""},
		{"-v -t 10m image", ""},
		{"-l nothing", ""},
		{"-h nothing", ""},
		{"", ""},
		{"image psh", `there is no target "psh"` + "\n  did you mean \"push\"? nothing was run"},
		{"kernel:foo", `there is no target "kernel:foo"` + "\n  there are kernel:all, kernel:arm64; nothing was run"},
		{"exported", `there is no target "exported"` + "\n  there are i, image, kernel, kernel:all, kernel:arm64, push; nothing was run"},
		{"image --help", `target "image" takes no help flag` + "\n  for help on a target: go tool mage -h image; nothing was run"},
		{"image -v", `target "image" has no flag "-v"` + "\n  it has none; nothing was run"},
		{"kernel -verison=6", `target "kernel" has no flag "-verison=6"` + "\n  did you mean -version=VALUE?; nothing was run"},
		{"kernel --name=micro", `target "kernel": flag "--name=micro"` + "\n  write -name=VALUE, with one dash; nothing was run"},
		{"kernel -name micro", `target "kernel": flag "-name" has no value` + "\n  write -name=VALUE; nothing was run"},
		{"kernel -name=a -name=b", `target "kernel": flag "-name=b" is given twice` + "\n  give -name once; nothing was run"},
		{"push -tries=many", `target "push": flag "-tries=many"` + "\n  expected a value of the type int; nothing was run"},
		{"kernel:arm64 -wait=2", `target "kernel:arm64": flag "-wait=2"` + "\n  expected a value of the type Duration; nothing was run"},
	} {
		err := Check([]byte(magefile), strings.Fields(tc.args))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tc.want || (err != nil && fault.Code(err) != int(fault.Usage)) {
			t.Errorf("%q:\ngot  %q\nwant %q", tc.args, got, tc.want)
		}
	}
}

// TestTargetsAreMages holds this package's idea of the targets of Kiln's own
// magefile against what mage lists.
func TestTargetsAreMages(t *testing.T) {
	source, err := os.ReadFile("../magefile.go")
	if err != nil {
		t.Fatal(err)
	}
	targets, err := Targets(source)
	if err != nil {
		t.Fatal(err)
	}
	var ours []string
	for _, target := range targets {
		if target.Name != "kernel" && target.Name != "kernel:386" { // aliases, which mage may not list
			ours = append(ours, target.Name)
		}
	}
	cmd := exec.Command("go", "tool", "mage", "-autocomplete")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs := strings.Fields(string(out))
	theirs = slices.DeleteFunc(theirs, func(n string) bool { return n == "kernel" || n == "kernel:386" })
	slices.Sort(ours)
	slices.Sort(theirs)
	if !slices.Equal(ours, theirs) {
		t.Errorf("ours %v\nmage's %v", ours, theirs)
	}
}
