//go:build linux

// Package configcheck compares the final configuration of a kernel with what was asked, and finds
// values in it that would fail the build after minutes of compiling, or that have no effect.
package configcheck

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/confined"
)

// Check compares the configuration of a plan, in the folders that the plan names.
type Check struct {
	Plan plan.Plan
	// Python runs python3 with arguments as the build's user, in the source's folder and with the
	// variables that the kernel's top Makefile exports to the tools that read Kconfig files. It
	// returns what that prints.
	Python func(ctx context.Context, args ...string) (string, error)
}

// Result is a final configuration, and what became of the options that were asked.
type Result struct {
	Configuration kconfig.Configuration
	Text          []byte            // of .config
	SHA256        string            // of the text
	Values        map[string]string // of its options
	Unexplained   error             // why no reasons are known for options that are not as asked; nil if they are
}

// Run compares the configuration in the output tree.
func (c Check) Run(ctx context.Context) (Result, error) {
	text, err := confined.Read(c.dir(plan.OutputRole), ".config")
	if err != nil {
		return Result{}, fault.Wrap(fault.Environment, err)
	}
	final, faults := kconfig.Parse(".config", string(text))
	if len(faults) > 0 {
		return Result{}, errors.Join(faults...)
	}
	asked, err := kconfig.Asked(c.Plan.Name, c.Plan.Config)
	if err != nil {
		return Result{}, err
	}
	r := Result{Text: text, SHA256: fmt.Sprintf("%x", sha256.Sum256(text)), Values: kconfig.Values(final)}
	r.Configuration = kconfig.Configuration{
		Name: c.Plan.Name, Version: c.Plan.Version, Arch: c.Plan.Arch,
		Options: kconfig.Compare(asked, final, c.Plan.Allow), Warnings: []string{},
	}
	if lost := kconfig.NotKept(r.Configuration.Options); len(lost) > 0 {
		r.Unexplained = c.explain(ctx, &r.Configuration, lost) // the verdicts are valid without it
	}
	return r, c.checkValues(ctx, &r)
}

// checkValues adds what is wrong or odd about the values, and counts the options that were kept.
func (c Check) checkValues(ctx context.Context, r *Result) (err error) {
	conf := &r.Configuration
	conf.Missing = c.missingFiles(r.Values, conf.Options)
	conf.Release = c.release(r.Values)
	undefined, err := c.undefined(ctx, r.Values, conf.Options)
	conf.Warnings = append(conf.Warnings, undefined...)
	conf.Asked = len(conf.Options)
	for _, v := range conf.Options {
		if v.Kept() {
			conf.Kept++
		}
	}
	return err
}

// explain has kconfiglib find out why options were not kept, and adds the answers to the verdicts.
func (c Check) explain(ctx context.Context, conf *kconfig.Configuration, lost map[string]string) error {
	question, err := json.Marshal(lost)
	if err != nil {
		return err
	}
	program, err := c.input("explain.py", kconfig.ExplainScript)
	if err != nil {
		return err
	}
	asked, err := c.input("asked.json", string(question))
	if err != nil {
		return err
	}
	out, err := c.Python(ctx, program, filepath.Join(c.dir(plan.OutputRole), ".config"), asked)
	if err != nil {
		return err
	}
	var answers map[string]kconfig.Answer
	if err := json.Unmarshal([]byte(out), &answers); err != nil {
		return fmt.Errorf("read the explanation: %w", err)
	}
	verdicts, foreign := kconfig.Explain(conf.Options, answers)
	conf.Options = verdicts
	for _, v := range foreign {
		conf.Warnings = append(conf.Warnings, v.String())
	}
	return nil
}

// input writes a file to the input folder and returns its path.
func (c Check) input(name, text string) (string, error) {
	file := filepath.Join(c.dir(plan.InputRole), name)
	return file, os.WriteFile(file, []byte(text), 0o644)
}

func (c Check) dir(role plan.Role) string { return c.Plan.Dir(role) }

// SourceArch returns SRCARCH of a plan: the folder of its architecture in the source.
func SourceArch(p plan.Plan) string {
	for _, variable := range p.Kconfig {
		if value, ok := strings.CutPrefix(variable, "SRCARCH="); ok {
			return value
		}
	}
	return ""
}
