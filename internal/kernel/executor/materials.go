package executor

import (
	"context"
	"errors"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// hashMaterials hashes files of the container in their current state. Files that do not
// exist are left out. A scratch build returns nil: it is compared as a whole.
func (r *run) hashMaterials(ctx context.Context, paths []string) (list []plan.Material) {
	if len(paths) == 0 || r.task.Scratch {
		return nil
	}
	out, err := r.ctr.Output(ctx, engine.Command{Argv: append([]string{"sha256sum", "--"}, paths...)})
	var exit *engine.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil
	}
	for line := range strings.Lines(out) {
		if sum, path, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  "); ok {
			list = append(list, plan.Material{Path: path, SHA256: sum})
		}
	}
	return list
}
