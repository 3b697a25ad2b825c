// Package imagebuild builds images from Dockerfiles that only copy files, without an engine:
// the same base, files and Dockerfile give the same image, byte for byte, on any machine,
// and for any platform without emulation.
//
//	dockerfile, err := imagebuild.ReadDockerfile("site/Dockerfile")
//	image, err := dockerfile.Image(base, imagebuild.Input{Context: os.DirFS(dir), Created: commitTime})
//
// An Image is a v1.Image, which the registry library pushes, and can be written as the
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

// Dockerfile is a Dockerfile that only copies files and sets the configuration.
type Dockerfile struct {
	name string // for errors
	text []byte
}

// stage is the parsed Dockerfile. Expanding a command changes it, so each image needs one of
// its own.
type stage struct {
	escape   rune
	globals  []instructions.ArgCommand // before FROM
	commands []instructions.Command
}

// baseArgs are the two spellings of the base after FROM: the caller chooses the base, not
// the Dockerfile.
var baseArgs = []string{"${BASE}", "$BASE"}

// ReadDockerfile reads and checks a Dockerfile. What needs an engine (RUN, ADD, several
// stages, COPY --from) is a usage error that names the file and the line.
func ReadDockerfile(file string) (Dockerfile, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Dockerfile{}, fault.New(fault.Usage, "kiln init writes one into an empty folder; copy it from there", "%w", err)
	}
	d := Dockerfile{file, text}
	s, err := d.parse(nil)
	if err != nil {
		return d, err
	}
	for _, c := range s.commands {
		if err := d.accept(c); err != nil {
			return d, err
		}
	}
	return d, nil
}

// Text returns the text of the Dockerfile.
func (d Dockerfile) Text() string { return string(d.text) }

// Lint returns the warnings of BuildKit's linter, each a line that begins with "file:line: ".
func (d Dockerfile) Lint() (warnings []string, err error) {
	config := &linter.Config{Warn: func(rule, _, _, message string, at []parser.Range) {
		line := 1
		if len(at) > 0 {
			line = at[0].Start.Line
		}
		warnings = append(warnings, fmt.Sprintf("%s:%d: %s (%s)", d.name, line, message, rule))
	}}
	_, err = d.parse(linter.New(config))
	return warnings, err
}

func (d Dockerfile) parse(lint *linter.Linter) (stage, error) {
	parsed, err := parser.Parse(bytes.NewReader(d.text))
	if err != nil {
		return stage{}, fault.New(fault.Usage, "", "read %s: %w", d.name, err)
	}
	stages, defaults, err := instructions.Parse(parsed.AST, lint)
	if err != nil {
		return stage{}, fault.New(fault.Usage, "", "read %s: %w", d.name, err)
	}
	if len(stages) > 1 {
		return stage{}, d.errorAt(stages[1].Location, "expected one FROM, got %d: Kiln runs no build; run the generator first, and name its folder: content in site.toml", len(stages))
	}
	if len(stages) == 0 {
		return stage{}, fault.New(fault.Usage, "", "%s: expected one FROM, got %d", d.name, len(stages))
	}
	if from := stages[0]; !slices.Contains(baseArgs, from.BaseName) || from.Platform != "" {
		return stage{}, d.errorAt(from.Location, "expected FROM ${BASE}, got %q: Kiln sets the base for each platform", from.SourceCode)
	}
	return stage{parsed.EscapeToken, defaults, stages[0].Commands}, nil
}

// accept reports, as an error, a command that needs an engine.
func (d Dockerfile) accept(command instructions.Command) error {
	switch c := command.(type) {
	case *instructions.CopyCommand:
		if c.From != "" || c.Parents || len(c.ExcludePatterns) > 0 || len(c.SourceContents) > 0 {
			return d.errorAt(c.Location(), "COPY copies files of the build context, without --from, --parents, --exclude and heredocs")
		}
		return nil
	case *instructions.ArgCommand, *instructions.EnvCommand, *instructions.LabelCommand, *instructions.UserCommand,
		*instructions.WorkdirCommand, *instructions.ExposeCommand, *instructions.VolumeCommand, *instructions.StopSignalCommand,
		*instructions.HealthCheckCommand, *instructions.ShellCommand, *instructions.EntrypointCommand, *instructions.CmdCommand:
		return nil
	}
	return d.errorAt(command.Location(), "%s is not supported: it needs an engine; do it in the base image, or prepare the files", command.Name())
}

// errorAt returns a usage error that names the line.
func (d Dockerfile) errorAt(at []parser.Range, format string, args ...any) error {
	line := 1
	if len(at) > 0 {
		line = at[0].Start.Line
	}
	return fault.New(fault.Usage, "", "%s:%d: %w", d.name, line, fmt.Errorf(format, args...))
}
