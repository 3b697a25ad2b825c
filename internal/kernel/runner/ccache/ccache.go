//go:build linux

// Package ccache has the settings of ccache and of kiln-cc, counts what they did, and keeps final
// configurations beside the compiled objects.
package ccache

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/confined"
)

// Cache is the cache of a build.
type Cache struct {
	Dir       string
	Max       int64  // bytes that compiled objects may take; 0 compiles everything
	Namespace string // of what is cached; a benchmark uses its own
	Toolchain plan.Toolchain
	// Log is the file where ccache logs the outcome of each call of this build. The
	// statistics of the cache itself also count other builds.
	Log string
}

// Used reports whether anything is cached.
func (c Cache) Used() bool { return c.Max > 0 }

// Env returns ccache's settings. The kernel passes -MD, so in depend mode nothing has
// to be preprocessed, and filling the cache costs next to nothing. Uncompressed objects
// cost disk space and save time. With file_stat_matches a header is not read a second time
// while its size, mtime and ctime are unchanged: an object includes hundreds of headers.
func (c Cache) Env() []string {
	if !c.Used() {
		return []string{"CCACHE_DISABLE=1"}
	}
	return []string{
		"CCACHE_DIR=" + c.Dir, fmt.Sprintf("CCACHE_MAXSIZE=%d", c.Max), "CCACHE_NOCOMPRESS=1", "CCACHE_DEPEND=1", "CCACHE_SLOPPINESS=file_stat_matches",
		"CCACHE_COMPILERCHECK=string:" + c.compiler(), LogVariable + "=" + c.Log, "CCACHE_NAMESPACE=" + c.Namespace,
		"KILN_PROBES=" + c.probes(),
	}
}

// LogVariable is the environment variable with the path of the log.
const LogVariable = "CCACHE_STATSLOG"

// compiler returns the sha256 of the toolchain's programs. They determine an object, not the image
// that contains them.
func (c Cache) compiler() string {
	text, _ := json.Marshal(c.Toolchain.Programs) // plain values: cannot fail
	return fmt.Sprintf("%x", sha256.Sum256(text))
}

// ProbeDir returns the folder of compilers' answers to the kernel's probes, see kiln-cc.
func (c Cache) ProbeDir() string { return filepath.Join(c.Dir, probes) }

// probes is that folder, in the cache.
const probes = "kiln-probes"

// probes returns the folder of this toolchain's answers.
func (c Cache) probes() string {
	sum := sha256.Sum256([]byte(c.Namespace + " " + c.Toolchain.Identity()))
	return fmt.Sprintf("%s/%x", c.ProbeDir(), sum[:8])
}

// Record counts hits and misses in ccache's statistics log: for each call a comment
// with the source, then a line for each counter (https://ccache.dev/manual, stats_log).
func (c Cache) Record() (record plan.CacheRecord) {
	text, err := confined.Read(filepath.Split(c.Log))
	if err != nil {
		return record // nothing was compiled
	}
	for line := range strings.Lines(string(text)) {
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
