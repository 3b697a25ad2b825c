package suite

import (
	"context"
	"fmt"
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

// checkFolderFiles checks the site's folders in the image: everything belongs to root, or to
// the owner that the Dockerfile names; nothing is writable for others, setuid or setgid; and
// they have no other files.
func checkFolderFiles(ctx context.Context, r *runner, target Target) {
	owner := Check{Name: "the site's files belong to root", Passed: true, Expected: "0:0", Got: "0:0"}
	closed := Check{Name: "only root can write the site's files", Passed: true, Expected: "not writable for group or others"}
	plain := Check{Name: "no file of the site is setuid or setgid", Passed: true, Expected: "none", Got: "none"}
	only := Check{Name: "no other files are in the site's folder", Passed: true, Expected: "none", Got: "none"}
	closed.Got = closed.Expected
	owners := r.site.owners()
	for _, o := range owners {
		r.note("files of the site belong to %s, as COPY --chown has it: where the root file system can be written, the server may change them", o)
	}
	for _, folder := range r.site.Roots {
		entries, err := target.List(ctx, folder)
		if err != nil {
			r.check(noAnswer("the site's folder "+folder, err))
			return
		}
		for _, f := range entries {
			root := f.UID == 0 && f.GID == 0
			owner.failIf(!root && !slices.Contains(owners, fmt.Sprintf("%d:%d", f.UID, f.GID)), "%s belongs to %d:%d", f.Name, f.UID, f.GID)
			closed.failIf(f.Mode&0o022 != 0, "%s has the mode %o", f.Name, f.Mode)
			plain.failIf(f.Mode&0o6000 != 0, "%s has the mode %o", f.Name, f.Mode)
			only.failIf(!f.Folder && !r.site.has(path.Join(folder, f.Name)), "%s", f.Name)
		}
	}
	r.check(owner, closed, plain, only)
}

// owners returns the owners besides root that the Dockerfile gives to files of the site, as
// uid:gid, sorted.
func (i *index) owners() (list []string) {
	for _, f := range i.Files {
		if f.UID != 0 || f.GID != 0 {
			list = append(list, fmt.Sprintf("%d:%d", f.UID, f.GID))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// WelcomePages are the files that images with Nginx, those of Nginx itself and of Debian,
// may have in the folders that they serve.
var WelcomePages = []string{"/usr/share/nginx/html/index.html", "/usr/share/nginx/html/50x.html", "/var/www/html/index.nginx-debian.html"}

// has reports whether a path of the image is a file of the site, or of an image with Nginx.
func (i *index) has(name string) bool {
	original, packed := strings.CutSuffix(name, ".gz")
	_, own := i.byPath[name]
	return own || packed && i.byPath[original].Gzip || slices.Contains(WelcomePages, name)
}
