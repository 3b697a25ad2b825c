package engine

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
)

// removeTimeout bounds the removal of a container. It is less than the 5 s in which an
// interrupted run has to clean up.
const removeTimeout = 4 * time.Second

// Spec describes a container: its image, its command and its limits.
type Spec struct {
	Image    string
	Kind     string   // the value of its kiln label: "build", "verify", ...
	Name     string   // appended to the kind in the container's name
	Command  []string // argv; empty for the image's own
	User     string   // "UID:GID"; empty for the image's own
	Env      []string // NAME=value
	Dir      string   // working directory
	Host     string   // host name inside the container; empty for its id
	Hosts    []string // entries of /etc/hosts, as name:address
	Mounts   []Mount
	Offline  bool  // without a network
	Memory   int64 // bytes, without swap; 0 for no limit
	PIDs     int64 // processes; 0 for no limit
	Hardened bool  // as in production: read-only root, no capability, no new privileges, /tmp in memory

	Beside    *Container // whose network it shares; nil for a network of its own
	Attached  bool       // its streams are read and written while it runs: not logged, see Container.Start
	Transient bool       // it is removed when it ends
}

// Mount is a volume of the engine in a container. Folders of the host are never mounted:
// the engine may run on a different machine.
type Mount struct {
	Volume   string // its name
	Path     string // where it is mounted, absolute
	ReadOnly bool
}

// Container is a container that this run created.
type Container struct {
	engine *Client
	ID     string
}

// Run creates and starts a container, and removes it if it does not start.
func (e *Client) Run(ctx context.Context, s Spec) (*Container, error) {
	c, err := e.Create(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := e.api.ContainerStart(ctx, c.ID, container.StartOptions{}); err != nil {
		c.Remove()
		return nil, failed("start a container of "+s.Image, err)
	}
	return c, nil
}

// Create creates a container and does not start it: files can be put into it. It is not
// cancelled half-way: the engine would create the container nevertheless, and nobody would know
// its id.
func (e *Client) Create(ctx context.Context, s Spec) (*Container, error) {
	created, err := e.api.ContainerCreate(context.WithoutCancel(ctx), s.config(e.labels(s.Kind, nil)), s.host(), nil, nil, s.name())
	if err != nil {
		return nil, failed("create a container of "+s.Image, err)
	}
	c := &Container{engine: e, ID: created.ID}
	if ctx.Err() != nil {
		c.Remove()
		return nil, ctx.Err()
	}
	return c, nil
}

// name returns a readable name with a random suffix, as
// kiln-build-micro-6.12.117-arm64-3f9a1c.
func (s Spec) name() string {
	parts := []string{"kiln", s.Kind}
	if s.Name != "" {
		parts = append(parts, s.Name)
	}
	return strings.Join(append(parts, fmt.Sprintf("%06x", rand.Uint32()&0xffffff)), "-")
}

func (s Spec) config(labels map[string]string) *container.Config {
	cfg := &container.Config{
		Image: s.Image, Cmd: s.Command, User: s.User, Env: s.Env, WorkingDir: s.Dir, Hostname: s.Host,
		Labels: labels, NetworkDisabled: s.Offline && len(s.Hosts) == 0, // which leaves no /etc/hosts
	}
	if s.Attached {
		cfg.OpenStdin, cfg.StdinOnce, cfg.AttachStdin, cfg.AttachStdout, cfg.AttachStderr = true, true, true, true, true
	}
	return cfg
}

func (s Spec) host() *container.HostConfig {
	h := &container.HostConfig{ExtraHosts: s.Hosts}
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
	if s.Beside != nil {
		h.NetworkMode = container.NetworkMode("container:" + s.Beside.ID)
	}
	h.AutoRemove = s.Transient
	if s.Attached {
		h.LogConfig.Type = "none"
	}
	if s.Hardened {
		h.ReadonlyRootfs = true
		h.CapDrop = []string{"ALL"}
		h.SecurityOpt = []string{"no-new-privileges"}
		h.Tmpfs = map[string]string{"/tmp": "rw,noexec,nosuid,nodev,size=16m"}
	}
	return h
}

// Stop sends the image's stop signal, waits for the container to end, and returns its exit
// code. After 10 seconds the engine kills it, and the code is 137.
func (c *Container) Stop(ctx context.Context) (int, error) {
	seconds := 10
	if err := c.engine.api.ContainerStop(ctx, c.ID, container.StopOptions{Timeout: &seconds}); err != nil {
		return 0, failed("stop container", err)
	}
	state, err := c.State(ctx)
	return state.ExitCode, err
}

// Logs returns what the container has printed so far, both streams.
func (c *Container) Logs(ctx context.Context) (string, error) {
	stream, err := c.engine.api.ContainerLogs(ctx, c.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		return "", failed("read container log", err)
	}
	defer stream.Close()
	var text strings.Builder
	if _, err := stdcopy.StdCopy(&text, &text, stream); err != nil && err != io.EOF {
		return text.String(), failed("read container log", err)
	}
	return text.String(), nil
}

// Follow copies the container's output to w until it ends or ctx does.
func (c *Container) Follow(ctx context.Context, w io.Writer) error {
	stream, err := c.engine.api.ContainerLogs(ctx, c.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: true})
	if err != nil {
		return failed("follow container log", err)
	}
	defer stream.Close()
	_, err = stdcopy.StdCopy(w, w, stream)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return failed("follow container log", err)
}

// Remove kills and removes the container. It also works after the run was cancelled, and
// takes seconds at most.
func (c *Container) Remove() error {
	ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
	defer cancel()
	return removeContainer(ctx, c.engine.api, c.ID)
}

// RemoveInBackground is Remove without waiting for it: an engine first flushes what the
// container wrote. Volumes.Remove and Client.Close wait for it.
func (c *Container) RemoveInBackground() {
	c.engine.removals.Go(func() { c.Remove() })
}

func removeContainer(ctx context.Context, api client.ContainerAPIClient, id string) error {
	err := api.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	if cerrdefs.IsNotFound(err) || (err != nil && strings.Contains(err.Error(), "already in progress")) {
		return nil
	}
	return failed("remove container "+shortID(id), err)
}
