//go:build linux

package outputtree

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
)

// TestPlantedState has a link to a different tree's state, or a fifo, in the place of the tree's
// own: it has no state, and a new one does not change the other.
func TestPlantedState(t *testing.T) {
	foreign := Tree(t.TempDir())
	if err := errors.Join(foreign.SetState(runner.State{Source: "foreign"}), foreign.SetCheckpoint(plan.Manifest{Plan: "foreign"})); err != nil {
		t.Fatal(err)
	}
	for kind, plant := range map[string]func(name string) error{
		"link": func(name string) error { return os.Symlink(foreign.path(filepath.Base(name)), name) },
		"fifo": func(name string) error { return syscall.Mkfifo(name, 0o666) },
	} {
		tree := Tree(t.TempDir())
		for _, name := range []string{runner.StateFile, checkpointFile, configFile} {
			if err := plant(tree.path(name)); err != nil {
				t.Fatal(err)
			}
		}
		if state, err := tree.State(); err != nil || state != (runner.State{}) || tree.Checkpoint().Plan != "" || tree.HasConfig("") {
			t.Errorf("%s: %+v, %v, %+v", kind, state, err, tree.Checkpoint())
		}
		if err := errors.Join(tree.SetState(runner.State{Source: "own"}), tree.SetCheckpoint(plan.Manifest{Plan: "own"}), tree.SetConfig(nil)); err != nil {
			t.Fatal(err)
		}
		if state, err := tree.State(); err != nil || state.Source != "own" || tree.Checkpoint().Plan != "own" {
			t.Errorf("%s: %+v, %v", kind, state, err)
		}
		if state, err := foreign.State(); err != nil || state.Source != "foreign" || foreign.Checkpoint().Plan != "foreign" {
			t.Errorf("%s: the other has %+v, %v", kind, state, err)
		}
	}
}
