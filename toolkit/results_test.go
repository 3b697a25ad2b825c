package toolkit

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/engine/enginetest"
	"github.com/romanatrashyonok/kiln/internal/registry/registrytest"
)

// TestEveryResultIsJSON runs the targets that have a result with KILN_OUTPUT=json: every line of
// stdout is an object, also after an error. The registry's password is in no stream and in no
// file of dist/.
func TestEveryResultIsJSON(t *testing.T) {
	e := enginetest.Engine(t)
	c, address := newClone(t), registrytest.Start(t)
	removePushed(t, e, address)
	removeKernel(t, e, "json")
	env := slices.Concat(fixtureSettings(t), toRegistry(address, registrytest.Password), []string{"KILN_OUTPUT=json", "KILN_KERNEL_NAME=json"})
	for _, tc := range []struct {
		target string
		code   int
		lines  int // -1: depends on the machine
	}{
		{"doctor", 0, -1},
		{"config", 0, 35},
		{"kernel:matrix", 0, 1},
		{"kernel:plan", 0, 1},
		{"kernel:fetch", 0, 1},
		{"kernel:config", 0, 1},
		{"kernel", 0, 1},
		{"extract", 0, 1},
		{"kernel:boot", 1, 1}, // what the tree builds is no kernel
		{"kernel:reproduce", 0, 1},
		{"kernel:why", 0, 1},
		{"kernel:track", -1, 1}, // depends on the network
		{"image", 0, 1},
		{"verify", 0, 1},
		{"push", 0, 1},
		{"kernel:plan -name=none", 2, 0},
		{"kernel:why -name=none", 2, 0},
		{"clean", 0, 0},
	} {
		if tc.target == "clean" {
			c.wantNoPassword(t)
		}
		code, stdout, stderr := c.run(env, strings.Fields(tc.target)...)
		if code != tc.code && tc.code >= 0 {
			t.Errorf("%s: exit code %d, want %d\n%s", tc.target, code, tc.code, stderr)
		}
		if n := strings.Count(stdout, "\n"); n != tc.lines && tc.lines >= 0 {
			t.Errorf("%s: %d lines, want %d\n%s", tc.target, n, tc.lines, stdout)
		}
		for line := range strings.Lines(stdout) {
			var object map[string]any
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				t.Errorf("%s: %v: %s", tc.target, err, line)
			}
		}
		if strings.Contains(stdout+stderr, registrytest.Password) {
			t.Errorf("%s: the password is printed:\n%s%s", tc.target, stdout, stderr)
		}
	}
}

// wantNoPassword requires that no file of dist/ holds the test registry's password.
func (c clone) wantNoPassword(t *testing.T) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(filepath.Join(c.dir, Dist), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(registrytest.Password)) {
			t.Errorf("%s holds the password", path)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files in dist/, %v", files, err)
	}
}
