package toolkit

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-version"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/site"
)

// commit returns the last commit that changed one of the folders: a zero value without git, or
// before the first commit. Ignored files of the second folder, the content's, are served too,
// so they count as uncommitted changes.
func (p *Project) commit(ctx context.Context, dir, content string) (c site.Commit, err error) {
	last, err := p.git(ctx, "log", "-1", "--format=%H %ct", "--", dir, content)
	id, seconds, ok := strings.Cut(last, " ")
	if err != nil || !ok {
		return c, err
	}
	since, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return c, fmt.Errorf("parse git log: %q: %w", last, err)
	}
	c = site.Commit{ID: id, Time: time.Unix(since, 0).UTC()}
	ask := func(args ...string) (text string) {
		if err == nil {
			text, err = p.git(ctx, args...)
		}
		return text
	}
	c.Dirty = ask("status", "--porcelain", "--untracked-files=all", "--", dir) != "" ||
		ask("status", "--porcelain", "--untracked-files=all", "--ignored=matching", "--", content) != ""
	if ask("rev-parse", "--is-shallow-repository") == "true" {
		p.console.LogOnce("warning: the clone is shallow: the site's commit, which gives the image its time, may be taken for the newest (git fetch --unshallow)")
	}
	if p.site.Value.TagsOfGit() {
		c.Version, c.Branch = newestVersion(ask("tag", "--points-at", "HEAD")), ask("branch", "--show-current")
	}
	return c, err
}

// newestVersion returns the newest version of a list of tags, or "".
func newestVersion(tags string) (newest string) {
	var best *version.Version
	for tag := range strings.FieldsSeq(tags) {
		v, err := version.NewSemver(tag)
		if err == nil && (best == nil || v.GreaterThan(best)) {
			best, newest = v, tag
		}
	}
	return newest
}

// git returns what a git command prints; "" without git, without a repository and before the
// first commit.
func (p *Project) git(ctx context.Context, args ...string) (string, error) {
	var stderr strings.Builder
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Env, cmd.Stderr = p.options.Dir, append(slices.Clone(p.options.Env), "LC_ALL=C"), &stderr
	out, err := cmd.Output()
	if err == nil {
		return strings.TrimSpace(string(out)), nil
	}
	for _, none := range []string{"not a git repository", "does not have any commits"} {
		if strings.Contains(stderr.String(), none) {
			return "", nil
		}
	}
	if errors.Is(err, exec.ErrNotFound) {
		return "", nil
	}
	return "", fault.Wrap(fault.Environment, fmt.Errorf("run git %s: %w\n%s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String())))
}

// checkOut writes the files of a commit into a folder, and returns where those of Options.Dir
// are in it.
func (p *Project) checkOut(ctx context.Context, commit, dir string) (string, error) {
	for _, argv := range [][]string{{"read-tree", commit}, {"checkout-index", "--all", "--prefix=" + dir + "/"}} {
		cmd := exec.CommandContext(ctx, "git", argv...)
		cmd.Dir, cmd.Env = p.options.Dir, append(slices.Clone(p.options.Env), "GIT_INDEX_FILE="+filepath.Join(dir, ".index")) // the clone's own is left alone
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fault.Wrap(fault.Environment, fmt.Errorf("check out commit %.12s: %w\n%s", commit, err, out))
		}
	}
	prefix, err := p.git(ctx, "rev-parse", "--show-prefix")
	return filepath.Join(dir, prefix), err
}
