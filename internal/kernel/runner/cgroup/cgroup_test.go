package cgroup

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCounters(t *testing.T) {
	for _, c := range []struct{ memory, cpu, memoryText, cpuText string }{
		{"memory.events", "cpu.stat", "low 0\nhigh 0\nmax 31\noom 4\noom_kill 3\noom_group_kill 0\n", "usage_usec 2500000\nuser_usec 2000000\n"},
		{"memory/memory.oom_control", "cpuacct/cpuacct.usage", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", "2500000000\n"},
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{c.memory: c.memoryText, c.cpu: c.cpuText} {
			file := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if g := Group(dir); g.OOMKills() != 3 || g.CPUSeconds() != 2.5 {
			t.Errorf("%s: %d killed, %g s; want 3 and 2.5", c.memory, g.OOMKills(), g.CPUSeconds())
		}
	}
	if g := Group(t.TempDir()); g.OOMKills() != 0 || g.CPUSeconds() != 0 {
		t.Error("counters without files")
	}
}
