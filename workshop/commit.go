package workshop

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-version"

	"github.com/romanatrashyonok/kiln/fault"
	"github.com/romanatrashyonok/kiln/site"
)

// commit asks git for the last commit that changed a folder: a zero value where there is
// no git, or no commit yet.
func (w *Workshop) commit(ctx context.Context, dir string) (c site.Commit) {
	id, seconds, ok := strings.Cut(git(ctx, "log", "-1", "--format=%H %ct", "--", dir), " ")
	since, err := strconv.ParseInt(seconds, 10, 64)
	if !ok || err != nil {
		return c
	}
	c = site.Commit{ID: id, Time: time.Unix(since, 0).UTC(), Dirty: git(ctx, "status", "--porcelain", "--", dir) != ""}
	if w.Site.Value.TagsOfGit() {
		c.Version, c.Branch = newestVersion(git(ctx, "tag", "--points-at", "HEAD")), git(ctx, "branch", "--show-current")
	}
	if git(ctx, "rev-parse", "--is-shallow-repository") == "true" {
		w.Console.SayOnce("warning: the clone is shallow: the site's commit, which gives the image its time, may be taken for the newest (git fetch --unshallow)")
	}
	return c
}

// newestVersion gives the newest version of a list of tags, or "".
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

// git gives what a git command prints, or "".
func git(ctx context.Context, args ...string) string {
	out, err := exec.CommandContext(ctx, "git", args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// checkOut writes the files of a commit into a folder, and gives where this folder's are
// in there.
func checkOut(ctx context.Context, commit, dir string) (string, error) {
	for _, argv := range [][]string{{"read-tree", commit}, {"checkout-index", "--all", "--prefix=" + dir + "/"}} {
		cmd := exec.CommandContext(ctx, "git", argv...)
		cmd.Env = append(os.Environ(), "GIT_INDEX_FILE="+filepath.Join(dir, ".index")) // the clone's own is left alone
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fault.Wrap(fault.Surroundings, fmt.Errorf("check out commit %.12s: %w\n%s", commit, err, out))
		}
	}
	return filepath.Join(dir, git(ctx, "rev-parse", "--show-prefix")), nil
}
