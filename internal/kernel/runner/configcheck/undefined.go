//go:build linux

package configcheck

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// undefined warns of each option that is asked to be off and that no Kconfig file of
// the source defines: off it is, but a different option may be meant.
func (c Check) undefined(ctx context.Context, final map[string]string, options []kconfig.Verdict) (warnings []string, err error) {
	var absent []kconfig.Verdict
	for _, v := range options {
		if _, present := final[v.Name]; v.Kept() && !present && !v.Complete {
			absent = append(absent, v)
		}
	}
	if len(absent) == 0 {
		return nil, nil
	}
	defined, err := c.defined()
	if err != nil || len(defined) == 0 { // a tree without Kconfig files
		return nil, err
	}
	var unknown []string
	for _, v := range absent {
		if !defined[v.Name] {
			unknown = append(unknown, v.Name)
		}
	}
	nearest := c.nearest(ctx, unknown, defined)
	for _, v := range absent {
		if defined[v.Name] {
			continue
		}
		hint := ""
		if near := nearest[v.Name]; near != "" {
			hint = "; did you mean " + near + "?"
		}
		warnings = append(warnings, fmt.Sprintf("%s: no Kconfig file of this kernel defines %s%s", v.Where, v.Name, hint))
	}
	return warnings, nil
}

// definition matches the line of a Kconfig file that defines an option.
var definition = regexp.MustCompile(`(?m)^[\t ]*(?:menu)?config[\t ]+([A-Za-z0-9_]+)`)

// defined returns the options that the source's Kconfig files define, for all architectures.
func (c Check) defined() (map[string]bool, error) {
	names := map[string]bool{}
	err := filepath.WalkDir(c.dir(plan.SourceRole), func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !strings.HasPrefix(entry.Name(), "Kconfig") {
			return err
		}
		text, err := os.ReadFile(file)
		for _, m := range definition.FindAllSubmatch(text, -1) {
			names["CONFIG_"+string(m[1])] = true
		}
		return err
	})
	return names, fault.Wrap(fault.Environment, err)
}

//go:embed nearest.py
var nearestScript string

// nearest returns the most similar defined name of each unknown one that has such. Without
// python3 there is none.
func (c Check) nearest(ctx context.Context, unknown []string, defined map[string]bool) (near map[string]string) {
	question, _ := json.Marshal(map[string]any{"unknown": unknown, "defined": defined}) // plain values: cannot fail
	program, err := c.input("nearest.py", nearestScript)
	if err != nil || len(unknown) == 0 {
		return nil
	}
	file, err := c.input("names.json", string(question))
	if err != nil {
		return nil
	}
	out, err := c.Python(ctx, program, file)
	if err != nil || json.Unmarshal([]byte(out), &near) != nil {
		return nil
	}
	return near
}
