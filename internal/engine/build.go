package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/pkg/jsonmessage"

	"github.com/romanatrashyonok/kiln/internal/engine/buildlog"
	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// Build describes an image to build from a Dockerfile.
type Build struct {
	Name       string            // for progress and errors; the first tag if empty
	Kind       string            // the value of the image's kiln label
	Context    string            // folder on this machine; sent, never mounted
	Dockerfile string            // within Context; "Dockerfile" if empty
	Target     string            // stage of the Dockerfile; the last if empty
	Tags       []string          // names for the image
	Args       map[string]string // build arguments; no secrets: the image's history shows them
	Labels     map[string]string
	NoCache    bool              // runs every step again, as one that asks a package archive for its newest
	Secrets    map[string][]byte // for RUN --mount=type=secret,id=...; never in a layer
}

// Build builds an image and returns its id, "sha256:...": over a BuildKit session where the
// engine has them, else with its classic builder. Progress goes to the console; the error
// of a failed build has the whole log.
func (e *Client) Build(ctx context.Context, b Build, c *report.Console) (id string, err error) {
	b = b.withDefaults()
	progress := c.Progress("build image " + b.Name)
	log := buildlog.New(progress)
	if e.buildKit {
		id, err = buildWithSession(ctx, e, b, log)
	} else {
		id, err = buildClassic(ctx, e, b, log)
	}
	text := log.Close()
	if err != nil {
		progress.End("failed")
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", buildFailed(b, text, err)
	}
	progress.End("built " + shortID(id))
	return id, nil
}

func (b Build) withDefaults() Build {
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
		Tags: b.Tags, Dockerfile: b.Dockerfile, Target: b.Target, BuildArgs: args, Labels: b.Labels, NoCache: b.NoCache, Remove: true, ForceRemove: true,
	}
}

// dockerfileFaults are texts of builders' errors for which the Dockerfile is to blame.
var dockerfileFaults = []string{
	"did not complete successfully", "executor failed running", "returned a non-zero code", "dockerfile parse error",
	"failed to compute cache key", "not found in build context", "COPY failed",
}

// buildFailed returns the error of a build with its log. A step that ended with an exit
// code is a fault of the Dockerfile; anything else is an environment problem, and so is
// every failure of Kiln's own Dockerfiles, which install packages.
func buildFailed(b Build, log string, err error) error {
	class := fault.Environment
	for _, text := range dockerfileFaults {
		if strings.Contains(err.Error(), text) {
			class = fault.Failed
		}
	}
	if own := b.Kind == "toolchain" || b.Kind == "base"; own || strings.Contains(err.Error()+log, "no space left on device") {
		class = fault.Environment
	}
	return fault.New(class, "see the log of the build above", "%s\nbuild image %s: %w", log, b.Name, err)
}

// readBuild reads the engine's answer to a build to its end and returns the image's id.
func readBuild(stream io.Reader, log *buildlog.Log) (id string, err error) {
	decoder := json.NewDecoder(stream)
	for {
		var m jsonmessage.JSONMessage
		if err := decoder.Decode(&m); err == io.EOF {
			break
		} else if err != nil {
			return "", fault.WithCause(fault.Engine, fmt.Errorf("read the engine's answer: %w", err))
		}
		switch {
		case m.Error != nil:
			return "", m.Error
		case m.ID == "moby.buildkit.trace" && m.Aux != nil:
			log.Trace(*m.Aux)
		case m.Aux != nil:
			var result struct{ ID string }
			if json.Unmarshal(*m.Aux, &result) == nil && result.ID != "" {
				id = result.ID
			}
		default:
			log.Text(m.Stream + m.Status)
		}
	}
	if id == "" {
		return "", fault.NewWithCause(fault.Engine, "", "the engine ended the build without an image")
	}
	return id, nil
}
