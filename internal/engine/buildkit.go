package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"

	"github.com/docker/cli/cli/config/types"
	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/moby/buildkit/session/filesync"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/tonistiigi/fsutil"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/romanatrashyonok/kiln/internal/engine/buildlog"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/registry"
)

// hasSessions reports whether the engine supports BuildKit sessions, by opening one:
// Podman's engine has the same API without them. Each session has an id of its own, since
// an engine refuses an id whose earlier session is still closing.
func hasSessions(ctx context.Context, api client.HijackDialer) bool {
	conn, err := api.DialHijack(ctx, "/session", "h2c", map[string][]string{"X-Docker-Expose-Session-Uuid": {rand.Text()}})
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// buildWithSession builds over a BuildKit session, by which the engine requests files,
// credentials and secrets when it needs them.
func buildWithSession(ctx context.Context, e *Client, b Build, log *buildlog.Log) (string, error) {
	s, err := openSession(ctx, e.registry, b)
	if err != nil {
		return "", err
	}
	defer s.Close()
	ended := make(chan error, 1)
	go func() {
		ended <- s.Run(ctx, func(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
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
		return "", failed("start the build", err)
	}
	defer response.Body.Close()
	id, err := readBuild(response.Body, log)
	s.Close()
	<-ended
	return id, err
}

func openSession(ctx context.Context, r *registry.Client, b Build) (*session.Session, error) {
	files, err := contextFiles(b.Context)
	if err != nil {
		return nil, err
	}
	s, err := session.NewSession(ctx, b.Context)
	if err != nil {
		return nil, fmt.Errorf("open a build session: %w", err)
	}
	s.Allow(filesync.NewFSSyncProvider(filesync.StaticDirSource{"context": files, "dockerfile": files}))
	s.Allow(authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
		AuthConfigProvider: func(ctx context.Context, host string, _ []string, _ authprovider.ExpireCachedAuthCheck) (types.AuthConfig, error) {
			if host == authprovider.DockerHubRegistryHost {
				host = registry.DockerHub
			}
			found, err := r.CredentialsOf(ctx, host)
			return found.AuthConfig, err
		},
	}))
	s.Allow(secretsprovider.FromMap(b.Secrets))
	return s, nil
}

// contextFiles returns the folder as the engine gets it: owned by root, and with modes that
// do not depend on the umask under which the files were checked out, so that the build
// cache fits all machines and users.
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
