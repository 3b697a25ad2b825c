package executor

import (
	"context"
	"os"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// open starts the container, puts the inputs into it and prepares the output tree. Where
// it fails it leaves no container.
func (r *run) open(ctx context.Context) (err error) {
	if err := r.createVolumes(ctx); err != nil {
		return err
	}
	if r.ctr, err = r.exec.Engine.Run(ctx, r.containerSpec()); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			r.ctr.Remove()
		}
	}()
	if err := r.ctr.Put(ctx, "/", r.inputs()...); err != nil {
		return err
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	return r.identifyCompiler(ctx)
}

// prepare runs the task's own commands and prepares the output tree.
func (r *run) prepare(ctx context.Context) error {
	for _, argv := range r.task.Prepare {
		if _, err := r.ctr.Output(ctx, engine.Command{Argv: argv, User: rootUser}); err != nil {
			return err
		}
	}
	if r.task.Scratch {
		return nil
	}
	return r.reuseOutput(ctx)
}

// createVolumes creates the volumes that the plan writes to, unless the engine has them.
func (r *run) createVolumes(ctx context.Context) error {
	p := r.task.Plan
	for _, m := range p.Mounts {
		if m.ReadOnly {
			continue
		}
		kind := "build"
		if r.task.Scratch && m.Volume == p.Output() {
			kind = engine.Scratch
		}
		if err := r.exec.Engine.Volumes().Create(ctx, m.Volume, kind, map[string]string{"kiln.kernel": p.Name + "-" + p.Arch}); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) containerSpec() engine.Spec {
	p := r.task.Plan
	s := engine.Spec{
		Image: p.Toolchain.Image, Kind: "build", Name: p.Folder(), Command: []string{"sleep", "infinity"},
		Host: r.task.Host, Offline: p.Network == "none", Memory: r.exec.Limits.MemoryBytes(),
	}
	for _, m := range p.Mounts {
		s.Mounts = append(s.Mounts, engine.Mount(m))
	}
	if r.task.Jobserver != nil {
		s.Mounts = append(s.Mounts, jobserverMount())
	}
	return s
}

// inputs returns the configuration's fragments and the task's files.
func (r *run) inputs() []engine.File {
	files := []engine.File{{Name: strings.TrimPrefix(plan.InputDir, "/"), Mode: os.ModeDir | 0o755}}
	for n, item := range r.task.Plan.Config {
		if item.Target == "" {
			files = append(files, inputFile(plan.FragmentPath(n), item.Text))
		}
	}
	if laid := r.task.Plan.Files; len(laid) > 0 {
		var list strings.Builder
		for _, f := range laid {
			list.WriteString(f.Path + "\x00")
		}
		files = append(files, inputFile(plan.FileList, list.String()))
	}
	for path, text := range r.task.Files {
		files = append(files, inputFile(path, text))
	}
	return files
}

// inputFile returns a text as a file of the container, at an absolute path.
func inputFile(name, text string) engine.File {
	return engine.File{Name: strings.TrimPrefix(name, "/"), Mode: 0o644, Size: int64(len(text)), Body: strings.NewReader(text)}
}

// firstLine returns the first line that a command prints, "" where it fails.
func (r *run) firstLine(ctx context.Context, argv ...string) string {
	out, err := r.ctr.Output(ctx, engine.Command{Argv: argv})
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(out, "\n")
	return line
}
