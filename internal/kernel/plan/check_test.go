package plan

import (
	"strings"
	"testing"
)

// complete returns a plan that can be carried out.
func complete() Plan {
	return Plan{
		Schema: Schema, Name: "k", Version: "6.12.1", Arch: "amd64", User: BuildUser, Network: "none", Mounts: Folders(),
		Source: Source{Kind: "folder", Version: "6.12.1", SHA256: strings.Repeat("0f", 32)},
		Env:    []string{"A=b"}, Kconfig: []string{"CLANG_FLAGS="}, Make: []string{"make"},
		Steps: []Step{
			{Name: "tinyconfig", Phase: Configure, Argv: []string{"make", "tinyconfig"}},
			{Name: "compile", Phase: Compile, Argv: []string{"make"}},
			{Name: "collect", Phase: Collect, Argv: []string{"cp"}},
		},
	}
}

// TestCheck changes a plan in ways in which it cannot be carried out, or would do what no plan may.
func TestCheck(t *testing.T) {
	if err := complete().Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want   string
		change func(*Plan)
	}{
		{"the schema", func(p *Plan) { p.Schema = "kiln/plan/v1" }},
		{"a name", func(p *Plan) { p.Name = "../k" }},
		{"a name", func(p *Plan) { p.Name = "k-6.12.1-amd64" }}, // the folder of k
		{"a name", func(p *Plan) { p.Name = strings.Repeat("k", 65) }},
		{"a name", func(p *Plan) { p.Version = "6.12/.." }},
		{"of version 6.13.1", func(p *Plan) { p.Version = "6.13.1" }},
		{"the user", func(p *Plan) { p.User = "0:0" }},
		{"the user", func(p *Plan) { p.Network = "bridge" }},
		{"the folders", func(p *Plan) { p.Mounts[0].Path = "/etc" }},
		{"the Makefile", func(p *Plan) { p.Make = nil }},
		{"a source", func(p *Plan) { p.Source.SHA256 = "" }},
		{"a source", func(p *Plan) { p.Source.SHA256 = "0f0f" }},
		{"a source", func(p *Plan) { p.Source.Commit = "--upload-pack=sh" }},
		{"a variable", func(p *Plan) { p.Env = []string{"A"} }},
		{"a variable", func(p *Plan) { p.Kconfig = []string{"=A"} }},
		{"a variable", func(p *Plan) { p.Env = []string{"A\x00=b"} }},
		{"step 1: expected a name", func(p *Plan) { p.Steps[0].Name = "" }},
		{"step 1: expected a name", func(p *Plan) { p.Steps[0].Name = "\x1b[2J" }},
		{"a command", func(p *Plan) { p.Steps[1].Argv = nil }},
		{"a command", func(p *Plan) { p.Steps[1].Argv = []string{""} }},
		{"a command", func(p *Plan) { p.Steps[1].Argv = []string{"make", "\x00"} }},
		{"the phases", func(p *Plan) { p.Steps[1].Phase = "boot" }},
		{"the phases", func(p *Plan) { p.Steps[2].Phase = Configure }},
		{"steps that configure", func(p *Plan) { p.Steps = p.Steps[1:] }},
		{"steps that configure", func(p *Plan) { p.Steps = p.Steps[:1] }},
	} {
		p := complete()
		c.change(&p)
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
}
