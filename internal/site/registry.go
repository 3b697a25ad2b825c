package site

import (
	"context"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/imagebuild"
)

// EngineRegistry is a Registry, and that of package baselock, by way of the engine's client.
type EngineRegistry struct{ *engine.Client }

func (r EngineRegistry) Digest(ctx context.Context, ref string) (string, error) {
	return r.RemoteDigest(ctx, ref)
}

func (r EngineRegistry) Created(ctx context.Context, ref string) (time.Time, error) {
	return r.RemoteMade(ctx, ref)
}

func (r EngineRegistry) Base(ctx context.Context, ref, platform string) (imagebuild.Base, string, error) {
	return r.RemoteBase(ctx, ref, platform)
}
