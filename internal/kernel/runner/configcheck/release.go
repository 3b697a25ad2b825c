//go:build linux

package configcheck

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/confined"
)

// makefileVersion matches the parts of the version in the kernel's Makefile.
var makefileVersion = regexp.MustCompile(`(?m)^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) *= *(\S*)`)

// makefileHead is how many lines of the Makefile are searched for the version.
const makefileHead = 30

// release returns what uname -r will print in a kernel with the final configuration.
func (c Check) release(final map[string]string) string {
	text, _ := os.ReadFile(filepath.Join(c.dir(plan.SourceRole), "Makefile"))
	lines := strings.SplitAfterN(string(text), "\n", makefileHead+1)
	head := strings.Join(lines[:min(len(lines), makefileHead)], "")
	part := map[string]string{}
	for _, m := range makefileVersion.FindAllStringSubmatch(head, -1) {
		part[m[1]] = m[2]
	}
	version := part["VERSION"]
	for _, name := range []string{"PATCHLEVEL", "SUBLEVEL"} {
		if part[name] != "" {
			version += "." + part[name]
		}
	}
	local := c.localVersion()
	if configured, ok := final["CONFIG_LOCALVERSION"]; ok && configured != "n" {
		local += kconfig.Unquote(configured)
	}
	return version + part["EXTRAVERSION"] + local
}

// localVersion returns what the files localversion* add to the release, as the kernel's
// scripts/setlocalversion does.
func (c Check) localVersion() (local string) {
	for _, role := range []plan.Role{plan.OutputRole, plan.SourceRole} {
		files, _ := filepath.Glob(filepath.Join(c.dir(role), "localversion*"))
		for _, file := range files {
			if text, err := confined.Read(c.dir(role), filepath.Base(file)); err == nil && !strings.Contains(filepath.Base(file), "~") {
				local += strings.TrimRight(string(text), "\n")
			}
		}
	}
	return local
}
