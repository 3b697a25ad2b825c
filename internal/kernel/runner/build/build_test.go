//go:build linux

package build

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
)

// TestBuild builds from nothing, then again with nothing changed, then with one source changed.
func TestBuild(t *testing.T) {
	f := newFixture(t, "CONFIG_MODULES=y\n", map[string]string{"fork.c": fork, "exit.c": exit})
	first := f.run()
	done := first.done(t)
	if done.Lines != 2 || done.Found || first.made() != "fork.o exit.o" && first.made() != "exit.o fork.o" {
		t.Errorf("done %+v, made %s", done, first.made())
	}
	if want := "tinyconfig, merge a.config, olddefconfig, compile, modules, collect vmlinux, collect config"; first.steps() != want {
		t.Errorf("steps %s", first.steps())
	}
	if got := f.state(); got.Open || got.Source != "first" || got.Since != "" || got.Final == "" {
		t.Errorf("state %+v", got)
	}
	m := f.manifest()
	checkManifest(t, f, m, done)

	f.job.Lines, f.job.Warnings = done.Lines, m.Warnings
	again := f.run()
	if again.made() != "" || !reflect.DeepEqual(again.done(t), done) || !strings.Contains(again.notes(), "reusing the configuration") || !strings.Contains(again.notes(), "1 warnings, 0 new") {
		t.Errorf("again: made %s, %+v, %s", again.made(), again.done(t), again.notes())
	}

	f.write("source/exit.c", "int kernel_exit(void) { int new; return 0; }\n")
	f.age("source/exit.c", -time.Second)
	f.job.SourceID, f.job.Earlier = "second", runner.Earlier{Sources: []string{"first"}, Known: true, Files: 1, CodeOnly: true}
	changed := f.run()
	if changed.made() != "exit.o" || changed.done(t).Lines != 2 || !strings.Contains(changed.notes(), "2 warnings, 1 new") {
		t.Errorf("changed: made %s, %+v, %s", changed.made(), changed.done(t), changed.notes())
	}
	if found := findings(changed); len(found) != 1 || found[0].File != "exit.c" {
		t.Errorf("findings %+v", found)
	}
	if got := f.state(); got.Source != "second" || got.Since != "" {
		t.Errorf("state %+v", got)
	}
}

// checkManifest checks the manifest of the first build.
func checkManifest(t *testing.T, f *fixture, m plan.Manifest, done runner.Done) {
	t.Helper()
	if m.Plan != f.job.Plan.Hash() || m.Key == "" || m.Key != done.Key || m.Key != f.job.Plan.Key(m.SumOf("config")) {
		t.Errorf("plan %s, key %s, done %+v", m.Plan, m.Key, done)
	}
	var names []string
	for _, a := range m.Artefacts {
		names = append(names, a.Path)
	}
	if got := strings.Join(names, " "); got != "build.log config plan.json vmlinux" || m.Artefact("vmlinux").Size != int64(len(f.read("result/vmlinux"))) {
		t.Errorf("artefacts %+v", m.Artefacts)
	}
	if len(m.Warnings) != 1 || !strings.HasPrefix(m.Warnings[0], "fork.c:1:") || !strings.Contains(m.Toolchain.Compiler, "gcc") || m.Config.Asked != 1 || m.Config.Kept != 1 {
		t.Errorf("manifest %+v", m)
	}
	compile := m.Steps[3]
	if compile.Name != "compile" || len(compile.In) != 1 || len(compile.Out) != 1 || compile.Out[0].SHA256 != m.SumOf("vmlinux") || compile.In[0].SHA256 != m.SumOf("config") {
		t.Errorf("compile %+v", compile)
	}
	if log := f.read("result/build.log"); !strings.Contains(log, "==> compile: make -C ") || !strings.Contains(log, "  CC      fork.o\n") || !strings.Contains(log, "unused variable") {
		t.Errorf("log %s", log)
	}
}

// findings returns the new warnings of a run.
func findings(all events) (list []diagnose.Finding) {
	for _, e := range all {
		if e.Finding != nil {
			list = append(list, *e.Finding)
		}
	}
	return list
}

// TestOutputIsCleared builds with a different toolchain, series, list of files, and from a source
// that is unknown.
func TestOutputIsCleared(t *testing.T) {
	for want, change := range map[string]func(*runner.Job){
		"toolchain changed":                          func(j *runner.Job) { j.Plan.Toolchain.Packages = []string{"gcc=2"} },
		"series changed from 6.12 to 6.13":           func(j *runner.Job) { j.Plan.Source.Version = "6.13.1" },
		"files changed":                              func(j *runner.Job) { j.Plan.Files = []plan.File{{Path: "a", Mode: "644", SHA256: "aa"}} },
		"the previous source is gone or unrelated":   func(j *runner.Job) { j.SourceID = "second" },
		"the previous source is gone or unrelated\n": func(j *runner.Job) { j.SourceID, j.Earlier = "second", runner.Earlier{Sources: []string{"first"}} },
	} {
		f := newFixture(t, "", map[string]string{"exit.c": exit})
		f.run().done(t)
		change(&f.job)
		all := f.run()
		all.done(t)
		if all.made() != "exit.o" || !strings.Contains(all.notes()+"\n", "rebuilding from scratch: "+want) {
			t.Errorf("%s: made %q, %s", want, all.made(), all.notes())
		}
	}
}

