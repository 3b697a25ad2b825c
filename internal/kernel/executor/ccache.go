package executor

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// ccacheStatsLog is where ccache writes what became of each call: a count of this build's
// own, as the cache is shared with others that run meanwhile.
const ccacheStatsLog = "/tmp/ccache.log"

// ccacheEnv sets up ccache. The kernel passes -MD, so in depend mode nothing need be
// preprocessed, and filling the cache costs next to nothing. That its objects are
// not compressed costs disk and saves time. A header whose size and times, that of its
// last change of any kind among them, are those that were taken down is not read again:
// an object includes hundreds of them.
func (r *run) ccacheEnv() []string {
	if !r.usesCCache() {
		return []string{"CCACHE_DISABLE=1"}
	}
	env := []string{
		"CCACHE_DIR=" + plan.CacheDir, fmt.Sprintf("CCACHE_MAXSIZE=%d", r.exec.Limits.CCacheBytes()), "CCACHE_NOCOMPRESS=1", "CCACHE_DEPEND=1", "CCACHE_SLOPPINESS=file_stat_matches",
		"CCACHE_COMPILERCHECK=string:" + r.compiler, "CCACHE_STATSLOG=" + ccacheStatsLog, "CCACHE_NAMESPACE=" + r.exec.Namespace,
	}
	toolchain := sha256.Sum256([]byte(r.exec.Namespace + " " + r.task.Plan.Toolchain.Image))
	return append(env, fmt.Sprintf("KILN_PROBES=%s/%x", plan.ProbeDir, toolchain[:8]))
}

// usesCCache tells whether compiled objects are kept.
func (r *run) usesCCache() bool { return !r.task.NoCache && r.exec.Limits.CCacheBytes() > 0 }

// identifyCompiler hashes the programs that compile, for the target and for the tools that
// run on the way: they, and not the image that holds them, make an object what it is.
func (r *run) identifyCompiler(ctx context.Context) error {
	if !r.usesCCache() {
		return nil
	}
	var programs []string
	for _, ask := range r.task.Spec.Compiler.Content {
		out, err := r.ctr.Output(ctx, engine.Command{Argv: ask})
		if err != nil {
			return err
		}
		programs = append(programs, strings.Fields(out)...)
	}
	sums, err := r.ctr.Output(ctx, engine.Command{Argv: append([]string{"sha256sum"}, programs...)})
	r.compiler = fmt.Sprintf("%x", sha256.Sum256([]byte(sums)))
	return err
}

// ccacheRecord reads how ccache fared (its statistics log: a comment with the source, then
// the name of a counter a line, https://ccache.dev/manual, stats_log).
func (r *run) ccacheRecord(ctx context.Context) (record plan.CacheRecord) {
	out, err := r.ctr.Output(ctx, engine.Command{Argv: []string{"cat", ccacheStatsLog}})
	if err != nil {
		return record // nothing was compiled
	}
	for line := range strings.Lines(out) {
		switch counter := strings.TrimSpace(line); counter {
		case "direct_cache_hit", "preprocessed_cache_hit":
			record.Hits++
		case "cache_miss":
			record.Misses++
		case "unsupported_code_directive", "unsupported_compiler_option", "could_not_use_precompiled_header", "bad_input_file":
			record.Uncacheable++
		}
	}
	return record
}
