//go:build linux

package build

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/cgroup"
)

// makefile stands in for the kernel's: it configures, and compiles every source in its folder. A
// file "trap" beside them makes the modules wait, with a module that is incomplete.
const makefile = `VERSION = 6
PATCHLEVEL = 12
SUBLEVEL = 1
tinyconfig: ; @echo CONFIG_TINY=y > $(O)/.config
olddefconfig: ; @sed -i -e '/CONFIG_IMPOSSIBLE/d' -e '/^#/d' $(O)/.config
vmlinux: $(patsubst %.c,$(O)/%.o,$(wildcard *.c)) ; @cat $^ > $(O)/vmlinux
$(O)/%.o: %.c ; @echo "  CC      $*.o"; gcc -Wall -c -o $@ $(CURDIR)/$< && touch $(O)/.$*.o.cmd
modules: $(O)/loop.ko
$(O)/loop.ko: ; @printf half > $@; if test -e trap; then echo "  LD [M]  loop.ko"; echo $$$$ > $(O)/pid; exec sleep 60; fi; echo whole > $@; touch $(O)/.loop.ko.cmd
hungry: $(O)/1.fat $(O)/2.fat $(O)/3.fat $(O)/4.fat
$(O)/%.fat: ; @(head -c 100000000 /dev/zero; sleep 0.5) | tail -n 1 > /dev/null && touch $@
`

// Sources of the stand-in.
const (
	fork   = "int fork(void) { int unused; return 1; }\n" // with a warning
	exit   = "int kernel_exit(void) { return 0; }\n"
	broken = "int pid(void) {\n\treturn nothing;\n}\n"
)

// fixture is a stand-in for a kernel, with the folders of its builds.
type fixture struct {
	t    *testing.T
	root string
	job  runner.Job
}

// newFixture returns a kernel with sources by their names, whose configuration is tinyconfig and a
// fragment.
func newFixture(t *testing.T, fragment string, sources map[string]string) *fixture {
	t.Helper()
	root := t.TempDir()
	if err := os.Chmod(filepath.Dir(root), 0o755); err != nil { // the build's user comes through
		t.Fatal(err)
	}
	f := &fixture{t: t, root: root}
	f.write("source/Makefile", makefile)
	for name, text := range sources {
		f.write("source/"+name, text)
	}
	f.job = runner.Job{Plan: f.plan(fragment), Jobs: 4, Cache: 1 << 20, Why: "a test", SourceID: "first"}
	return f
}

// plan returns the plan of the fixture.
func (f *fixture) plan(fragment string) plan.Plan {
	call := []string{"make", "-C", f.path("source"), "O=" + f.path("output")}
	target := func(name string) []string { return append(call[:len(call):len(call)], name) }
	config := f.path("output/.config")
	return plan.Plan{
		Schema: plan.Schema, Name: "stand-in", Version: "6.12.1", Arch: "amd64",
		Source:    plan.Source{Kind: "folder", Version: "6.12.1", SHA256: "aa", Time: 1700000000},
		Toolchain: plan.Toolchain{Name: "amd64", CC: "gcc", LD: "ld", Packages: []string{"gcc=1"}, Programs: []plan.Program{{Path: "/usr/bin/gcc", SHA256: "bb"}}},
		Config:    []plan.Item{{Target: "tinyconfig"}, {Fragment: "a.config", Text: fragment}},
		User:      plan.BuildUser, Network: "none", Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "LC_ALL=C"},
		Kconfig: []string{"SRCARCH=x86"}, Make: call,
		Mounts: []plan.Mount{
			{Role: plan.SourceRole, Path: f.path("source")}, {Role: plan.OutputRole, Path: f.path("output")}, {Role: plan.CacheRole, Path: f.path("cache")},
			{Role: plan.InputRole, Path: f.path("input")}, {Role: plan.ResultRole, Path: f.path("result")},
		},
		Steps: []plan.Step{
			{Name: "tinyconfig", Phase: plan.Configure, Argv: target("tinyconfig"), Out: []string{config}},
			{Name: "merge a.config", Phase: plan.Configure, Argv: []string{"sh", "-c", "cat " + f.path("input/1.config") + " >> .config"}, Dir: f.path("output")},
			{Name: "olddefconfig", Phase: plan.Configure, Argv: target("olddefconfig"), In: []string{config}, Out: []string{config}},
			{Name: "compile", Phase: plan.Compile, Argv: target("vmlinux"), In: []string{config}, Out: []string{f.path("output/vmlinux")}},
			{Name: "modules", Phase: plan.Modules, Argv: target("modules"), When: "CONFIG_MODULES", Out: []string{f.path("output/loop.ko")}},
			{Name: "collect vmlinux", Phase: plan.Collect, Argv: []string{"install", "-m", "644", f.path("output/vmlinux"), f.path("result/vmlinux")}},
			{Name: "collect config", Phase: plan.Collect, Argv: []string{"install", "-m", "644", config, f.path("result/config")}},
		},
	}
}

