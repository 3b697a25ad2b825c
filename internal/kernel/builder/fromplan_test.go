package builder

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/executor"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// printed writes a plan to a file as kernel:plan prints it, and reads it back.
func printed(t *testing.T, p plan.Plan) plan.Plan {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "plan.json")
	writeFile(t, name, string(text)+"\n")
	list, err := ReadPlans(name)
	if err != nil || len(list) != 1 || list[0].Hash() != p.Hash() {
		t.Fatalf("read back: %+v, %v", list, err)
	}
	return list[0]
}

// TestPrintedPlanIsBuilt builds a printed plan where nothing but the plan, the source and, beside
// the plan, its patch is known. Its hash and its artefacts are those of the kernel itself.
func TestPrintedPlanIsBuilt(t *testing.T) {
	dir := copyFixture(t)
	b := newBuilder(t, report.New(t.Output(), t.Output(), ""), dir, t.TempDir())
	s := oneSpec(t, dir, greetingPatch)
	startFromScratch(t, b, s)
	r, err := b.Build(t.Context(), s)
	if err != nil || !r.Built {
		t.Fatalf("%+v, %v", r, err)
	}
	want := manifestOf(t, b, r)
	p, err := b.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}

	moved, beside := copyFixture(t), t.TempDir()
	p = printed(t, p)
	t.Chdir(moved)
	p.Source.URL = "tree" // as kernel:plan prints it: seen from the project's folder
	removeKernel(t, b, s)
	elsewhere := newBuilder(t, report.New(t.Output(), t.Output(), ""), t.TempDir(), t.TempDir())
	_, err = elsewhere.BuildPlan(t.Context(), p, nil, beside)
	if fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "find patch greeting.patch") {
		t.Errorf("without the patch: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "greeting.patch"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(beside, "greeting.patch"), string(text))
	got, err := elsewhere.BuildPlan(t.Context(), p, nil, beside)
	if err != nil || !got.Built || got.Plan != r.Plan {
		t.Fatalf("%+v, %v", got, err)
	}
	m := manifestOf(t, elsewhere, got)
	for _, a := range want.Reproducible() {
		if m.SumOf(a.Path) != a.SHA256 {
			t.Errorf("%s differs", a.Path)
		}
	}
	writeFile(t, filepath.Join(moved, "tree", "greeting"), "another\n")
	removeKernel(t, b, s)
	removeSources(t, elsewhere)
	p.Source.SHA256 = strings.Repeat("0", 64)
	if _, err = elsewhere.BuildPlan(t.Context(), p, nil, beside); err == nil {
		t.Error("built from a source that is not the plan's")
	}
}

// TestPlansAgree plans one kernel from two folders: the hash is the same. What a user changes in
// one of them changes it.
func TestPlansAgree(t *testing.T) {
	hash := func(dir string, options ...string) string {
		b := newBuilder(t, report.New(t.Output(), t.Output(), ""), dir, t.TempDir())
		table := greetingPatch
		table.Config = append([]string{"tinyconfig"}, options...)
		p, err := b.Plan(t.Context(), oneSpec(t, dir, table))
		if err != nil {
			t.Fatal(err)
		}
		return p.Hash()
	}
	here, there := copyFixture(t), copyFixture(t)
	want := hash(here)
	if got := hash(there); got != want {
		t.Errorf("plans %s and %s of two folders", want, got)
	}
	if hash(there, "CONFIG_A=y") == want {
		t.Error("an option does not change the plan")
	}
	writeFile(t, filepath.Join(there, "tree", "greeting"), "good evening\n")
	if hash(there) == want {
		t.Error("a byte of the source does not change the plan")
	}
}

// TestPlansThatCannotBeRead are errors that name the file, and what is wrong.
func TestPlansThatCannotBeRead(t *testing.T) {
	for text, want := range map[string]string{
		"":             "read plan 1 of",
		"{":            "read plan 1 of",
		"[]":           "read plan 1 of",
		`{"name":"a"}`: `expected the schema kiln/plan/v2, got ""`,
		`{"schema":"kiln/plan/v2","name":"../a","version":"6.12","arch":"amd64"}`: "expected a name",
		`{"schema":"kiln/plan/v2","jobs":8}`:                                      `unknown field "jobs"`,
		`{"schema":"kiln/plan/v1","image":"sha256:0"}`:                            `expected the schema kiln/plan/v2, got "kiln/plan/v1"`,
	} {
		name := filepath.Join(t.TempDir(), "plan.json")
		writeFile(t, name, text)
		if _, err := ReadPlans(name); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := ReadPlans("/nowhere/plan.json"); fault.Code(err) != int(fault.Usage) {
		t.Errorf("no file: %v", err)
	}
}

// TestAlteredPlansAreRefused changes a plan so that it no longer fits together. None is built, and
// no image is made for one.
func TestAlteredPlansAreRefused(t *testing.T) {
	dir := copyFixture(t)
	b := newBuilder(t, report.New(t.Output(), t.Output(), ""), dir, t.TempDir())
	s := oneSpec(t, dir, spec.Table{Name: fixtureName, Version: "6.12", Arch: []string{"amd64"}, Source: []string{"./tree"}, Config: []string{"tinyconfig", "CONFIG_A=y"}})
	good, err := b.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*plan.Plan){
		"expected the toolchain arm64":         func(p *plan.Plan) { p.Arch = "arm64" },
		"expected the toolchain amd64":         func(p *plan.Plan) { p.Toolchain.CC = "sh" },
		"expected every package":               func(p *plan.Plan) { p.Toolchain.Packages[0] = "-c/etc/passwd" },
		"expected a source of kind kernel.org": func(p *plan.Plan) { p.Source.Kind = "usb" },
		"the plan has no source.url":           func(p *plan.Plan) { p.Source.URL = "" },
		"expected a target":                    func(p *plan.Plan) { p.Config[0].Target = "--eval=$(shell id)" },
		"expected CONFIG_NAME=value":           func(p *plan.Plan) { p.Config[1].Text = "garbage\n" },
	} {
		p := printed(t, good)
		change(&p)
		if _, err := b.BuildPlan(t.Context(), p, nil, dir); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// TestAlteredPlanIsBuiltApart builds a plan whose configuration leaves a file among the artefacts.
// No other build gets it, not even one with the same configuration.
func TestAlteredPlanIsBuiltApart(t *testing.T) {
	dir := copyFixture(t)
	writeFile(t, filepath.Join(dir, "tree", "greeting"), t.Name()) // results of no other test
	b := newBuilder(t, report.New(t.Output(), t.Output(), ""), dir, t.TempDir())
	s := oneSpec(t, dir, spec.Table{Name: "apart", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"./tree"}, Config: []string{"tinyconfig", "CONFIG_APART=y"}})
	startFromScratch(t, b, s)
	good, err := b.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := b.candidateOf(t.Context(), printed(t, good), nil, dir); err != nil || c.apart {
		t.Errorf("a printed plan: apart %v, %v", c.apart, err)
	}
	p := printed(t, good)
	p.Steps[0].Argv = []string{"sh", "-c", "make -C /source O=/output tinyconfig; touch /output/left /ccache/left /kernel/left"}
	c, err := b.candidateOf(t.Context(), p, nil, dir)
	if err != nil {
		t.Fatal(err)
	}
	if volume := c.task().OutputVolume(); volume == executor.OutputVolume(s.Name, s.Arch.Name) {
		t.Errorf("the altered plan is built in %s", volume)
	}
	t.Cleanup(func() { b.Engine.Volumes().Remove(context.Background(), c.task().OutputVolume()) })
	r, err := b.BuildPlan(t.Context(), p, nil, dir)
	if err != nil || !r.Built || manifestOf(t, b, r).SumOf("left") == "" {
		t.Fatalf("%+v, %v", r, err)
	}
	r, err = b.BuildPlan(t.Context(), printed(t, good), nil, dir)
	if err != nil || !r.Built {
		t.Fatalf("%+v, %v", r, err)
	}
	if manifestOf(t, b, r).SumOf("left") != "" {
		t.Error("the altered plan's file is in a result of another plan")
	}
	tamper(t, b, s, "test ! -e /output/left && test ! -e /ccache/left")
}

// TestPlansOfOthersAreChecked changes a plan as somebody might who wants to run commands of his own:
// with each change it is refused before anything is fetched or run.
func TestPlansOfOthersAreChecked(t *testing.T) {
	dir := copyFixture(t)
	b := newBuilder(t, report.New(t.Output(), t.Output(), ""), dir, t.TempDir())
	s := oneSpec(t, dir, greetingPatch)
	p, err := b.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*plan.Plan){
		"digest as a path":    func(p *plan.Plan) { p.Source.SHA256 = "../../../.config/x" },
		"commit as an option": func(p *plan.Plan) { p.Source.Kind, p.Source.Commit = "git", "--upload-pack=touch /tmp/x" },
		"package as an option": func(p *plan.Plan) {
			p.Source.Kind, p.Source.URL = "debian", "debian:-oAPT::Update::Pre-Invoke::=id"
		},
		"unknown kind":      func(p *plan.Plan) { p.Source.Kind = "ftp" },
		"local repository":  func(p *plan.Plan) { p.Source.Kind, p.Source.URL = "git", "/etc" },
		"no command":        func(p *plan.Plan) { p.Steps[1].Argv = nil },
		"root":              func(p *plan.Plan) { p.User = "0:0" },
		"network":           func(p *plan.Plan) { p.Network = "bridge" },
		"folder":            func(p *plan.Plan) { p.Mounts[1].Path = "/etc" },
		"name":              func(p *plan.Plan) { p.Name = "../x" },
		"architecture":      func(p *plan.Plan) { p.Arch = "pdp11" },
		"version":           func(p *plan.Plan) { p.Version = "6.12.2" },
		"toolchain package": func(p *plan.Plan) { p.Toolchain.Packages[0] = "-c/usr/local/src/pinned" },
		"patch":             func(p *plan.Plan) { p.Patches[0].SHA256 = "../x" },
	} {
		q := printed(t, p)
		change(&q)
		err := q.Check()
		if err == nil {
			_, err = b.BuildPlan(t.Context(), q, []spec.Spec{s}, t.TempDir())
		} else {
			err = fault.Wrap(fault.Usage, err)
		}
		if fault.Code(err) != int(fault.Usage) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestResultIsFoundByItsConfiguration asks for one configuration in two ways: the second kernel
// is not compiled.
func TestResultIsFoundByItsConfiguration(t *testing.T) {
	dir := copyFixture(t)
	writeFile(t, filepath.Join(dir, "tree", "greeting"), t.Name()) // results of no other test
	b := newBuilder(t, report.New(t.Output(), t.Output(), ""), dir, t.TempDir())
	table := spec.Table{Name: fixtureName, Version: "6.12", Arch: []string{"amd64"}, Source: []string{"./tree"}, Config: []string{"tinyconfig", "CONFIG_ONE=y\nCONFIG_TWO=y"}}
	one := oneSpec(t, dir, table)
	table.Name, table.Config = "another", []string{"tinyconfig", "both.config"}
	writeFile(t, filepath.Join(dir, "both.config"), "CONFIG_ONE=y\nCONFIG_TWO=y\n")
	two := oneSpec(t, dir, table)
	startFromScratch(t, b, one)
	startFromScratch(t, b, two)
	first, err := b.Build(t.Context(), one)
	if err != nil || !first.Built {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := b.Build(t.Context(), two)
	if err != nil || second.Built || second.Plan == first.Plan || !strings.HasPrefix(second.Why, "the same configuration was built before") {
		t.Fatalf("%+v, %v", second, err)
	}
	made, found := manifestOf(t, b, first), manifestOf(t, b, second)
	if found.FoundBy != plan.FoundByConfiguration || found.BuiltAs != first.Plan || found.Name != "another" || found.Key != made.Key || found.SumOf("bzImage") != made.SumOf("bzImage") {
		t.Errorf("manifest %+v", found)
	}
	if again, err := b.Build(t.Context(), two); err != nil || again.Built || !strings.HasPrefix(again.Why, "nothing changed") {
		t.Errorf("%+v, %v", again, err)
	}
}

// TestShippedPlanIsKilnsOwn reads back the plan of a shipped kernel: nothing of it is taken for
// altered.
func TestShippedPlanIsKilnsOwn(t *testing.T) {
	b := testBuilder(t)
	for _, s := range []spec.Spec{microSpec(t), microSpec(t, "CONFIG_LOCALVERSION=\"-a b\"", "# CONFIG_USB is not set")} {
		p, err := b.Plan(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := b.candidateOf(t.Context(), printed(t, p), nil, t.TempDir()); err != nil || c.apart {
			t.Errorf("apart %v, %v", c.apart, err)
		}
	}
}
