package engine

import (
	"archive/tar"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/docker/docker/api/types/build"
	"github.com/moby/go-archive"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/romanatrashyonok/kiln/internal/engine/buildlog"
	"github.com/romanatrashyonok/kiln/internal/fault"
)

// buildClassic builds with the engine's classic builder, which gets the whole context as a
// tar. It has no secrets, and no cache mounts: those are removed from the Dockerfile. It gets
// no credentials either: the base is in the engine.
func buildClassic(ctx context.Context, e *Client, b Build, log *buildlog.Log) (string, error) {
	if len(b.Secrets) > 0 {
		return "", fault.New(fault.Environment, "use an engine with BuildKit",
			"build image %s: its secrets need BuildKit, and this engine has only the classic builder", b.Name)
	}
	files, err := contextTar(b.Context)
	if err != nil {
		return "", err
	}
	files = archive.ReplaceFileTarWrapper(files, map[string]archive.TarModifierFunc{b.Dockerfile: withoutCaches})
	defer files.Close()
	opts := b.options()
	opts.Version = build.BuilderV1
	response, err := e.api.ImageBuild(ctx, files, opts)
	if err != nil {
		return "", failed("start the build", err)
	}
	defer response.Body.Close()
	return readBuild(response.Body, log)
}

// cacheMount matches a mount of RUN that only saves time.
var cacheMount = regexp.MustCompile(`--mount=type=cache\S*\s+`)

// withoutCaches removes the cache mounts from a Dockerfile.
func withoutCaches(_ string, h *tar.Header, content io.Reader) (*tar.Header, []byte, error) {
	text, err := io.ReadAll(content)
	text = cacheMount.ReplaceAll(text, nil)
	h.Size = int64(len(text))
	return h, text, err
}

// contextTar packs the folder without what its .dockerignore names.
func contextTar(dir string) (io.ReadCloser, error) {
	var excludes []string
	if f, err := os.Open(filepath.Join(dir, ".dockerignore")); err == nil {
		defer f.Close()
		if excludes, err = ignorefile.ReadAll(f); err != nil {
			return nil, fault.Wrap(fault.Usage, err)
		}
	}
	files, err := archive.TarWithOptions(dir, &archive.TarOptions{
		ExcludePatterns: excludes, ChownOpts: &archive.ChownOpts{UID: 0, GID: 0},
	})
	return files, fault.Wrap(fault.Usage, err)
}