func (f *fixture) path(name string) string { return filepath.Join(f.root, name) }

// write writes a file of the fixture, as old as a source is.
func (f *fixture) write(name, text string) {
	f.t.Helper()
	file := f.path(name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
	f.age(name, 2*time.Hour)
}

// age makes a file of the fixture as old as this.
func (f *fixture) age(name string, by time.Duration) {
	f.t.Helper()
	then := time.Now().Add(-by)
	if err := os.Chtimes(f.path(name), then, then); err != nil {
		f.t.Fatal(err)
	}
}

// read returns the content of a file of the fixture, "" where there is none.
func (f *fixture) read(name string) string {
	text, err := os.ReadFile(f.path(name))
	if err != nil && !os.IsNotExist(err) {
		f.t.Fatal(err)
	}
	return string(text)
}

// state returns the state of the output tree.
func (f *fixture) state() runner.State { return runner.ReadState([]byte(f.read("output/.kiln.json"))) }

// manifest returns the manifest in the result folder.
func (f *fixture) manifest() (m plan.Manifest) {
	f.t.Helper()
	if err := json.Unmarshal([]byte(f.read("result/manifest.json")), &m); err != nil {
		f.t.Fatal(err)
	}
	return m
}

// run carries out the fixture's job and returns its events.
func (f *fixture) run() events {
	f.t.Helper()
	return f.runIn(cgroup.Group(f.path("cgroup")))
}

// runIn is run in a control group.
func (f *fixture) runIn(group cgroup.Group) events {
	f.t.Helper()
	var out bytes.Buffer
	err := Builder{Events: &out, Group: group}.Run(context.WithoutCancel(f.t.Context()), f.job)
	all := parseEvents(f.t, out.String())
	if last := all[len(all)-1]; (err == nil) != (last.Done != nil) || (err != nil) != (last.Failure != nil) {
		f.t.Errorf("error %v, but the last event is %+v", err, last)
	}
	return all
}

// events are those of a run.
type events []runner.Event

func parseEvents(t *testing.T, out string) (all events) {
	t.Helper()
	for line := range strings.Lines(out) {
		var e runner.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, e)
	}
	if len(all) == 0 {
		t.Fatal("no events")
	}
	return all
}

// done returns the last event of a run that succeeded.
func (all events) done(t *testing.T) runner.Done {
	t.Helper()
	last := all[len(all)-1]
	if last.Done == nil {
		text, _ := json.Marshal(all)
		t.Fatalf("not done: %s", text)
	}
	return *last.Done
}

// failure returns the last event of a run that failed.
func (all events) failure(t *testing.T) runner.Failure {
	t.Helper()
	last := all[len(all)-1]
	if last.Failure == nil {
		t.Fatalf("did not fail: %+v", last)
	}
	return *last.Failure
}

// notes returns the notes and warnings of a run.
func (all events) notes() string {
	var lines []string
	for _, e := range all {
		if e.Note+e.Warning != "" {
			lines = append(lines, e.Note+e.Warning)
		}
	}
	return strings.Join(lines, "\n")
}

// made returns the files that a run made.
func (all events) made() string {
	var files []string
	for _, e := range all {
		if e.Made != nil {
			files = append(files, e.Made.File)
		}
	}
	return strings.Join(files, " ")
}

// steps returns the steps that a run began.
func (all events) steps() string {
	var names []string
	for _, e := range all {
		if e.Begin != nil {
			names = append(names, e.Begin.Step)
		}
	}
	return strings.Join(names, ", ")
}
