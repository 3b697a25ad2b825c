//go:build linux

package build

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/outputtree"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/process"
)

// last replaces the fixture's last step by a script, which runs in the result folder.
func (f *fixture) last(script string) {
	p := &f.job.Plan
	p.Steps = append(p.Steps[:len(p.Steps):len(p.Steps)], plan.Step{Name: "extra", Phase: plan.Collect, Argv: []string{"sh", "-c", script}, Dir: f.path("result")})
}

// TestForgedManifest has a step leave a process that replaces an artefact and the manifest whenever
// they are there, and a manifest and a plan of its own.
func TestForgedManifest(t *testing.T) {
	process.AdoptOrphans()
	f := newFixture(t, "CONFIG_A=y\n", map[string]string{"exit.c": exit})
	forge := "echo $$ > " + f.path("output/pid") + "; while :; do echo forged > .x; mv .x manifest.json; echo forged > .x; mv .x vmlinux; done"
	f.last("mkdir plan.json; ln -s " + f.path("source/Makefile") + " manifest.json; setsid sh -c '" + forge + "' > /dev/null 2>&1 & while ! test -s " + f.path("output/pid") + "; do sleep 0.01; done; sleep 0.1")
	done := f.run().done(t)
	m := f.manifest()
	if m.Plan != f.job.Plan.Hash() || m.Key != done.Key || !strings.HasPrefix(f.read("result/plan.json"), "{") || !strings.HasPrefix(f.read("source/Makefile"), "VERSION") {
		t.Errorf("manifest %+v, plan %q", m, f.read("result/plan.json"))
	}
	for _, a := range m.Artefacts {
		if sum, err := outputtree.SHA256(f.path("result/" + a.Path)); err != nil || sum != a.SHA256 {
			t.Errorf("%s: sum %s, %v, want %s", a.Path, sum, err, a.SHA256)
		}
	}
	if pid := strings.TrimSpace(f.read("output/pid")); pid == "" || exists("/proc/"+pid) {
		t.Errorf("process %q still runs", pid)
	}
	for _, name := range []string{"result", "result/config", "result/vmlinux"} {
		var st syscall.Stat_t
		if err := syscall.Stat(f.path(name), &st); err != nil || int(st.Uid) != os.Geteuid() {
			t.Errorf("%s is user %d's, %v", name, st.Uid, err)
		}
	}
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return !errors.Is(err, os.ErrNotExist)
}

// TestPlantedArtefacts has steps leave what is no file, or a different log, with and without a record.
func TestPlantedArtefacts(t *testing.T) {
	for script, want := range map[string]string{
		"ln -s /etc/shadow System.map":          "System.map is neither a file nor a folder",
		"mkdir dtbs; mkfifo dtbs/fifo":          "dtbs/fifo is neither a file nor a folder",
		"rm build.log; echo > build.log":        "a step replaced the log: build.log is a different file",
		"rm build.log":                          "a step replaced the log: lstat",
		"rm build.log; ln -s vmlinux build.log": "build.log is neither a file nor a folder",
	} {
		for _, scratch := range []bool{false, true} {
			if scratch && strings.Contains(script, "build.log") {
				continue
			}
			f := newFixture(t, "", map[string]string{"exit.c": exit})
			f.job.Scratch = scratch
			f.last(script)
			if got := f.run().failure(t); got.Class != 1 || !strings.Contains(got.Text, want) || f.read("result/manifest.json") != "" {
				t.Errorf("%s: %+v", script, got)
			}
		}
	}
}

// TestEmptyStep has a step without a command.
func TestEmptyStep(t *testing.T) {
	f := newFixture(t, "", map[string]string{"exit.c": exit})
	f.job.Plan.Steps[3].Argv = nil
	if got := f.run().failure(t); got.Step != "compile" || got.Exit != 127 || !strings.Contains(f.read("result/build.log"), "empty command") {
		t.Errorf("%+v", got)
	}
}
