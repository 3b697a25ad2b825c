package site

import (
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Commit is the last commit that changed the site's folder.
type Commit struct {
	ID    string    // "" where there is no git
	Time  time.Time // zero where there is no git
	Dirty bool      // files of the folder differ from it

	Version string // the newest version that tags the newest commit, as "v1.2.3"; may be empty
	Branch  string // that is checked out; may be empty
}

// label is what the image says of its commit (OCI image specification, annotations.md,
// org.opencontainers.image.revision).
func (c Commit) label() string {
	if c.Dirty {
		return c.ID + "-dirty"
	}
	return c.ID
}

// Publishable refuses to publish what no commit has, unless site.toml allows it.
func (s Site) Publishable() error {
	if !s.Commit.Dirty || s.Settings.Dirty {
		return nil
	}
	return fault.New(fault.Usage, "commit the changes, or allow it: KILN_SITE_DIRTY=true", "push: files of %s differ from the commit %.12s", s.Dir, s.Commit.ID)
}
