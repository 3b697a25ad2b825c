// Package gitinfo reads from git what the site is a state of: the commit, the version
// and the branch. Without git, or outside a clone, it returns zero values, which is no error.
package gitinfo

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-version"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Repository is a clone, as the git program sees it.
type Repository struct {
	Dir string   // folder that git runs in; "" for the current one
	Env []string // environment of git, as "NAME=value"
}

// Commit is the last commit that changed the site's folder.
type Commit struct {
	ID      string    // "" without git, or before the first commit
	Time    time.Time // UTC; zero where ID is ""
	Dirty   bool      // files of the folder differ from it
	Shallow bool      // the clone lacks older commits, so the newest may be taken for the last that changed the site

	Version string // the newest version that tags HEAD, as "v1.2.3"; may be empty
	Branch  string // that is checked out; may be empty
}

// Revision returns the commit's ID as the image is labelled with it, marked where files
// differ from the commit (OCI image specification, annotations.md,
// org.opencontainers.image.revision).
func (c Commit) Revision() string {
	if c.Dirty {
		return c.ID + "-dirty"
	}
	return c.ID
}

// LastCommit returns the last commit that changed one of two folders, and with refs the
// version and the branch of HEAD. It is the zero value where there is no git, no clone or
// no commit yet. Ignored files count as changes only in content: the site serves them,
// committed or not. An error of git itself is an environment problem.
func (r Repository) LastCommit(ctx context.Context, dir, content string, refs bool) (Commit, error) {
	last, err := r.git(ctx, "log", "-1", "--format=%H %ct", "--", dir, content)
	id, seconds, ok := strings.Cut(last, " ")
	if err != nil || !ok {
		return Commit{}, err
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return Commit{}, fmt.Errorf("parse the output of git log: %q: %w", last, err)
	}
	ask := func(args ...string) (text string) {
		if err == nil {
			text, err = r.git(ctx, args...)
		}
		return text
	}
	c := Commit{ID: id, Time: time.Unix(unix, 0).UTC()}
	c.Dirty = ask("status", "--porcelain", "--untracked-files=all", "--", dir) != "" ||
		ask("status", "--porcelain", "--untracked-files=all", "--ignored=matching", "--", content) != ""
	c.Shallow = ask("rev-parse", "--is-shallow-repository") == "true"
	if refs {
		c.Version, c.Branch = newestVersion(ask("tag", "--points-at", "HEAD")), ask("branch", "--show-current")
	}
	return c, err
}

// newestVersion returns the newest version in a list of tags, or "".
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

// CheckOut writes the files of a commit into a folder, and returns where the files of
// r.Dir are below it. The clone's own index is not changed.
func (r Repository) CheckOut(ctx context.Context, commit, into string) (string, error) {
	index := "GIT_INDEX_FILE=" + filepath.Join(into, ".index")
	for _, args := range [][]string{{"read-tree", commit}, {"checkout-index", "--all", "--prefix=" + into + "/"}} {
		cmd := r.command(ctx, args...)
		cmd.Env = append(cmd.Env, index)
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fault.Wrap(fault.Environment, fmt.Errorf("check out commit %.12s: %w\n%s", commit, err, out))
		}
	}
	prefix, err := r.git(ctx, "rev-parse", "--show-prefix")
	return filepath.Join(into, prefix), err
}

// git returns what a git command prints; "" where there is no git, no clone or no commit.
func (r Repository) git(ctx context.Context, args ...string) (string, error) {
	var stderr strings.Builder
	cmd := r.command(ctx, args...)
	cmd.Stderr = &stderr
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

// command prepares git, with messages in English: their texts are compared.
func (r Repository) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Env = r.Dir, append(append([]string{}, r.Env...), "LC_ALL=C")
	return cmd
}
