package toolkit

import (
	"context"
	"os"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/host"
	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/registry"
)

// Setup installs and starts what this machine lacks.
func (w *Project) Setup(ctx context.Context) error {
	return host.Setup(ctx, w.Console, host.Dependencies(w.emulators()), answers)
}

// answers tells whether an engine does.
func answers(ctx context.Context) error {
	e, err := engine.Connect(ctx, os.Getenv, registry.New(os.Getenv, ""))
	if err == nil {
		e.Close()
	}
	return err
}

// emulators gives the QEMU programs, with their packages, of the architectures
// that the file builds for.
func (w *Project) emulators() map[string][]string {
	programs := map[string][]string{}
	for _, t := range w.Kernels.Value.Kernels {
		for _, name := range t.Arch {
			if a, err := arch.Find(name); err == nil {
				programs[a.QEMU.Binary] = a.QEMU.Packages
			}
		}
	}
	return programs
}

// Doctor prints what this machine has and lacks.
func (w *Project) Doctor(ctx context.Context) error {
	registry, _, _ := strings.Cut(w.Site.Value.Repository, "/")
	checks := []host.Check{
		w.engineCheck, host.Machine, host.KVM, host.Disk("disk", "."),
		host.Reach("registry", "https://"+registry+"/v2/", "bases are bootstrapped, and nothing can be pushed to "+registry),
		host.Reach("kernel.org", w.Kernels.Value.Upstream.Releases, "the next source of kernels.toml serves"),
	}
	needed := w.emulators()
	for _, p := range host.Dependencies(needed) {
		checks = append(checks, host.Program(p))
	}
	for _, a := range arch.All() {
		if _, ok := needed[a.QEMU.Binary]; !ok {
			checks = append(checks, host.Program(host.Emulator(a.QEMU.Binary, a.QEMU.Packages)))
		}
	}
	findings, lacking := host.Doctor(ctx, checks)
	for _, f := range findings {
		if err := w.Console.Result(f, f.String()); err != nil {
			return err
		}
	}
	return lacking
}

// engineCheck tells which engine answers.
func (w *Project) engineCheck(ctx context.Context) host.Finding {
	f := host.Finding{Name: "engine", State: host.Missing, Fix: "go tool mage setup"}
	e, err := engine.Connect(ctx, os.Getenv, w.registry())
	if err != nil {
		f.Detail, _, _ = strings.Cut(err.Error(), "\n")
		return f
	}
	defer e.Close()
	info, err := e.Info(ctx)
	if err != nil {
		f.Detail = err.Error()
		return f
	}
	f = host.Finding{Name: "engine", State: host.OK, Detail: info.String() + ", builds with BuildKit sessions"}
	if !info.BuildKit {
		f.State, f.Detail = host.Warn, info.String()+", has only the classic builder: no secrets and no cache mounts"
	}
	return f
}