// TestConfigurationIsCached builds in an empty output tree a second time, with and without a cache.
func TestConfigurationIsCached(t *testing.T) {
	for cache, want := range map[int64]string{1 << 20: "compile, ", 0: "tinyconfig, merge a.config, "} {
		f := newFixture(t, "CONFIG_A=y\n", map[string]string{"exit.c": exit})
		f.job.Cache = cache
		first := f.run().done(t)
		if err := os.RemoveAll(f.path("output")); err != nil {
			t.Fatal(err)
		}
		all := f.run()
		if !reflect.DeepEqual(all.done(t), first) || !strings.HasPrefix(all.steps(), want) {
			t.Errorf("cache of %d bytes: steps %s, %+v", cache, all.steps(), all.done(t))
		}
	}
}

// TestSecondKey asks for the same configuration in two ways.
func TestSecondKey(t *testing.T) {
	f := newFixture(t, "CONFIG_A=y\n", map[string]string{"exit.c": exit})
	first := f.run().done(t)
	f.job.Plan = f.plan("# a comment\nCONFIG_A=y\n")
	f.job.Results = []string{"different", first.Key}
	f.job.SourceID, f.job.Earlier = "same", runner.Earlier{Sources: []string{"first"}, Known: true}
	all := f.run()
	if done := all.done(t); done.Key != first.Key || !done.Found || strings.Contains(all.steps(), "compile") {
		t.Errorf("first %+v, then %+v, steps %s", first, done, all.steps())
	}
	if got := f.state(); got.Since != "first" || got.Open { // its objects are still of the first source
		t.Errorf("state %+v", got)
	}
	f.job.Results = nil // the result is damaged
	if all := f.run(); strings.Contains(all.notes(), "resuming") || !strings.Contains(all.steps(), "compile") {
		t.Errorf("notes %s, steps %s", all.notes(), all.steps())
	}
	f.job.Results = []string{"different", first.Key}
	f.job.Plan = f.plan("CONFIG_B=y\n")
	if done := f.run().done(t); done.Key == first.Key || done.Found {
		t.Errorf("a different configuration: %+v", done)
	}
}

// TestLostResult builds a plan a second time, because its result did not reach the engine: what the
// first build has recorded is not lost with it. A different plan does not use that.
func TestLostResult(t *testing.T) {
	f := newFixture(t, "CONFIG_MODULES=y\n", map[string]string{"fork.c": fork, "exit.c": exit})
	f.run().done(t)
	first := f.manifest()
	for range 2 {
		all := f.run()
		all.done(t)
		m := f.manifest()
		if all.made() != "" || strings.Contains(all.notes(), "resuming") || strings.Contains(all.notes(), "interrupted") {
			t.Errorf("made %q, notes %s", all.made(), all.notes())
		}
		var names []string
		for _, s := range m.Steps {
			names = append(names, s.Name)
		}
		if got := strings.Join(names, ", "); got != "tinyconfig, merge a.config, olddefconfig, compile, modules, collect vmlinux, collect config" || !reflect.DeepEqual(m.Steps[:3], first.Steps[:3]) || !reflect.DeepEqual(m.Warnings, first.Warnings) {
			t.Errorf("steps %s, warnings %q", got, m.Warnings)
		}
	}
	f.job.Plan.Allow = []string{"X"}
	f.run().done(t)
	if m := f.manifest(); m.Steps[0].Name != "compile" || len(m.Warnings) != 0 {
		t.Errorf("a different plan: %+v", m)
	}
}

// TestScratch leaves artefacts, and nothing else.
func TestScratch(t *testing.T) {
	f := newFixture(t, "", map[string]string{"exit.c": exit})
	f.job.Scratch, f.job.Cache = true, 0
	f.job.Files = map[string]string{f.path("input/vary.txt"): "varied"}
	f.job.Prepare = [][]string{{"cp", f.path("input/vary.txt"), f.path("varied")}}
	f.run().done(t)
	entries, err := os.ReadDir(f.path("result"))
	if err != nil || len(entries) != 2 || f.read("output/.kiln.json") != "" || f.read("varied") != "varied" {
		t.Errorf("%v, %v, varied %q", entries, err, f.read("varied"))
	}
}

// TestOpened prepares the folders for a shell, and closes them.
func TestOpened(t *testing.T) {
	f := newFixture(t, "CONFIG_A=y\n", map[string]string{"exit.c": exit})
	f.job.Until = runner.Opened
	all := f.run()
	all.done(t)
	if env := strings.Join(all.done(t).Env, "\n"); !strings.Contains(env, "CCACHE_DIR=") || strings.Contains(env, "CCACHE_STATSLOG") {
		t.Errorf("environment %s", env)
	}
	if all.steps() != "" || !f.state().Open || f.read("input/1.config") != "CONFIG_A=y\n" {
		t.Errorf("steps %s, state %+v", all.steps(), f.state())
	}
	if err := Close(f.job); err != nil || f.state().Open {
		t.Errorf("%v, state %+v", err, f.state())
	}
}
