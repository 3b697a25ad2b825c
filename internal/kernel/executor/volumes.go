package executor

import (
	"context"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// OutputVolume returns the name of the volume of a kernel's output tree: one for each kernel and
// architecture, in which each build continues from the previous one where it can.
func OutputVolume(name, arch string) string { return "kiln-output-" + name + "-" + arch }

// OutputVolume returns the name of the volume that the task uses as its output tree.
func (t Task) OutputVolume() string { return OutputVolume(t.Plan.Name, t.Plan.Arch) + t.Suffix }

// CacheVolume returns the name of the volume that holds what is compiled for an architecture.
func CacheVolume(arch string) string { return "kiln-ccache-" + arch }

// volume returns the volume for a folder of a role, or "" where the container's own file system
// serves.
func (t Task) volume(role plan.Role) string {
	switch role {
	case plan.SourceRole:
		return t.Tree.Volume
	case plan.OutputRole:
		return t.OutputVolume()
	case plan.CacheRole:
		if t.Apart {
			return ""
		}
		return CacheVolume(t.Plan.Arch)
	}
	return ""
}

// mounts returns the volumes of the task's container.
func (t Task) mounts() (list []engine.Mount) {
	for _, m := range t.Plan.Mounts {
		if volume := t.volume(m.Role); volume != "" {
			list = append(list, engine.Mount{Volume: volume, Path: m.Path, ReadOnly: m.Role == plan.SourceRole})
		}
	}
	if t.Jobserver != nil {
		list = append(list, jobserverMount())
	}
	return list
}

// createVolumes creates the volumes that the task writes to, unless the engine has them.
func (e *Executor) createVolumes(ctx context.Context, t Task) error {
	for _, role := range []plan.Role{plan.OutputRole, plan.CacheRole} {
		if t.volume(role) == "" {
			continue
		}
		kind := "build"
		if t.Scratch && role == plan.OutputRole {
			kind = engine.Scratch
		}
		labels := map[string]string{"kiln.kernel": t.Plan.Name + "-" + t.Plan.Arch}
		if err := e.Engine.Volumes().Create(ctx, t.volume(role), kind, labels); err != nil {
			return err
		}
	}
	return nil
}
