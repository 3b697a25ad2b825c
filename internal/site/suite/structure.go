package suite

import (
	"context"
	"fmt"
	"net/url"
	"strings"
)

// Entry is a file or a folder in the container.
type Entry struct {
	Name     string // relative to the listed folder, with slashes
	Folder   bool
	Mode     int64 // with the setuid, setgid and sticky bits (04000, 02000, 01000)
	UID, GID int
}

// checkFolderFiles checks the site's folder in the image: everything belongs to root, only
// root can write it, nothing is setuid or setgid, and it has no other files.
func checkFolderFiles(ctx context.Context, e Expectation, target Target) []Check {
	if e.Root == "" {
		return nil
	}
	entries, err := target.List(ctx, e.Root)
	if err != nil {
		return failed("the site's folder", err)
	}
	owner := Check{Name: "the site's files belong to root", Passed: true, Expected: "0:0"}
	closed := Check{Name: "only root can write the site's files", Passed: true, Expected: "not writable for group or others"}
	plain := Check{Name: "no file of the site is setuid or setgid", Passed: true, Expected: "none"}
	only := Check{Name: "no other files are in the site's folder", Passed: true, Expected: "none"}
	known := e.names()
	for _, f := range entries {
		owner.failIf(f.UID != 0 || f.GID != 0, "%s belongs to %d:%d", f.Name, f.UID, f.GID)
		closed.failIf(f.Mode&0o022 != 0, "%s has the mode %o", f.Name, f.Mode)
		plain.failIf(f.Mode&0o6000 != 0, "%s has the mode %o", f.Name, f.Mode)
		only.failIf(!f.Folder && !known[f.Name], "%s", f.Name)
	}
	return []Check{owner, closed, plain, only}
}

// failIf fails a check for a reason; the first one counts.
func (c *Check) failIf(bad bool, format string, args ...any) {
	if bad && c.Passed {
		c.Passed, c.Got = false, fmt.Sprintf(format, args...)
	}
}

// names returns the names of the files in the site's folder.
func (e Expectation) names() map[string]bool {
	names := map[string]bool{}
	for _, f := range e.Files {
		name, err := url.PathUnescape(strings.TrimPrefix(f.URL, "/"))
		if err != nil {
			continue
		}
		names[name], names[name+".gz"] = true, f.Gzip
	}
	return names
}
