//go:build linux

package build

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/cgroup"
)

// TestOutOfMemory builds in a control group that has room for two of four jobs, and then for none.
func TestOutOfMemory(t *testing.T) {
	f := newFixture(t, "", map[string]string{"exit.c": exit})
	f.job.Plan.Steps[3].Argv[len(f.job.Plan.Make)] = "hungry"
	f.job.Plan.Steps = f.job.Plan.Steps[:4]
	group := limitMemory(t, 280<<20)
	all := f.start(group.seenAs(f), "sh", "-c", "echo $$ > "+group.procs()+" && exec \"$0\"").until("")
	all.done(t)
	if !strings.Contains(all.notes(), "out of memory: the kernel killed a compiler; retrying with -j2") {
		t.Errorf("notes %s", all.notes())
	}
	group.limit(80 << 20)
	for n := 1; n <= 4; n++ {
		os.Remove(f.path(fmt.Sprintf("output/%d.fat", n)))
	}
	got := f.start(group.seenAs(f), "sh", "-c", "echo $$ > "+group.procs()+" && exec \"$0\"").until("").failure(t)
	if got.Class != 3 || got.Cause != "resources" || got.Step != "compile" || !strings.HasPrefix(got.Text, "out of memory with a single job") || got.Fix == "" {
		t.Errorf("failure %+v", got)
	}
}

// memoryGroup is a control group of a test, of version 1 or 2.
type memoryGroup struct {
	t   *testing.T
	dir string
	v2  bool
}

// limitMemory makes a control group with a limit in bytes.
func limitMemory(t *testing.T, bytes int64) memoryGroup {
	t.Helper()
	g := memoryGroup{t: t, v2: true, dir: "/sys/fs/cgroup"}
	if _, err := os.Stat("/sys/fs/cgroup/memory"); err == nil {
		g.v2, g.dir = false, "/sys/fs/cgroup/memory"
	}
	g.dir = filepath.Join(g.dir, fmt.Sprintf("kiln-test-%d", os.Getpid()))
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		enginetest.Unavailable(t, "no control group: %v", err)
	}
	t.Cleanup(func() {
		for n := 0; os.Remove(g.dir) != nil && n < 100; n++ { // the last of its processes may still be ending
			time.Sleep(20 * time.Millisecond)
		}
	})
	g.limit(bytes)
	return g
}

// limit sets the limit in bytes.
func (g memoryGroup) limit(bytes int64) {
	g.t.Helper()
	files := []string{"memory.limit_in_bytes", "memory.memsw.limit_in_bytes"}
	if g.v2 {
		files = []string{"memory.max", "memory.swap.max"}
	}
	text := []byte(fmt.Sprint(bytes))
	if err := os.WriteFile(filepath.Join(g.dir, files[0]), text, 0); err != nil {
		// the limit with swap may be lower, and comes first then
		os.WriteFile(filepath.Join(g.dir, files[1]), text, 0)
		if err = os.WriteFile(filepath.Join(g.dir, files[0]), text, 0); err != nil {
			enginetest.Unavailable(g.t, "no limit of memory: %v", err)
		}
	}
	if g.v2 {
		text = []byte("0")
	}
	os.WriteFile(filepath.Join(g.dir, files[1]), text, 0) // machines without swap have none
}

// procs returns the file that takes the processes of the group.
func (g memoryGroup) procs() string { return filepath.Join(g.dir, "cgroup.procs") }

// seenAs returns a folder of the fixture in which the group is where a container has its own.
func (g memoryGroup) seenAs(f *fixture) string {
	g.t.Helper()
	if g.v2 {
		return g.dir
	}
	dir := f.path("cgroup")
	os.MkdirAll(dir, 0o755)
	if err := os.Symlink(g.dir, filepath.Join(dir, "memory")); err != nil && !os.IsExist(err) {
		g.t.Fatal(err)
	}
	return dir
}

// TestMemoryIsCounted fails a step whose processes were killed for lack of memory, by a counter that
// the step itself raises: with every number of jobs, down to one.
func TestMemoryIsCounted(t *testing.T) {
	f := newFixture(t, "", map[string]string{"exit.c": exit})
	f.write("cgroup/memory.events", "oom_kill 1\n")
	if err := os.Chmod(f.path("cgroup/memory.events"), 0o666); err != nil {
		t.Fatal(err)
	}
	f.job.Plan.Steps[3].Argv = []string{"sh", "-c", "echo $MAKEFLAGS; echo oom_kill $$ > " + f.path("cgroup/memory.events") + "; exit 2"}
	all := f.runIn(cgroup.Group(f.path("cgroup")))
	if got := all.failure(t); got.Class != 3 || got.Cause != "resources" || !strings.Contains(all.notes(), "retrying with -j2\n") || !strings.Contains(all.notes(), "retrying with -j1") {
		t.Errorf("failure %+v, notes %s", got, all.notes())
	}
	if log := f.read("result/build.log"); !strings.Contains(log, "-j4\n") || strings.Count(log, "-j1\n") != 1 {
		t.Errorf("log %s", log)
	}
}
