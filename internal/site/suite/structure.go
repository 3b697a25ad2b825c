package suite

import (
	"context"
	"path"
	"slices"
	"strings"
)

// Entry is a file or a folder in the container.
type Entry struct {
	Name     string // relative to the listed folder, with slashes
	Folder   bool
	Mode     int64 // with the setuid, setgid and sticky bits (04000, 02000, 01000)
	UID, GID int
}

// checkFolderFiles checks the site's folders in the image: everything belongs to root, only
// root can write it, nothing is setuid or setgid, and they have no other files.
func checkFolderFiles(ctx context.Context, r *runner, target Target) {
	owner := Check{Name: "the site's files belong to root", Passed: true, Expected: "0:0", Got: "0:0"}
	closed := Check{Name: "only root can write the site's files", Passed: true, Expected: "not writable for group or others"}
	plain := Check{Name: "no file of the site is setuid or setgid", Passed: true, Expected: "none", Got: "none"}
	only := Check{Name: "no other files are in the site's folder", Passed: true, Expected: "none", Got: "none"}
	closed.Got = closed.Expected
	for _, root := range r.site.Roots {
		entries, err := target.List(ctx, root)
		if err != nil {
			r.check(noAnswer("the site's folder "+root, err))
			return
		}
		for _, f := range entries {
			owner.failIf(f.UID != 0 || f.GID != 0, "%s belongs to %d:%d", f.Name, f.UID, f.GID)
			closed.failIf(f.Mode&0o022 != 0, "%s has the mode %o", f.Name, f.Mode)
			plain.failIf(f.Mode&0o6000 != 0, "%s has the mode %o", f.Name, f.Mode)
			only.failIf(!f.Folder && !r.site.has(path.Join(root, f.Name)), "%s", f.Name)
		}
	}
	r.check(owner, closed, plain, only)
}

// welcomePages are the files of Nginx's own images in the folder that they serve.
var welcomePages = []string{"/usr/share/nginx/html/index.html", "/usr/share/nginx/html/50x.html"}

// has reports whether a path of the image is a file of the site, or of Nginx's own images.
func (i *index) has(name string) bool {
	original, packed := strings.CutSuffix(name, ".gz")
	_, own := i.byPath[name]
	return own || packed && i.byPath[original].Gzip || slices.Contains(welcomePages, name)
}
