//go:build linux

package build

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
)

// TestUnknownJobs shares jobs whose number is rubbish: make gets the build's own, and one warning.
func TestUnknownJobs(t *testing.T) {
	fifo := t.TempDir() + "/jobs"
	if err := os.WriteFile(fifo+".jobs", []byte("rubbish"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	j := newJobs(runner.Job{Jobs: 3, Jobserver: fifo}, newEmitter(&out, nil))
	for range 2 {
		if got := j.flags(); got != "-j3 --jobserver-auth=fifo:"+fifo {
			t.Errorf("flags %q", got)
		}
	}
	all := parseEvents(t, out.String())
	if want := `the number of shared jobs is unknown: read ` + fifo + `.jobs: "rubbish": expected a number from 1`; len(all) != 1 || all[0].Warning != want {
		t.Errorf("events %+v", all)
	}
	if _, err := j.halve(t.Context()); err == nil || !strings.Contains(err.Error(), "rubbish") {
		t.Error(err)
	}
}
