package kconfig

import (
	"errors"
	"fmt"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Configuration is what became of the options that a kernel asks for.
type Configuration struct {
	Name    string    `json:"name"`
	Version string    `json:"version"`
	Arch    string    `json:"arch"`
	Asked   int       `json:"asked"` // number of options
	Kept    int       `json:"kept"`  // of them, as asked
	Options []Verdict `json:"options"`
	// Missing are files that options name and that the build would not find.
	Missing  []FileRef `json:"missing"`
	Release  string    `json:"release"` // what uname -r will print
	Warnings []string  `json:"warnings"`
}

// String returns how many options were kept, a verdict on each that was not, and what else is
// wrong or odd.
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
	if c.lost() != nil {
		lines = append(lines, "fix: "+lostFix)
	}
	for _, w := range c.Warnings {
		lines = append(lines, "warning: "+w)
	}
	if err := c.invalid(); err != nil {
		lines = append(lines, err.Error())
	}
	return strings.Join(lines, "\n")
}

// Err returns an error of class fault.Usage that names every lost option, one that is not
// as asked and not allowed to differ, and every value that the build would fail on. It returns
// nil where there is none.
func (c Configuration) Err() error { return errors.Join(c.lost(), c.invalid()) }

// invalid returns an error of class fault.Usage about the values that the build would fail on:
// names of files that are not there, and of a release that is none.
func (c Configuration) invalid() error {
	var errs []error
	if len(c.Missing) > 0 {
		var lines []string
		for _, file := range c.Missing {
			lines = append(lines, file.String())
		}
		errs = append(errs, fault.New(fault.Usage, MissingFix, "configure kernel %s-%s-%s: options name files that the build does not find:\n%s", c.Name, c.Version, c.Arch, strings.Join(lines, "\n")))
	}
	if err := CheckRelease(c.Release); err != nil {
		errs = append(errs, fault.New(fault.Usage, "change CONFIG_LOCALVERSION, or the files localversion* in the source", "configure kernel %s-%s-%s: %w", c.Name, c.Version, c.Arch, err))
	}
	return errors.Join(errs...)
}

// MissingFix is what to do about a file that an option names.
const MissingFix = `name a path in the source's tree and bring the file in: files = { "certs/ours.pem" = "keys/ours.pem" } in kernels.toml`

// lost returns an error of class fault.Usage that names every lost option, or nil.
func (c Configuration) lost() error {
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
	return fault.New(fault.Usage, "", "configure kernels: %d of %d cannot be configured as asked", lost, len(errs))
}

const lostFix = "also set the options that they depend on, or permit the difference: allow = [...] in kernels.toml"
