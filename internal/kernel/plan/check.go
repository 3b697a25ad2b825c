package plan

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Check returns an error unless the plan is one that can be carried out: of this schema, with
// what every plan has.
func (p Plan) Check() error {
	switch {
	case p.Schema != Schema:
		return fmt.Errorf("expected the schema %s, got %q", Schema, p.Schema)
	case !name.MatchString(p.Name) || !version.MatchString(p.Version) || !name.MatchString(p.Arch):
		return fmt.Errorf("expected a name, a version and an architecture, got %q, %q and %q", p.Name, p.Version, p.Arch)
	case p.Source.Version != p.Version:
		return fmt.Errorf("expected a source of version %s, got %q", p.Version, p.Source.Version)
	case p.User != BuildUser || p.Network != "none":
		return fmt.Errorf("expected the user %s without a network, got %q and %q", BuildUser, p.User, p.Network)
	case !slices.Equal(p.Mounts, Folders()):
		return errors.New("expected the folders that every plan has")
	case len(p.Make) == 0:
		return errors.New("expected how a target of the Makefile is made, got nothing")
	}
	if err := p.Source.check(); err != nil {
		return err
	}
	if n := slices.IndexFunc(slices.Concat(p.Env, p.Kconfig), isNoVariable); n >= 0 {
		return fmt.Errorf("expected a variable NAME=value, got %q", slices.Concat(p.Env, p.Kconfig)[n])
	}
	return errors.Join(p.checkSums(), p.checkSteps())
}

// checkSums returns an error unless patches, files and programs have the form of a digest.
func (p Plan) checkSums() error {
	named := map[string]string{}
	for _, patch := range p.Patches {
		named["patch "+patch.Name] = patch.SHA256
	}
	for _, f := range p.Files {
		if f.SHA256 != "" {
			named["file "+f.Path] = f.SHA256
		}
	}
	for _, program := range p.Toolchain.Programs {
		named["program "+program.Path] = program.SHA256
	}
	for _, what := range slices.Sorted(maps.Keys(named)) {
		if !sum.MatchString(named[what]) {
			return fmt.Errorf("%s: expected a sha256 of 64 digits, got %q", what, named[what])
		}
	}
	return nil
}

// The forms of what becomes a part of the names of images, volumes and folders, and of digests.
var (
	name    = regexp.MustCompile(`^[a-z0-9][a-z0-9_.]{0,63}$`)
	version = regexp.MustCompile(`^[0-9][A-Za-z0-9._-]{0,40}$`)
	sum     = regexp.MustCompile(`^[0-9a-f]{64}$`)
	commit  = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
)

// check returns an error unless a source is named by its content.
func (s Source) check() error {
	if s.SHA256 == "" && s.Commit == "" || s.SHA256 != "" && !sum.MatchString(s.SHA256) || s.Commit != "" && !commit.MatchString(s.Commit) {
		return fmt.Errorf("expected a source by its sha256 or its commit, got %q and %q", s.SHA256, s.Commit)
	}
	return nil
}

// isNoVariable reports whether a text cannot be a variable of an environment.
func isNoVariable(text string) bool {
	return strings.Index(text, "=") < 1 || strings.Contains(text, "\x00")
}

// checkSteps returns an error unless there are steps that configure, then steps that compile, each
// with a command.
func (p Plan) checkSteps() error {
	order := []Phase{Configure, Compile, Modules, Collect}
	now := 0
	for n, s := range p.Steps {
		phase := slices.Index(order, s.Phase)
		switch {
		case s.Name == "" || strings.ContainsFunc(s.Name, unicode.IsControl):
			return fmt.Errorf("step %d: expected a name, got %q", n+1, s.Name)
		case phase < now:
			return fmt.Errorf("step %s: expected the phases %q in this order, got %q", s.Name, order, s.Phase)
		case len(s.Argv) == 0 || s.Argv[0] == "" || slices.ContainsFunc(s.Argv, func(word string) bool { return strings.Contains(word, "\x00") }):
			return fmt.Errorf("step %s: expected a command, got %q", s.Name, s.Argv)
		}
		now = phase
	}
	if len(p.Configuring()) == 0 || len(p.Configuring()) == len(p.Steps) {
		return errors.New("expected steps that configure, then steps that compile")
	}
	return nil
}
