// Package planner makes plans, and tells people about them. It is pure: no engine, no clock, no
// environment.
//
//	Spec + source.Ref + Toolchain -> Plan
//
// steps.go has the commands of a build, env.go what they see, differences.go why a kernel
// is rebuilt, print.go the text for people.
package planner

import (
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// New returns the plan that builds a kernel from a source with a toolchain.
func New(s spec.Spec, ref source.Ref, tools plan.Toolchain) plan.Plan {
	p := plan.Plan{
		Schema: plan.Schema, Name: s.Name, Version: ref.Version.String(), Arch: s.Arch.Name,
		Source: ref.Plan(), Toolchain: tools, Config: s.Config, Allow: s.Allow,
		User: plan.BuildUser, Network: "none", Env: environment(s), Kconfig: kconfigEnvironment(s), Make: makeCommand(s),
		Mounts: plan.Folders(), Steps: steps(s),
	}
	for _, patch := range s.Patches {
		p.Patches = append(p.Patches, plan.Patch{Name: patch.Name, SHA256: patch.SHA256})
	}
	for _, f := range s.Files {
		p.Files = append(p.Files, plan.File{Path: f.Path, Mode: f.Mode, SHA256: f.SHA256})
	}
	return p
}
