//go:build linux

package configcheck

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

func TestRelease(t *testing.T) {
	const makefile = "# SPDX\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\nEXTRAVERSION = -rc3\nNAME = x\n"
	for _, c := range []struct {
		files map[string]string // in the source, or in the output with "output/" before
		local string            // CONFIG_LOCALVERSION
		want  string
	}{
		{map[string]string{"Makefile": makefile}, "", "6.12.0-rc3"},
		{map[string]string{"Makefile": makefile}, `"-ours"`, "6.12.0-rc3-ours"},
		{map[string]string{"Makefile": makefile, "localversion-rt": "-rt5\n", "localversion.orig~": "-x", "output/localversion": "-out\n"}, `"-ours"`, "6.12.0-rc3-out-rt5-ours"},
		{map[string]string{"Makefile": "VERSION = 6\nPATCHLEVEL = 12\n" + strings.Repeat("\n", 30) + "SUBLEVEL = 9\n"}, "", "6.12"},
		{nil, "", ""},
	} {
		root := t.TempDir()
		for name, text := range c.files {
			if !strings.HasPrefix(name, "output/") {
				name = "source/" + name
			}
			file := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		check := Check{Plan: plan.Plan{Mounts: []plan.Mount{{Role: plan.SourceRole, Path: root + "/source"}, {Role: plan.OutputRole, Path: root + "/output"}}}}
		options := map[string]string{}
		if c.local != "" {
			options["CONFIG_LOCALVERSION"] = c.local
		}
		if got := check.release(options); got != c.want {
			t.Errorf("%v, %s: got %q, want %q", c.files, c.local, got, c.want)
		}
	}
}
