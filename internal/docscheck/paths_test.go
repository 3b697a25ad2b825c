package docscheck

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sourcePath matches a file or folder of the repository in code style.
var sourcePath = regexp.MustCompile("`((?:internal|targets|toolkit|cmd|docker|docs|scripts|site|kernel)(?:/[a-z0-9A-Z._/-]*)?)`")

// written are files that Kiln writes into the repository; they exist only then.
var written = map[string]bool{"site/base.lock.json": true, "kernel/kernels.lock.json": true}

func TestPathsExist(t *testing.T) {
	for _, p := range readPages(t) {
		for _, m := range sourcePath.FindAllStringSubmatch(p.text, -1) {
			path := m[1]
			_, err := os.Stat(filepath.Join(root, filepath.FromSlash(path)))
			switch {
			case written[path] || strings.Contains(path, "ARCH"):
			case err != nil:
				t.Errorf("%s: %s does not exist", p.path, path)
			}
		}
	}
}
