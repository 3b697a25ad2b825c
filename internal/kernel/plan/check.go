package plan

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// The forms of what a plan holds that becomes part of a name or a command.
var (
	nameForm   = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
	sumForm    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	commitForm = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)
)

// Check returns an error unless a plan that was read has this schema, and the form of every plan:
// it may come from anybody.
func (p Plan) Check() error {
	switch {
	case p.Schema != Schema:
		return fmt.Errorf("expected the schema %s, got %q", Schema, p.Schema)
	case !nameForm.MatchString(p.Name) || !nameForm.MatchString(p.Version) || !nameForm.MatchString(p.Arch):
		return fmt.Errorf("expected a name, a version and an architecture, got %q, %q and %q", p.Name, p.Version, p.Arch)
	case p.Source.Version != p.Version:
		return fmt.Errorf("expected a source of version %s, got %q", p.Version, p.Source.Version)
	case !slices.Equal(p.Mounts, Folders()):
		return errors.New("expected the folders that every plan has")
	}
	return errors.Join(p.Source.check(), p.checkSums())
}

// check returns an error unless the source is named by a digest.
func (s Source) check() error {
	switch {
	case s.SHA256 == "" && s.Commit == "":
		return errors.New("expected a source by its sha256 or its commit")
	case s.SHA256 != "" && !sumForm.MatchString(s.SHA256):
		return fmt.Errorf("source.sha256: expected 64 digits, got %q", s.SHA256)
	case s.Commit != "" && !commitForm.MatchString(s.Commit):
		return fmt.Errorf("source.commit: expected 40 or 64 digits, got %q", s.Commit)
	}
	return nil
}

// checkSums returns an error unless patches, files and programs have the form of a digest.
func (p Plan) checkSums() error {
	for _, patch := range p.Patches {
		if !sumForm.MatchString(patch.SHA256) {
			return fmt.Errorf("patch %q: expected a sha256 of 64 digits, got %q", patch.Name, patch.SHA256)
		}
	}
	for _, f := range p.Files {
		if f.SHA256 != "" && !sumForm.MatchString(f.SHA256) {
			return fmt.Errorf("file %q: expected a sha256 of 64 digits, got %q", f.Path, f.SHA256)
		}
	}
	for _, program := range p.Toolchain.Programs {
		if !sumForm.MatchString(program.SHA256) {
			return fmt.Errorf("program %q: expected a sha256 of 64 digits, got %q", program.Path, program.SHA256)
		}
	}
	return nil
}
