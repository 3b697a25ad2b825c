package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/docker/docker/api/types/container"
)

// State is the state of a container.
type State struct {
	Running  bool
	ExitCode int
	Health   string // "healthy", "unhealthy", "starting" or "" where the image has no check
	OOM      bool   // killed by the kernel when it ran out of memory
}

// State returns the state of the container.
func (c *Container) State(ctx context.Context) (State, error) {
	info, err := c.engine.api.ContainerInspect(ctx, c.ID)
	if err != nil {
		return State{}, failed("inspect container", err)
	}
	s := State{Running: info.State.Running, ExitCode: info.State.ExitCode, OOM: info.State.OOMKilled}
	if info.State.Health != nil {
		s.Health = info.State.Health.Status
	}
	return s, nil
}

// Inspect returns what the engine knows about the container, as indented JSON.
func (c *Container) Inspect(ctx context.Context) (string, error) {
	_, raw, err := c.engine.api.ContainerInspectWithRaw(ctx, c.ID, false)
	if err != nil {
		return "", failed("inspect container", err)
	}
	var text bytes.Buffer
	err = json.Indent(&text, raw, "", "  ")
	return text.String(), err
}

// Memory returns how much memory the container uses now, in bytes, without the file cache
// that the kernel can reclaim at any time.
func (c *Container) Memory(ctx context.Context) (int64, error) {
	answer, err := c.engine.api.ContainerStatsOneShot(ctx, c.ID)
	if err != nil {
		return 0, failed("read the container's memory use", err)
	}
	defer answer.Body.Close()
	var stats container.StatsResponse
	if err := json.NewDecoder(answer.Body).Decode(&stats); err != nil {
		return 0, failed("read the container's memory use", err)
	}
	files := stats.MemoryStats.Stats["total_inactive_file"] // cgroup v1
	if v2, ok := stats.MemoryStats.Stats["inactive_file"]; ok && files == 0 {
		files = v2
	}
	return int64(stats.MemoryStats.Usage - min(files, stats.MemoryStats.Usage)), nil
}

// Process is a process in a container.
type Process struct {
	UID     string // a number, or a name of the engine's machine
	Command string
}

// Processes lists the processes of the container. The engine runs ps on its own machine;
// where that has none, the container's /proc is read from inside.
func (c *Container) Processes(ctx context.Context) ([]Process, error) {
	top, err := c.engine.api.ContainerTop(ctx, c.ID, []string{"-eo", "uid,pid,args"})
	if err != nil {
		return processesInside(ctx, c, err)
	}
	var list []Process
	for _, row := range top.Processes {
		if len(row) >= 3 {
			list = append(list, Process{UID: row[0], Command: strings.Join(row[2:], " ")})
		}
	}
	return list, nil
}

// processesInside reads each process's name and user from its status
// (proc_pid_status(5)); the reading process is among them.
func processesInside(ctx context.Context, c *Container, cause error) ([]Process, error) {
	out, err := c.Output(ctx, Command{Argv: []string{
		"find", "/proc", "-maxdepth", "2", "-path", "/proc/[0-9]*/status", "-exec", "grep", "-hE", "^(Name|Uid):", "{}", "+",
	}})
	if err != nil && out == "" { // processes that ended meanwhile are no failure
		return nil, failed("list processes", cause)
	}
	var list []Process
	name := ""
	for line := range strings.Lines(out) {
		switch field := strings.Fields(line); {
		case len(field) > 1 && field[0] == "Name:":
			name = field[1]
		case len(field) > 2 && field[0] == "Uid:":
			list = append(list, Process{UID: field[2], Command: name}) // the second is the effective one
		}
	}
	return list, nil
}

// ErrNoHealthCheck is returned where an image has no health check, or turns its base's off.
var ErrNoHealthCheck = errors.New("the image has no health check")

// CheckHealth runs the image's health check once, in the container. It returns
// ErrNoHealthCheck where there is none.
func (c *Container) CheckHealth(ctx context.Context) error {
	info, err := c.engine.api.ContainerInspect(ctx, c.ID)
	if err != nil {
		return failed("inspect container", err)
	}
	if info.Config.Healthcheck == nil || len(info.Config.Healthcheck.Test) < 2 {
		return ErrNoHealthCheck
	}
	argv := info.Config.Healthcheck.Test[1:]
	if info.Config.Healthcheck.Test[0] == "CMD-SHELL" {
		argv = append([]string{"/bin/sh", "-c"}, argv...)
	}
	_, err = c.Output(ctx, Command{Argv: argv})
	return err
}
