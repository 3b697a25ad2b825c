package executor

import (
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
)

// Configuration is what became of the options that a kernel asks for.
type Configuration struct {
	Name    string            `json:"name"`
	Version string            `json:"version"`
	Arch    string            `json:"arch"`
	Asked   int               `json:"asked"` // number of options
	Kept    int               `json:"kept"`  // of them, as asked
	Options []kconfig.Verdict `json:"options"`
}

// configuration returns the verdicts on the asked options.
func (r *run) configuration() Configuration {
	p := r.task.Plan
	c := Configuration{Name: p.Name, Version: p.Version, Arch: p.Arch, Asked: len(r.verdicts), Options: r.verdicts}
	for _, v := range r.verdicts {
		if v.Kept() {
			c.Kept++
		}
	}
	return c
}

// String returns how many options were kept, and a verdict on each that was not.
func (c Configuration) String() string {
	lines := []string{fmt.Sprintf("%s-%s-%s: %d options asked, %d kept", c.Name, c.Version, c.Arch, c.Asked, c.Kept)}
	for _, v := range c.Options {
		switch {
		case v.Lost():
			lines = append(lines, v.String())
		case !v.Kept():
			lines = append(lines, "allowed: "+v.String())
		}
	}
	return strings.Join(lines, "\n")
}

// Err returns an error of class fault.Usage that names every lost option: one that is not
// as asked and not allowed to differ. It returns nil where there is none.
func (c Configuration) Err() error {
	var lost []string
	for _, v := range c.Options {
		if v.Lost() {
			lost = append(lost, v.String())
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return fault.New(fault.Usage, lostFix,
		"configure kernel %s-%s-%s: %d of %d options are not as asked:\n%s", c.Name, c.Version, c.Arch, len(lost), c.Asked, strings.Join(lost, "\n"))
}

// Lost returns one error of class fault.Usage that counts the non-nil ones among the
// errors of several configurations (see Configuration.Err), or nil where all are nil.
func Lost(errs []error) error {
	lost := 0
	for _, err := range errs {
		if err != nil {
			lost++
		}
	}
	if lost == 0 {
		return nil
	}
	return fault.New(fault.Usage, lostFix, "configure kernels: %d of %d have options that are not as asked", lost, len(errs))
}

const lostFix = "also set the options that they depend on, or permit the difference: allow = [...] in kernels.toml"
