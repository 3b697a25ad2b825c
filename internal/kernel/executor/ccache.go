package executor

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// ccacheStatsLog is where ccache logs the outcome of each call in this container. The
// statistics of the cache itself also count other builds.
const ccacheStatsLog = "/tmp/ccache.log"

// ccacheEnv returns ccache's settings. The kernel passes -MD, so in depend mode nothing has
// to be preprocessed, and filling the cache costs next to nothing. Uncompressed objects
// cost disk space and save time. With file_stat_matches a header is not read a second time
// while its size, mtime and ctime are unchanged: an object includes hundreds of headers.
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

// usesCCache reports whether compiled objects are cached.
func (r *run) usesCCache() bool { return !r.task.NoCache && r.exec.Limits.CCacheBytes() > 0 }

// identifyCompiler hashes the compilers for the target and for the build's own tools. Those
// programs determine an object, not the image that contains them.
func (r *run) identifyCompiler(ctx context.Context) error {
	if !r.usesCCache() {
		return nil
	}
	var programs []string
	for _, argv := range r.task.Spec.Compiler.Content {
		out, err := r.ctr.Output(ctx, engine.Command{Argv: argv})
		if err != nil {
			return err
		}
		programs = append(programs, strings.Fields(out)...)
	}
	sums, err := r.ctr.Output(ctx, engine.Command{Argv: append([]string{"sha256sum"}, programs...)})
	r.compiler = fmt.Sprintf("%x", sha256.Sum256([]byte(sums)))
	return err
}

// ccacheRecord counts hits and misses in ccache's statistics log: for each call a comment
// with the source, then a line for each counter (https://ccache.dev/manual, stats_log).
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
