package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/pkg/stdcopy"
	"github.com/docker/go-connections/nat"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// removeTimeout bounds the removal of a container. It is less than the 5 s that
// an interrupted run has to clean up.
const removeTimeout = 4 * time.Second

// Spec says what a container is made of and what it may do.
type Spec struct {
	Image    string
	Kind     string   // what it is for, the value of its kiln label: "build", "verify", ...
	Name     string   // more about that, for the container's name
	Command  []string // argv; empty for the image's own
	User     string   // "UID:GID"; empty for the image's own
	Env      []string // NAME=value
	Dir      string   // working directory
	Host     string   // the machine's name, as what runs sees it; empty for the container's id
	Mounts   []Mount
	Offline  bool  // no network at all
	Publish  int   // a port to offer on a port of the engine's machine, see Address; 0 for none
	Port     int   // with Publish: which one; 0 lets the engine choose
	Memory   int64 // bytes, without swap; 0 for no limit
	PIDs     int64 // processes; 0 for no limit
	Hardened bool  // as in production: read-only root, no capability, no new privileges, /tmp in memory
}

// Mount puts a volume of the engine into a container. Folders of a host are
// never mounted: the engine may be elsewhere.
type Mount struct {
	Volume   string `json:"volume"`
	Path     string `json:"path"`
	ReadOnly bool   `json:"readonly,omitempty"`
}

// Container is a container that this run made.
type Container struct {
	engine *Client
	ID     string
}

