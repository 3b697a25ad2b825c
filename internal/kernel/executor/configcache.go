package executor

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// configCacheDir holds final configurations beside the compiled objects, each under the
// hash of everything that decides it. With it a build from scratch need not run the
// kernel's configurators, each of which starts the compiler a hundred times to find out
// what it can do.
const configCacheDir = plan.CacheDir + "/kiln-configurations"

// configCacheDays is how many days an unused configuration is kept, and any answer of a
// compiler.
const configCacheDays = 90

// ConfigPath returns the path, in a build's container, of the cached configuration of a
// plan. It contains a sha256 of everything that decides the configuration.
func (e *Executor) ConfigPath(p plan.Plan) string {
	text, _ := json.Marshal([]any{e.Namespace, p.Arch, p.Source, p.Patches, p.Files, p.Toolchain.Image, p.Env, p.AskedHash()}) // plain values: cannot fail
	return path.Join(configCacheDir, fmt.Sprintf("%x", sha256.Sum256(text)))
}

// restoreConfig copies the plan's cached configuration into the output tree and returns
// its sha256, or "" where none is cached or it is damaged.
func (r *run) restoreConfig(ctx context.Context) (string, error) {
	if !r.usesCCache() {
		return "", nil
	}
	cached := r.exec.ConfigPath(r.task.Plan)
	sum, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"cat", cached + ".sha256"}})
	if err == nil {
		_, err = r.ctr.Output(ctx, engine.Command{Argv: []string{"install", "-m", "644", "-o", "1000", "-g", "1000", cached, plan.ConfigFile}})
	}
	var exit *engine.ExitError
	if errors.As(err, &exit) { // not cached
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if sum = strings.TrimSpace(sum); sum == "" || !r.hasConfig(ctx, sum) {
		_, err = r.ctr.Output(ctx, engine.Command{Argv: []string{"rm", plan.ConfigFile}})
		return "", err
	}
	_, err = r.ctr.Output(ctx, engine.Command{Argv: []string{"touch", cached, cached + ".sha256"}})
	return sum, err
}

// cacheConfig caches the final configuration, then its sha256, and removes what is too
// old from the cache.
func (r *run) cacheConfig(ctx context.Context) error {
	if !r.usesCCache() || r.configured {
		return nil
	}
	cached := r.exec.ConfigPath(r.task.Plan)
	if _, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"install", "-D", "-m", "644", plan.ConfigFile, cached}}); err != nil {
		return err
	}
	sum := inputFile(cached+".sha256", r.finalSum)
	sum.Time = time.Now()
	if err := r.ctr.Put(ctx, "/", sum); err != nil {
		return err
	}
	_, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"find", configCacheDir, plan.ProbeDir, "-type", "f", "-mtime", fmt.Sprintf("+%d", configCacheDays), "-delete"}})
	return err
}
