package imagebuild

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/docker/go-connections/nat"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// Input is what an image is built from, in addition to its base and its Dockerfile.
type Input struct {
	Context fs.FS             // what COPY copies from, with the times of its files
	Args    map[string]string // for ARG
	Labels  map[string]string // added to those of the Dockerfile
	Created time.Time         // of the image and of its folders
	Cache   Cache             // may be nil
}

// evaluator executes the commands of a Dockerfile in their order. It holds the configuration
// and the files of the image so far.
type evaluator struct {
	stage    stage
	input    Input
	image    *v1.ConfigFile
	config   *v1.Config // of image
	args     map[string]string
	files    files
	platform map[string]string // the predefined arguments: TARGETOS, TARGETARCH, ...
	hasCmd   bool              // the Dockerfile has had a CMD
}

// evaluate executes the commands of the Dockerfile.
func (d Dockerfile) evaluate(e *evaluator) error {
	lex := shell.NewLex(e.stage.escape)
	for _, command := range e.stage.commands {
		expand := func(word string) (string, error) {
			out, _, err := lex.ProcessWord(word, shell.EnvsFromSlice(e.variables()))
			return out, err
		}
		err := e.expand(command, expand)
		if err == nil {
			err = e.execute(command, expand)
		}
		if err != nil {
			return d.errorAt(command.Location(), "%w", err)
		}
	}
	return nil
}

func (e *evaluator) expand(command instructions.Command, with instructions.SingleWordExpander) error {
	if c, ok := command.(instructions.SupportsSingleWordExpansion); ok {
		return c.Expand(with)
	}
	return nil
}

// variables returns what a word can refer to, as NAME=value. An ENV hides an ARG.
func (e *evaluator) variables() []string {
	var list []string
	for name, value := range e.args {
		list = append(list, name+"="+value)
	}
	return append(list, e.config.Env...)
}

// execute executes one command (Dockerfile reference).
func (e *evaluator) execute(command instructions.Command, expand instructions.SingleWordExpander) error {
	switch c := command.(type) {
	case *instructions.ArgCommand:
		e.declare(c)
	case *instructions.EnvCommand:
		for _, kv := range c.Env {
			e.setEnv(kv.Key, kv.Value)
		}
	case *instructions.LabelCommand:
		for _, kv := range c.Labels {
			e.config.Labels[kv.Key] = kv.Value
		}
	case *instructions.CopyCommand:
		return e.files.copy(e.input.Context, c, e.absolute(c.DestPath), e.input.Created)
	case *instructions.WorkdirCommand:
		e.config.WorkingDir = path.Clean(e.absolute(c.Path))
		return e.files.folder(e.config.WorkingDir, e.input.Created)
	case *instructions.UserCommand:
		e.config.User = c.User
	case *instructions.ExposeCommand:
		return e.expose(c, expand)
	case *instructions.VolumeCommand:
		for _, v := range c.Volumes {
			e.config.Volumes[v] = struct{}{}
		}
	case *instructions.StopSignalCommand:
		e.config.StopSignal = c.Signal
	case *instructions.ShellCommand:
		e.config.Shell = c.Shell
	case *instructions.HealthCheckCommand:
		if c.Health.StartInterval != 0 {
			return errors.New("HEALTHCHECK --start-interval: engines before 25 do not have it")
		}
		e.config.Healthcheck = &v1.HealthConfig{
			Test: c.Health.Test, Interval: c.Health.Interval, Timeout: c.Health.Timeout,
			StartPeriod: c.Health.StartPeriod, Retries: c.Health.Retries,
		}
	case *instructions.EntrypointCommand:
		e.config.Entrypoint = e.line(c.ShellDependantCmdLine)
		if !e.hasCmd {
			e.config.Cmd = nil // the base's belongs to the base's entrypoint
		}
	case *instructions.CmdCommand:
		e.config.Cmd, e.hasCmd = e.line(c.ShellDependantCmdLine), true
	default:
		return fmt.Errorf("%s is not supported", command.Name())
	}
	return nil
}

// declare sets an ARG: to the caller's value, else a predefined one, else its default, else
// the default before FROM.
func (e *evaluator) declare(c *instructions.ArgCommand) {
	for _, arg := range c.Args {
		value := arg.Value
		for _, global := range e.stage.globals {
			for _, a := range global.Args {
				if a.Key == arg.Key && value == nil {
					value = a.Value
				}
			}
		}
		if predefined, ok := e.platform[arg.Key]; ok {
			value = &predefined
		}
		if given, ok := e.input.Args[arg.Key]; ok {
			value = &given
		}
		if value != nil {
			e.args[arg.Key] = *value
		}
	}
}

func (e *evaluator) setEnv(name, value string) {
	i := slices.IndexFunc(e.config.Env, func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
	if i < 0 {
		e.config.Env = append(e.config.Env, name+"="+value)
		return
	}
	e.config.Env[i] = name + "=" + value
}

func (e *evaluator) expose(c *instructions.ExposeCommand, expand instructions.SingleWordExpander) error {
	for _, word := range c.Ports {
		word, err := expand(word)
		if err != nil {
			return err
		}
		ports, _, err := nat.ParsePortSpecs([]string{word})
		if err != nil {
			return err
		}
		for port := range ports {
			e.config.ExposedPorts[string(port)] = struct{}{}
		}
	}
	return nil
}

// absolute returns a path of the image as an absolute one, with its trailing slash.
func (e *evaluator) absolute(to string) string {
	if path.IsAbs(to) {
		return to
	}
	end := ""
	if strings.HasSuffix(to, "/") || to == "." {
		end = "/"
	}
	return path.Join("/", e.config.WorkingDir, to) + end
}

// line returns the argv of a command, with the shell where the command is in shell form.
func (e *evaluator) line(c instructions.ShellDependantCmdLine) []string {
	if !c.PrependShell {
		return c.CmdLine
	}
	sh := e.config.Shell
	if len(sh) == 0 {
		sh = []string{"/bin/sh", "-c"}
	}
	return append(slices.Clone(sh), strings.Join(c.CmdLine, " "))
}

// writable returns a copy of a configuration whose maps exist and can be changed, with a
// PATH.
func writable(config v1.Config) v1.Config {
	config.Labels = cloned(config.Labels)
	config.Volumes = cloned(config.Volumes)
	config.ExposedPorts = cloned(config.ExposedPorts)
	config.Env = slices.Clone(config.Env)
	if !slices.ContainsFunc(config.Env, func(kv string) bool { return strings.HasPrefix(kv, "PATH=") }) {
		config.Env = append([]string{defaultPath}, config.Env...)
	}
	return config
}

// defaultPath is the PATH of a container whose image has none (moby, oci defaults).
const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func cloned[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}
