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

// Input is what an image is made of, beside its base.
type Input struct {
	Context fs.FS             // what COPY takes from; times of files are taken over
	Args    map[string]string // for ARG
	Labels  map[string]string // added to those of the Dockerfile
	Created time.Time         // of the image and of its folders
	Cache   Cache             // may be nil
}

// evaluator is a walk through the Dockerfile: what the image's configuration and files are
// so far.
type evaluator struct {
	stage    stage
	input    Input
	config   *v1.Config
	args     map[string]string
	files    files
	platform map[string]string // the arguments that a build knows by itself
	hasCmd   bool              // the Dockerfile itself has said CMD
}

// follow carries out the commands, one after the other.
func (r Dockerfile) follow(k *evaluator) error {
	lex := shell.NewLex(k.stage.escape)
	for _, command := range k.stage.commands {
		expand := func(word string) (string, error) {
			out, _, err := lex.ProcessWord(word, shell.EnvsFromSlice(k.variables()))
			return out, err
		}
		err := k.expand(command, expand)
		if err == nil {
			err = k.carryOut(command, expand)
		}
		if err != nil {
			return r.refuse(command.Location(), "%w", err)
		}
	}
	return nil
}

func (k *evaluator) expand(command instructions.Command, with instructions.SingleWordExpander) error {
	if c, ok := command.(instructions.SupportsSingleWordExpansion); ok {
		return c.Expand(with)
	}
	return nil
}

// variables are what a word of the Dockerfile can mention: an ENV hides an ARG.
func (k *evaluator) variables() []string {
	var list []string
	for name, value := range k.args {
		list = append(list, name+"="+value)
	}
	return append(list, k.config.Env...)
}

// carryOut does what one command says (Dockerfile reference).
func (k *evaluator) carryOut(command instructions.Command, expand instructions.SingleWordExpander) error {
	switch c := command.(type) {
	case *instructions.ArgCommand:
		k.declare(c)
	case *instructions.EnvCommand:
		for _, kv := range c.Env {
			k.setEnv(kv.Key, kv.Value)
		}
	case *instructions.LabelCommand:
		for _, kv := range c.Labels {
			k.config.Labels[kv.Key] = kv.Value
		}
	case *instructions.CopyCommand:
		return k.files.copy(k.input.Context, c, k.absolute(c.DestPath), k.input.Created)
	case *instructions.WorkdirCommand:
		k.config.WorkingDir = path.Clean(k.absolute(c.Path))
		return k.files.folder(k.config.WorkingDir, k.input.Created)
	case *instructions.UserCommand:
		k.config.User = c.User
	case *instructions.ExposeCommand:
		return k.expose(c, expand)
	case *instructions.VolumeCommand:
		for _, v := range c.Volumes {
			k.config.Volumes[v] = struct{}{}
		}
	case *instructions.StopSignalCommand:
		k.config.StopSignal = c.Signal
	case *instructions.ShellCommand:
		k.config.Shell = c.Shell
	case *instructions.HealthCheckCommand:
		if c.Health.StartInterval != 0 {
			return errors.New("HEALTHCHECK --start-interval: engines before 25 do not know it")
		}
		k.config.Healthcheck = &v1.HealthConfig{
			Test: c.Health.Test, Interval: c.Health.Interval, Timeout: c.Health.Timeout,
			StartPeriod: c.Health.StartPeriod, Retries: c.Health.Retries,
		}
	case *instructions.EntrypointCommand:
		k.config.Entrypoint = k.line(c.ShellDependantCmdLine)
		if !k.hasCmd {
			k.config.Cmd = nil // the base's is for the base's entrypoint
		}
	case *instructions.CmdCommand:
		k.config.Cmd, k.hasCmd = k.line(c.ShellDependantCmdLine), true
	default:
		return fmt.Errorf("%s cannot be composed", command.Name())
	}
	return nil
}

// declare gives an ARG its value: the caller's, else its default, else that of the ARG
// before FROM.
func (k *evaluator) declare(c *instructions.ArgCommand) {
	for _, arg := range c.Args {
		value := arg.Value
		for _, before := range k.stage.defaults {
			for _, b := range before.Args {
				if b.Key == arg.Key && value == nil {
					value = b.Value
				}
			}
		}
		if of, ok := k.platform[arg.Key]; ok {
			value = &of
		}
		if given, ok := k.input.Args[arg.Key]; ok {
			value = &given
		}
		if value != nil {
			k.args[arg.Key] = *value
		}
	}
}

func (k *evaluator) setEnv(name, value string) {
	i := slices.IndexFunc(k.config.Env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
	if i < 0 {
		k.config.Env = append(k.config.Env, name+"="+value)
		return
	}
	k.config.Env[i] = name + "=" + value
}

func (k *evaluator) expose(c *instructions.ExposeCommand, expand instructions.SingleWordExpander) error {
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
			k.config.ExposedPorts[string(port)] = struct{}{}
		}
	}
	return nil
}

// absolute gives a path of the image; a slash at its end stays.
func (k *evaluator) absolute(to string) string {
	if path.IsAbs(to) {
		return to
	}
	end := ""
	if strings.HasSuffix(to, "/") || to == "." {
		end = "/"
	}
	return path.Join("/", k.config.WorkingDir, to) + end
}

// line gives the words of a command, for a shell where it is written for one.
func (k *evaluator) line(c instructions.ShellDependantCmdLine) []string {
	if !c.PrependShell {
		return c.CmdLine
	}
	sh := k.config.Shell
	if len(sh) == 0 {
		sh = []string{"/bin/sh", "-c"}
	}
	return append(slices.Clone(sh), strings.Join(c.CmdLine, " "))
}

// open makes the maps of a configuration that has none, and takes those over that it has.
func open(config v1.Config) v1.Config {
	config.Labels = cloned(config.Labels)
	config.Volumes = cloned(config.Volumes)
	config.ExposedPorts = cloned(config.ExposedPorts)
	config.Env = slices.Clone(config.Env)
	if !slices.ContainsFunc(config.Env, func(e string) bool { return strings.HasPrefix(e, "PATH=") }) {
		config.Env = append([]string{defaultPath}, config.Env...)
	}
	return config
}

// defaultPath is what a container has whose image does not say it (moby, oci defaults).
const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func cloned[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}
