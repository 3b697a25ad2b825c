package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"strings"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/pkg/jsonmessage"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/moby/buildkit/session/filesync"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/tonistiigi/fsutil"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Build says what image to build, and of what.
type Build struct {
	Name       string            // for progress and errors; the first tag if empty
	Kind       string            // the value of the image's kiln label
	Context    string            // folder on this machine; sent, never mounted
	Dockerfile string            // within Context; "Dockerfile" if empty
	Target     string            // stage of the Dockerfile; the last if empty
	Tags       []string          // names for the image
	Args       map[string]string // build arguments: they stand in the image's history, so no secrets
	Labels     map[string]string
	Secrets    map[string][]byte // for RUN --mount=type=secret,id=...; never in a layer
}

// Build builds an image and gives its id, "sha256:...". Where the engine has
// BuildKit sessions those serve, else its classic builder. Progress goes to the
// console; the whole log of the build is shown only when it fails.
func (e *Client) Build(ctx context.Context, b Build, c *report.Console) (id string, err error) {
	b = b.filled(e.owner)
	progress := c.Progress("build image " + b.Name)
	log := newBuildLog(progress)
	if e.buildKit {
		id, err = e.buildWithSession(ctx, b, log)
	} else {
		id, err = e.buildClassic(ctx, b, log)
	}
	text := log.close()
	if err != nil {
		progress.End("failed")
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", buildFailed(b.Kind, b.Name, text, err)
	}
	progress.End("built " + shortID(id))
	return id, nil
}

func (b Build) filled(o owner) Build {
	if b.Dockerfile == "" {
		b.Dockerfile = "Dockerfile"
	}
	if b.Name == "" && len(b.Tags) > 0 {
		b.Name = b.Tags[0]
	}
	labels := map[string]string{Label: b.Kind}
	maps.Copy(labels, b.Labels)
	b.Labels = labels // no owner: the same inputs must give the same image
	return b
}

func (b Build) options() build.ImageBuildOptions {
	args := map[string]*string{}
	for k, v := range b.Args {
		args[k] = &v
	}
	return build.ImageBuildOptions{
		Tags: b.Tags, Dockerfile: b.Dockerfile, Target: b.Target, BuildArgs: args, Labels: b.Labels, Remove: true, ForceRemove: true,
	}
}

// buildFailed shows the log of a build that failed. A step that ended with a
// code is the Dockerfile's fault, anything else the surroundings'; and so is all in a
// Dockerfile of Kiln's own, which installs packages.
func buildFailed(kind, name, log string, err error) error {
	class := fault.Environment
	text := err.Error()
	for _, sign := range []string{"did not complete successfully", "executor failed running", "returned a non-zero code", "dockerfile parse error", "failed to compute cache key", "not found in build context", "COPY failed"} {
		if strings.Contains(text, sign) {
			class = fault.Failed
		}
	}
	if own := kind == "toolchain" || kind == "base"; own || strings.Contains(text+log, "no space left on device") {
		class = fault.Environment
	}
	return fault.New(class, "see the build log above", "%s\nbuild image %s: %w", log, name, err)
}

// hasSession asks whether the engine knows BuildKit sessions, by trying to open
// one: Podman speaks the same API and does not. Each try has an id of its own, as an
// engine refuses a second session of one id while the first is still closing.
func (e *Client) hasSession(ctx context.Context) bool {
	conn, err := e.api.DialHijack(ctx, "/session", "h2c", map[string][]string{"X-Docker-Expose-Session-Uuid": {rand.Text()}})
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// buildWithSession builds over a BuildKit session: the engine asks for the
// files, credentials and secrets that it needs while it builds.
func (e *Client) buildWithSession(ctx context.Context, b Build, log *buildLog) (string, error) {
	s, err := e.openSession(ctx, b)
	if err != nil {
		return "", err
	}
	defer s.Close()
	running := make(chan error, 1)
	go func() {
		running <- s.Run(ctx, func(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
			return e.api.DialHijack(ctx, "/session", proto, meta)
		})
	}()
	opts := b.options()
	opts.Version, opts.RemoteContext = build.BuilderBuildKit, "client-session"
	opts.SessionID, opts.BuildID = s.ID(), s.ID()
	stop := context.AfterFunc(ctx, func() { e.api.BuildCancel(context.WithoutCancel(ctx), opts.BuildID) })
	defer stop()
	response, err := e.api.ImageBuild(ctx, nil, opts)
	if err != nil {
		return "", e.failed("start the build", err)
	}
	defer response.Body.Close()
	id, err := readBuild(response.Body, log)
	s.Close()
	<-running
	return id, err
}

func (e *Client) openSession(ctx context.Context, b Build) (*session.Session, error) {
	files, err := contextFiles(b.Context)
	if err != nil {
		return nil, err
	}
	credentials, err := e.credentials()
	if err != nil {
		return nil, err
	}
	s, err := session.NewSession(ctx, b.Context)
	if err != nil {
		return nil, fmt.Errorf("open a build session: %w", err)
	}
	s.Allow(filesync.NewFSSyncProvider(filesync.StaticDirSource{"context": files, "dockerfile": files}))
	s.Allow(authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
		AuthConfigProvider: authprovider.LoadAuthConfig(credentials),
	}))
	s.Allow(secretsprovider.FromMap(b.Secrets))
	return s, nil
}

// contextFiles gives the folder as the engine sees it: owned by root and with
// modes that do not depend on the umask of whoever checked the files out, so that
// the cache of one machine and user fits the next.
func contextFiles(dir string) (fsutil.FS, error) {
	files, err := fsutil.NewFS(dir)
	if err != nil {
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("read build context: %w", err))
	}
	return fsutil.NewFilterFS(files, &fsutil.FilterOpt{Map: func(_ string, s *fstypes.Stat) fsutil.MapResult {
		s.Uid, s.Gid = 0, 0
		mode := os.FileMode(s.Mode)
		switch {
		case mode.IsDir() || mode&0o100 != 0:
			s.Mode = uint32(mode&^os.ModePerm | 0o755)
		case mode.IsRegular():
			s.Mode = uint32(mode&^os.ModePerm | 0o644)
		}
		return fsutil.MapResultKeep
	}})
}

// readBuild follows the answer to a build to its end and gives the image's id.
func readBuild(stream io.Reader, log *buildLog) (id string, err error) {
	decoder := json.NewDecoder(stream)
	for {
		var m jsonmessage.JSONMessage
		if err := decoder.Decode(&m); err == io.EOF {
			break
		} else if err != nil {
			return "", fault.WithCause(fault.Engine, fmt.Errorf("the engine broke off: %w", err))
		}
		switch {
		case m.Error != nil:
			return "", m.Error
		case m.ID == "moby.buildkit.trace":
			log.trace(*m.Aux)
		case m.Aux != nil:
			var result struct{ ID string }
			if json.Unmarshal(*m.Aux, &result) == nil && result.ID != "" {
				id = result.ID
			}
		default:
			log.text(m.Stream + m.Status)
		}
	}
	if id == "" {
		return "", fault.NewWithCause(fault.Engine, "", "the engine ended the build without an image")
	}
	return id, nil
}
