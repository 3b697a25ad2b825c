package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// Hash identifies the build: it returns the sha256, in hex, of the plan as JSON without where
// its source is found, how its patches are named, and where kernels.toml has its options. It is the same on every machine.
func (p Plan) Hash() string { return hash(p.content()) }

// content returns the plan without what does not decide the result.
func (p Plan) content() Plan {
	p.Source = p.Source.content()
	p.Patches = slices.Clone(p.Patches)
	for i := range p.Patches {
		p.Patches[i].Name = ""
	}
	p.Config = slices.Clone(p.Config)
	for i := range p.Config {
		p.Config[i].Places = nil
	}
	return p
}

// content returns the source without where it is found, and what follows from it.
func (s Source) content() Source {
	s.URL, s.Tag, s.Time = "", "", 0
	return s
}

// Inputs returns the sha256, in hex, of all that decides the result but the configuration.
func (p Plan) Inputs() string {
	p = p.content()
	return hash([]any{p.Schema, p.Version, p.Arch, p.Source, p.Patches, p.Files, p.Toolchain.Identity(), p.User, p.Network, p.Env, p.Mounts, p.stepsAfter()})
}

// Key returns the second key of a result: the sha256, in hex, of all that decides it, with the
// configuration as the sha256 of its final form. Two plans that ask for one configuration in
// different ways have one key.
func (p Plan) Key(finalConfig string) string { return hash([]string{p.Inputs(), finalConfig}) }

// AskedHash returns the sha256, in hex, of the steps that make the configuration and of
// their input.
func (p Plan) AskedHash() string { return hash([]any{p.content().Config, p.Configuring()}) }

// CommandsHash returns the sha256, in hex, of the steps after the configuration and of the
// environment of all.
func (p Plan) CommandsHash() string { return hash([]any{p.Env, p.stepsAfter()}) }

// FilesHash returns the sha256, in hex, of the list of files that are laid in the source's
// tree, or "" where there are none.
func (p Plan) FilesHash() string {
	if len(p.Files) == 0 {
		return ""
	}
	return hash(p.Files)
}

// ConfigurationKey returns the sha256, in hex, of everything that decides the final
// configuration.
func (p Plan) ConfigurationKey() string {
	p = p.content()
	return hash([]any{p.Arch, p.Source, p.Patches, p.Files, p.Toolchain.Identity(), p.Env, p.AskedHash()})
}

// Configuring returns the steps that make the configuration.
func (p Plan) Configuring() []Step { return p.Steps[:p.configured()] }

// stepsAfter returns the steps that follow the configuration.
func (p Plan) stepsAfter() []Step { return p.Steps[p.configured():] }

// configured returns how many steps make the configuration.
func (p Plan) configured() int {
	n := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Phase != Configure })
	if n < 0 {
		return len(p.Steps)
	}
	return n
}

// hash returns the sha256 of plain values as JSON, in hex.
func hash(v any) string {
	text, _ := json.Marshal(v) // plain values: cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
