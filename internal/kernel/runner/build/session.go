//go:build linux

package build

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/ccache"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/outputtree"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/process"
)

// session is what all commands of a run share.
type session struct {
	runner.Job
	user  *syscall.Credential // that runs the steps; nil for this program's
	cache ccache.Cache
	jobs  *jobs
	temp  string // folder of this run
}

// newSession returns the session of a job, and a function that removes its temporary folder.
func newSession(job runner.Job, e *emitter) (*session, func(), error) {
	user, err := process.User(job.Plan.User)
	if err != nil {
		return nil, nil, err
	}
	temp, err := os.MkdirTemp("", "kiln-run-")
	if err != nil {
		return nil, nil, fault.Wrap(fault.Environment, err)
	}
	s := &session{Job: job, user: user, jobs: newJobs(job, e), temp: temp}
	s.cache = ccache.Cache{
		Dir: s.dir(plan.CacheRole), Max: job.Cache, Namespace: job.Namespace, Toolchain: job.Plan.Toolchain, Log: filepath.Join(temp, "ccache.log"),
	}
	return s, func() { os.RemoveAll(temp) }, s.own(temp)
}

// dir returns the folder with a role.
func (s *session) dir(role plan.Role) string { return s.Plan.Dir(role) }

// tree returns the output tree.
func (s *session) tree() outputtree.Tree { return outputtree.Tree(s.dir(plan.OutputRole)) }

// own makes a folder or file the build's user's, and not what it links to.
func (s *session) own(name string) error {
	if s.user == nil {
		return nil
	}
	return fault.Wrap(fault.Environment, os.Lchown(name, int(s.user.Uid), int(s.user.Gid)))
}

// env returns the plan's environment with the source's time, and with what does not affect
// the result: the number of jobs and ccache's settings.
func (s *session) env() []string {
	return slices.Concat(s.Plan.Env, s.cache.Env(), plan.TimeEnv(s.Plan.Source.Time), []string{"MAKEFLAGS=" + s.jobs.flags()})
}

// besideEnv returns the environment of commands beside a run that stops before it compiles.
func (s *session) besideEnv() []string {
	if s.Until == "" {
		return nil
	}
	return slices.DeleteFunc(s.env(), func(v string) bool { return strings.HasPrefix(v, ccache.LogVariable+"=") }) // its folder ends with the run
}

// python runs python3 as configcheck.Check wants it.
func (s *session) python(ctx context.Context, args ...string) (string, error) {
	env := slices.Concat(s.env(), s.Plan.Kconfig, []string{
		"CC_VERSION_TEXT=" + s.firstLine(ctx, s.Plan.Toolchain.CC, "--version"), "KERNELVERSION=" + s.Plan.Version, "PYTHONDONTWRITEBYTECODE=1",
	})
	return process.Command{Argv: append([]string{"python3"}, args...), Dir: s.dir(plan.SourceRole), Env: env, User: s.user}.Output(ctx)
}

// firstLine returns the first line that a command prints, "" where it fails.
func (s *session) firstLine(ctx context.Context, argv ...string) string {
	out, err := process.Command{Argv: argv, Env: s.Plan.Env, User: s.user}.Output(ctx)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(out, "\n")
	return line
}
