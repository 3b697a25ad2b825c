// Package imagebuild puts files on a base image by a Dockerfile that only copies, without
// an engine: the same base, files and Dockerfile give the same image, byte by byte, on
// any machine, and for any platform without its emulation.
//
//	recipe, err := compose.ReadRecipe("site/Dockerfile")
//	image, err := recipe.Image(base, compose.Input{Context: os.DirFS(dir), Created: commit})
//
// An Image is a v1.Image, which the registry library pushes, and writes itself as the
// archive that an engine loads.
package imagebuild

import (
	"bytes"
	"fmt"
	"os"
	"slices"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Dockerfile is a Dockerfile that only copies.
type Dockerfile struct {
	name string // for errors
	text []byte
}

// stage is the Dockerfile, parsed: expanding a command changes it, so that each image
// takes a fresh one.
type stage struct {
	escape   rune
	defaults []instructions.ArgCommand // before FROM
	commands []instructions.Command
}

// froms are the ways to name the base: which one it is, is not the Dockerfile's to say.
var froms = []string{"${BASE}", "$BASE"}

// ReadDockerfile reads a Dockerfile. What takes an engine (RUN, ADD, several stages, COPY
// --from) is an error that names the file and the line.
func ReadDockerfile(file string) (Dockerfile, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Dockerfile{}, fault.Wrap(fault.Usage, err)
	}
	r := Dockerfile{file, text}
	s, err := r.parse(nil)
	if err != nil {
		return r, err
	}
	for _, c := range s.commands {
		if err := r.accept(c); err != nil {
			return r, err
		}
	}
	return r, nil
}

// Text is the Dockerfile itself.
func (r Dockerfile) Text() string { return string(r.text) }

// Lint gives what BuildKit's linter has to say of the Dockerfile, a line each, with the
// file and the line it is about.
func (r Dockerfile) Lint() (warnings []string, err error) {
	config := &linter.Config{Warn: func(rule, _, _, message string, at []parser.Range) {
		line := 1
		if len(at) > 0 {
			line = at[0].Start.Line
		}
		warnings = append(warnings, fmt.Sprintf("%s:%d: %s (%s)", r.name, line, message, rule))
	}}
	_, err = r.parse(linter.New(config))
	return warnings, err
}

func (r Dockerfile) parse(lint *linter.Linter) (stage, error) {
	parsed, err := parser.Parse(bytes.NewReader(r.text))
	if err != nil {
		return stage{}, fault.New(fault.Usage, "", "read %s: %w", r.name, err)
	}
	stages, defaults, err := instructions.Parse(parsed.AST, lint)
	if err != nil {
		return stage{}, fault.New(fault.Usage, "", "read %s: %w", r.name, err)
	}
	if len(stages) != 1 {
		return stage{}, fault.New(fault.Usage, "", "%s: expected one FROM, got %d: the files come ready-made", r.name, len(stages))
	}
	if from := stages[0]; !slices.Contains(froms, from.BaseName) || from.Platform != "" {
		return stage{}, r.refuse(from.Location, "expected FROM ${BASE}, got %q: the base is said elsewhere, and for each platform", from.SourceCode)
	}
	return stage{parsed.EscapeToken, defaults, stages[0].Commands}, nil
}

// accept refuses what a composed image cannot have.
func (r Dockerfile) accept(command instructions.Command) error {
	switch c := command.(type) {
	case *instructions.CopyCommand:
		if c.From != "" || c.Parents || len(c.ExcludePatterns) > 0 || len(c.SourceContents) > 0 {
			return r.refuse(c.Location(), "COPY takes files of the site alone, without --from, --parents, --exclude and heredocs")
		}
		return nil
	case *instructions.ArgCommand, *instructions.EnvCommand, *instructions.LabelCommand, *instructions.UserCommand,
		*instructions.WorkdirCommand, *instructions.ExposeCommand, *instructions.VolumeCommand, *instructions.StopSignalCommand,
		*instructions.HealthCheckCommand, *instructions.ShellCommand, *instructions.EntrypointCommand, *instructions.CmdCommand:
		return nil
	}
	return r.refuse(command.Location(), "%s is not for an image that is only composed; do such work in the base, or before", command.Name())
}

// refuse is an error that names the line.
func (r Dockerfile) refuse(at []parser.Range, format string, args ...any) error {
	line := 1
	if len(at) > 0 {
		line = at[0].Start.Line
	}
	return fault.New(fault.Usage, "", "%s:%d: %w", r.name, line, fmt.Errorf(format, args...))
}
