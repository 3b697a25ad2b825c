package docscheck

import (
	"errors"
	"os"
	"path"
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
			name := m[1]
			_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
			switch {
			case written[name] || strings.Contains(name, "ARCH"):
			case err != nil:
				t.Errorf("%s: %s does not exist", p.path, name)
			}
		}
	}
}

// TestArchitectureShowsThePackages requires that docs/architecture.md and its drawing name
// every package, except those of fakes and fixtures.
func TestArchitectureShowsThePackages(t *testing.T) {
	c, err := readCode(root)
	if err != nil {
		t.Fatal(err)
	}
	docs := filepath.Join(root, "docs")
	text, textErr := os.ReadFile(filepath.Join(docs, "architecture.md"))
	drawing, drawingErr := os.ReadFile(filepath.Join(docs, "img", "architecture.svg"))
	if err := errors.Join(textErr, drawingErr); err != nil {
		t.Fatal(err)
	}
	for _, p := range c.sorted() {
		folder, inInternal := strings.CutPrefix(p.path, module+"/internal/")
		if !inInternal || strings.HasSuffix(folder, "test") {
			continue
		}
		if !strings.Contains(string(text), "`internal/"+folder+"`") {
			t.Errorf("docs/architecture.md does not name internal/%s", folder)
		}
		if !regexp.MustCompile(`\b` + path.Base(folder) + `\b`).Match(drawing) {
			t.Errorf("docs/img/architecture.svg does not name internal/%s", folder)
		}
	}
}