// Run creates and starts a container. If it cannot be started it is removed.
func (e *Client) Run(ctx context.Context, s Spec) (*Container, error) {
	c, err := e.create(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := e.api.ContainerStart(ctx, c.ID, container.StartOptions{}); err != nil {
		c.Remove()
		if strings.Contains(err.Error(), "address already in use") || strings.Contains(err.Error(), "port is already allocated") {
			return nil, fault.New(fault.Environment, "choose a different port, or stop the process that uses it",
				"start a container of %s: port %d is taken: %w", s.Image, s.Port, err)
		}
		return nil, e.failed("start a container of "+s.Image, err)
	}
	return c, nil
}

// create makes a container. Making it is not broken off: the engine would make it all
// the same, and nobody would know of it.
func (e *Client) create(ctx context.Context, s Spec) (*Container, error) {
	created, err := e.api.ContainerCreate(context.WithoutCancel(ctx), s.config(e.owner), s.host(e.endpoint), nil, nil, s.name())
	if err != nil {
		return nil, e.failed("create a container of "+s.Image, err)
	}
	c := &Container{engine: e, ID: created.ID}
	if ctx.Err() != nil {
		c.Remove()
		return nil, ctx.Err()
	}
	return c, nil
}

// name gives a name that people can tell apart and that no other run has:
// kiln-build-micro-6.12.117-arm64-3f9a1c.
func (s Spec) name() string {
	parts := []string{"kiln", s.Kind}
	if s.Name != "" {
		parts = append(parts, s.Name)
	}
	return strings.Join(append(parts, fmt.Sprintf("%06x", rand.Uint32()&0xffffff)), "-")
}

func (s Spec) config(o owner) *container.Config {
	cfg := &container.Config{
		Image: s.Image, Cmd: s.Command, User: s.User, Env: s.Env, WorkingDir: s.Dir, Hostname: s.Host,
		Labels: o.labels(s.Kind, nil), NetworkDisabled: s.Offline,
	}
	if s.Publish != 0 {
		cfg.ExposedPorts = nat.PortSet{s.port(): {}}
	}
	return cfg
}

func (s Spec) host(at endpoint) *container.HostConfig {
	h := &container.HostConfig{}
	h.Memory, h.MemorySwap = s.Memory, s.Memory
	if s.PIDs != 0 {
		h.PidsLimit = &s.PIDs
	}
	for _, m := range s.Mounts {
		h.Mounts = append(h.Mounts, mount.Mount{Type: mount.TypeVolume, Source: m.Volume, Target: m.Path, ReadOnly: m.ReadOnly})
	}
	if s.Offline {
		h.NetworkMode = "none"
	}
	if s.Publish != 0 {
		binding := nat.PortBinding{HostIP: at.bindIP()}
		if s.Port != 0 {
			binding.HostPort = fmt.Sprint(s.Port)
		}
		h.PortBindings = nat.PortMap{s.port(): {binding}}
	}
	if s.Hardened {
		h.ReadonlyRootfs = true
		h.CapDrop = []string{"ALL"}
		h.SecurityOpt = []string{"no-new-privileges"}
		h.Tmpfs = map[string]string{"/tmp": "rw,noexec,nosuid,nodev,size=16m"}
	}
	return h
}

func (s Spec) port() nat.Port { return nat.Port(fmt.Sprintf("%d/tcp", s.Publish)) }

// Address gives where a published port is reached from here: host:port.
func (c *Container) Address(ctx context.Context, port int) (string, error) {
	info, err := c.engine.api.ContainerInspect(ctx, c.ID)
	if err != nil {
		return "", c.engine.failed("inspect container", err)
	}
	bound := info.NetworkSettings.Ports[nat.Port(fmt.Sprintf("%d/tcp", port))]
	if len(bound) == 0 {
		return "", fault.New(fault.Failed, "see the container's log", "container %s ended before its port %d was open", shortID(c.ID), port)
	}
	return net.JoinHostPort(c.engine.endpoint.machine(), bound[0].HostPort), nil
}

// State is what a container is doing.
type State struct {
	Running  bool
	ExitCode int
	Health   string // "healthy", "unhealthy", "starting" or "" where the image has no check
	OOM      bool   // ended by the kernel for want of memory
}

// State asks what the container is doing.
func (c *Container) State(ctx context.Context) (State, error) {
	info, err := c.engine.api.ContainerInspect(ctx, c.ID)
	if err != nil {
		return State{}, c.engine.failed("inspect container", err)
	}
	s := State{Running: info.State.Running, ExitCode: info.State.ExitCode, OOM: info.State.OOMKilled}
	if info.State.Health != nil {
		s.Health = info.State.Health.Status
	}
	return s, nil
}

// Inspect gives all that the engine says of the container, as JSON.
func (c *Container) Inspect(ctx context.Context) (string, error) {
	_, raw, err := c.engine.api.ContainerInspectWithRaw(ctx, c.ID, false)
	if err != nil {
		return "", c.engine.failed("inspect container", err)
	}
	var text bytes.Buffer
	err = json.Indent(&text, raw, "", "  ")
	return text.String(), err
}

// Memory gives how much memory the container takes now, in bytes, without the files that
// the kernel keeps for it and can let go of at any time.
func (c *Container) Memory(ctx context.Context) (int64, error) {
	answer, err := c.engine.api.ContainerStatsOneShot(ctx, c.ID)
	if err != nil {
		return 0, c.engine.failed("ask for the container's memory", err)
	}
	defer answer.Body.Close()
	var stats container.StatsResponse
	if err := json.NewDecoder(answer.Body).Decode(&stats); err != nil {
		return 0, c.engine.failed("ask for the container's memory", err)
	}
	files := stats.MemoryStats.Stats["total_inactive_file"] // cgroup v1
	if v2, ok := stats.MemoryStats.Stats["inactive_file"]; ok && files == 0 {
		files = v2
	}
	return int64(stats.MemoryStats.Usage - min(files, stats.MemoryStats.Usage)), nil
}

// Process is a process in a container.
type Process struct {
	UID     string // as the engine's machine names it: a number or a name
	Command string
}

// Processes lists what runs in the container. The engine asks ps on its own
// machine; where that has none, the container's /proc is read from within.
func (c *Container) Processes(ctx context.Context) ([]Process, error) {
	top, err := c.engine.api.ContainerTop(ctx, c.ID, []string{"-eo", "uid,pid,args"})
	if err != nil {
		return c.processesInside(ctx, err)
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
// (proc_pid_status(5)); the reader itself is among them.
func (c *Container) processesInside(ctx context.Context, cause error) ([]Process, error) {
	out, err := c.Output(ctx, Command{Argv: []string{
		"find", "/proc", "-maxdepth", "2", "-path", "/proc/[0-9]*/status", "-exec", "grep", "-hE", "^(Name|Uid):", "{}", "+",
	}})
	if err != nil && out == "" { // some that ended meanwhile are no failure
		return nil, c.engine.failed("list processes", cause)
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

// Stop sends the image's stop signal, waits for the container to end, and gives
// its exit code. After 10 seconds the engine kills it (then the code is 137).
func (c *Container) Stop(ctx context.Context) (int, error) {
	seconds := 10
	if err := c.engine.api.ContainerStop(ctx, c.ID, container.StopOptions{Timeout: &seconds}); err != nil {
		return 0, c.engine.failed("stop container", err)
	}
	state, err := c.State(ctx)
	return state.ExitCode, err
}

// Logs gives all that the container has printed so far, both streams.
func (c *Container) Logs(ctx context.Context) (string, error) {
	stream, err := c.engine.api.ContainerLogs(ctx, c.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		return "", c.engine.failed("read container log", err)
	}
	defer stream.Close()
	var text strings.Builder
	if _, err := stdcopy.StdCopy(&text, &text, stream); err != nil && err != io.EOF {
		return text.String(), c.engine.failed("read container log", err)
	}
	return text.String(), nil
}

// Follow copies the container's output to w until it ends or ctx does.
func (c *Container) Follow(ctx context.Context, w io.Writer) error {
	stream, err := c.engine.api.ContainerLogs(ctx, c.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: true})
	if err != nil {
		return c.engine.failed("follow container log", err)
	}
	defer stream.Close()
	_, err = stdcopy.StdCopy(w, w, stream)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return c.engine.failed("follow container log", err)
}

// Remove ends and removes the container with all that runs in it. It works
// after the run was cancelled too, within seconds.
func (c *Container) Remove() error {
	ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
	defer cancel()
	return c.engine.removeContainer(ctx, c.ID)
}

// RemoveInBackground removes the container as Remove does, beside whatever comes next: an engine
// first waits for what was written in it. RemoveVolume and Close wait for that.
func (c *Container) RemoveInBackground() {
	c.engine.removals.Go(func() { c.Remove() })
}

func (e *Client) removeContainer(ctx context.Context, id string) error {
	err := e.api.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	if cerrdefs.IsNotFound(err) || (err != nil && strings.Contains(err.Error(), "already in progress")) {
		return nil
	}
	return e.failed("remove container "+shortID(id), err)
}

// CheckHealth runs the image's own health check once, in the container.
func (c *Container) CheckHealth(ctx context.Context) error {
	info, err := c.engine.api.ContainerInspect(ctx, c.ID)
	if err != nil {
		return c.engine.failed("inspect container", err)
	}
	if info.Config.Healthcheck == nil || len(info.Config.Healthcheck.Test) < 2 {
		return fault.New(fault.Failed, "", "the image has no health check")
	}
	argv := info.Config.Healthcheck.Test[1:]
	if info.Config.Healthcheck.Test[0] == "CMD-SHELL" {
		argv = append([]string{"/bin/sh", "-c"}, argv...)
	}
	_, err = c.Output(ctx, Command{Argv: argv})
	return err
}
