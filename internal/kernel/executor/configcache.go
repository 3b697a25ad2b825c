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

// Final configurations are kept with the compiled objects, by all that decides them: an
// output that starts clean need not run the kernel's configurators, each of which starts
// the compiler a hundred times to ask what it can do.
const configCacheDir = plan.CacheDir + "/kiln-configurations"

// configCacheDays is for how many days one is kept that nobody uses, and an answer of a
// compiler in any case.
const configCacheDays = 90

// ConfigPath names, in a build's container, the cached configuration of a plan, by
// everything that decides it.
func (e *Executor) ConfigPath(p plan.Plan) string {
	text, _ := json.Marshal([]any{e.Namespace, p.Arch, p.Source, p.Patches, p.Toolchain.Image, p.Env, p.AskedHash()}) // plain values: cannot fail
	return path.Join(configCacheDir, fmt.Sprintf("%x", sha256.Sum256(text)))
}

// restoreConfig puts the configuration that was kept for the plan into the output tree, and
// gives its sha256; "" where there is none that is whole.
func (r *run) restoreConfig(ctx context.Context) (string, error) {
	if !r.usesCCache() {
		return "", nil
	}
	kept := r.exec.ConfigPath(r.task.Plan)
	sum, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"cat", kept + ".sha256"}})
	if err == nil {
		_, err = r.ctr.Output(ctx, engine.Command{Argv: []string{"install", "-m", "644", "-o", "1000", "-g", "1000", kept, plan.ConfigFile}})
	}
	var exit *engine.ExitError
	if errors.As(err, &exit) { // none is kept
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if sum = strings.TrimSpace(sum); sum == "" || !r.hasConfig(ctx, sum) {
		_, err = r.ctr.Output(ctx, engine.Command{Argv: []string{"rm", plan.ConfigFile}})
		return "", err
	}
	_, err = r.ctr.Output(ctx, engine.Command{Argv: []string{"touch", kept, kept + ".sha256"}})
	return sum, err
}

// cacheConfig keeps the final configuration, and its sha256 after it.
func (r *run) cacheConfig(ctx context.Context) error {
	if !r.usesCCache() || r.configured {
		return nil
	}
	kept := r.exec.ConfigPath(r.task.Plan)
	if _, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"install", "-D", "-m", "644", plan.ConfigFile, kept}}); err != nil {
		return err
	}
	sum := inputFile(kept+".sha256", r.finalSum)
	sum.Time = time.Now()
	if err := r.ctr.Put(ctx, "/", sum); err != nil {
		return err
	}
	_, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"find", configCacheDir, plan.ProbeDir, "-type", "f", "-mtime", fmt.Sprintf("+%d", configCacheDays), "-delete"}})
	return err
}
