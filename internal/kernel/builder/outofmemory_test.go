package builder

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/result"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// TestOutOfMemory has the kernel kill processes that exceed the memory of the container.
func TestOutOfMemory(t *testing.T) {
	b := testBuilder(t)
	b.Local.Limits.Jobs, b.Local.Limits.Memory = 2, "160MiB"
	res, err := b.Build(t.Context(), fixtureSpec(t, b, "CONFIG_HUNGRY=100"))
	if err != nil {
		t.Fatalf("the memory is enough for a single job: %v", err)
	}
	e, err := b.Folder.Extract(t.Context(), res)
	if err != nil {
		t.Fatal(err)
	}
	m, err := result.CheckFolder(e.Folder)
	if err != nil {
		t.Fatal(err)
	}
	var exits []int
	for _, s := range m.Steps {
		if s.Name == "compile" {
			exits = append(exits, s.Exit)
		}
	}
	if len(exits) != 2 || exits[0] == 0 || exits[1] != 0 {
		t.Errorf("compile steps exited with %v, want a failure and a success", exits)
	}
	_, err = b.Build(t.Context(), fixtureSpec(t, b, "CONFIG_HUNGRY=400"))
	if fault.Code(err) != int(fault.Environment) || !strings.Contains(err.Error(), "out of memory with a single job") {
		t.Errorf("with too little memory for a single job: %v", err)
	}
}

// TestOutOfMemoryInParallel has builds that share jobs run out of memory: they must not
// deadlock, each waiting for tokens that the other releases only when it ends.
func TestOutOfMemoryInParallel(t *testing.T) {
	b := testBuilder(t)
	b.Local.Limits.Jobs, b.Local.Limits.Memory = 3, "160MiB"
	specs := fixtureSpecs(t, b, "testdata", spec.Table{Arch: []string{"amd64", "arm64"}, Config: []string{"CONFIG_HUNGRY=100"}})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if err := b.BuildAll(ctx, specs, func(result.Result) error { return nil }); err != nil {
		t.Error(err)
	}
}
