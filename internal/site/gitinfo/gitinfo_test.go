package gitinfo

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// clone makes a repository with one commit of site/content/index.html.
func clone(t *testing.T) Repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("git is required in CI: %v", err)
		}
		t.Skipf("SKIPPED: no git: %v", err)
	}
	env := append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
		"GIT_AUTHOR_DATE=2026-05-06T07:08:09Z", "GIT_COMMITTER_DATE=2026-05-06T07:08:09Z")
	r := Repository{Dir: t.TempDir(), Env: env}
	write(t, r, "site/content/index.html", "one")
	write(t, r, ".gitignore", "*.tmp\n")
	run(t, r, "init", "--quiet", "--initial-branch=main")
	run(t, r, "add", ".")
	run(t, r, "commit", "--quiet", "--message=one")
	return r
}

func write(t *testing.T, r Repository, name, text string) {
	t.Helper()
	path := filepath.Join(r.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, r Repository, args ...string) {
	t.Helper()
	if out, err := r.command(t.Context(), args...).CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func last(t *testing.T, r Repository) Commit {
	t.Helper()
	c, err := r.LastCommit(t.Context(), "site", "site/content", true)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLastCommit(t *testing.T) {
	r := clone(t)
	run(t, r, "tag", "v1.2.3")
	run(t, r, "tag", "v1.10.0")
	run(t, r, "tag", "newest")
	c := last(t, r)
	if len(c.ID) != 40 || c.Time.Unix() != 1778051289 || c.Dirty || c.Shallow || c.Version != "v1.10.0" || c.Branch != "main" {
		t.Errorf("got %+v", c)
	}
	write(t, r, "elsewhere/file", "x")
	run(t, r, "add", ".")
	run(t, r, "commit", "--quiet", "--message=two")
	if later := last(t, r); later.ID != c.ID || later.Version != "" {
		t.Errorf("after a commit that does not change the site: %+v", later)
	}
}

func TestChangesAndIgnoredContentAreDirty(t *testing.T) {
	for name, dirty := range map[string]bool{
		"site/content/index.html": true, "site/new.conf": true, "site/content/ignored.tmp": true,
		"site/ignored.tmp": false, "elsewhere/file": false,
	} {
		r := clone(t)
		write(t, r, name, "two")
		if c := last(t, r); c.Dirty != dirty || (c.Revision() == c.ID) == dirty {
			t.Errorf("%s: dirty is %v, revision %s", name, c.Dirty, c.Revision())
		}
	}
}

func TestFolderWithoutGit(t *testing.T) {
	r := Repository{Dir: t.TempDir(), Env: append(os.Environ(), "GIT_CEILING_DIRECTORIES="+os.TempDir())}
	if c := last(t, r); c != (Commit{}) {
		t.Errorf("got %+v", c)
	}
	run(t, r, "init", "--quiet")
	if c := last(t, r); c != (Commit{}) {
		t.Errorf("before the first commit: %+v", c)
	}
}

func TestCheckOut(t *testing.T) {
	r := clone(t)
	c := last(t, r)
	write(t, r, "site/content/index.html", "two")
	sub, into := r, t.TempDir()
	sub.Dir = filepath.Join(r.Dir, "site")
	root, err := sub.CheckOut(t.Context(), c.ID, into)
	if err != nil || root != filepath.Join(into, "site") {
		t.Fatalf("checked out into %s, %v", root, err)
	}
	text, err := os.ReadFile(filepath.Join(root, "content", "index.html"))
	if err != nil || string(text) != "one" {
		t.Errorf("got %q, %v", text, err)
	}
	if _, err := r.CheckOut(t.Context(), "0123456789", t.TempDir()); err == nil {
		t.Error("an unknown commit was checked out")
	}
}
