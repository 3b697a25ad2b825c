package toolkit

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/host"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// Finding is one thing that Doctor looked at, with the command that fixes it.
type Finding = host.Finding

// Setup installs and starts what is missing: a Docker engine, QEMU, and what the tests need.
// It installs on Debian and Ubuntu as root; elsewhere the error has the commands to run.
func (p *Project) Setup(ctx context.Context) error {
	i := host.Installer{Console: p.console, Environ: p.options.Env, Probe: p.probe}
	return i.Setup(ctx, host.Dependencies(emulators(p.kernels.Value.Kernels)))
}

// probe reports whether an engine answers: nil if one does.
func (p *Project) probe(ctx context.Context) error {
	e, err := p.connect(ctx)
	if err == nil {
		e.Close()
	}
	return err
}

// emulators returns the QEMU programs, with their packages, of the architectures of kernels.
func emulators(kernels []spec.Table) map[string][]string {
	programs := map[string][]string{}
	for _, t := range kernels {
		for _, name := range t.Arch {
			if a, err := arch.Find(name); err == nil {
				programs[a.QEMU.Binary] = a.QEMU.Packages
			}
		}
	}
	return programs
}

// Doctor checks what this machine has and prints a line for each finding, with the command
// that fixes it. That something is missing which Kiln cannot do without is an error, for
// which ExitCode is 3.
func (p *Project) Doctor(ctx context.Context) ([]Finding, error) {
	findings, missing := host.Doctor(ctx, p.checks())
	for _, f := range findings {
		if err := p.console.Result(f, f.String()); err != nil {
			return findings, err
		}
	}
	return findings, missing
}

// checks returns what Doctor looks at, in the order of its lines.
func (p *Project) checks() []host.Check {
	registry, _, _ := strings.Cut(p.site.Value.Repository, "/")
	checks := []host.Check{
		p.checkEngine, host.Machine, host.KVM, host.Disk("disk", cmp.Or(p.options.Dir, ".")),
		host.Reach("registry", "https://"+registry+"/v2/", "bases are bootstrapped, and nothing can be pushed to "+registry),
		host.Reach("kernel.org", p.kernels.Value.Upstream.Releases, "the next source of kernels.toml is used"),
	}
	needed := emulators(p.kernels.Value.Kernels)
	for _, d := range host.Dependencies(needed) {
		checks = append(checks, host.Program(d))
	}
	for _, a := range arch.All() {
		if _, ok := needed[a.QEMU.Binary]; !ok {
			checks = append(checks, host.Program(host.Emulator(a.QEMU.Binary, a.QEMU.Packages)))
		}
	}
	return checks
}

// checkEngine reports which engine answers.
func (p *Project) checkEngine(ctx context.Context) host.Finding {
	f := host.Finding{Name: "engine", State: host.Missing, Fix: "go tool mage setup"}
	e, err := p.connect(ctx)
	if err != nil {
		f.Detail, _, _ = strings.Cut(err.Error(), "\n")
		if known := (*fault.Error)(nil); errors.As(err, &known) {
			f.Fix = cmp.Or(known.Fix, f.Fix)
		}
		return f
	}
	defer e.Close()
	info, err := e.Info(ctx)
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	if !info.BuildKit {
		return host.Finding{Name: "engine", State: host.Warn, Detail: info.String() + ", has only the classic builder: no secrets and no cache mounts"}
	}
	return host.Finding{Name: "engine", State: host.OK, Detail: info.String() + ", builds with BuildKit sessions"}
}
