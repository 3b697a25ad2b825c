package planner

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// samplePlan is a plan with a value in every field.
func samplePlan(t *testing.T) plan.Plan {
	t.Helper()
	return planFor(t, "micro", "amd64", arch.GCC, plan.Item{Target: "tinyconfig"}, plan.Item{Target: "randconfig", Seed: "42"}, plan.Item{Fragment: "a.config", Text: "CONFIG_A=y\n", Places: []string{"kernels.toml:9"}})
}

// planFor returns the plan of a kernel with two patches.
func planFor(t *testing.T, name, archName, compiler string, config ...plan.Item) plan.Plan {
	t.Helper()
	v, err := release.Parse("6.12.117")
	if err != nil {
		t.Fatal(err)
	}
	a, err := arch.Find(archName)
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.Compiler(compiler)
	if err != nil {
		t.Fatal(err)
	}
	s := spec.Spec{
		Name: name, Arch: a, Compiler: c, Config: config, Allow: []string{"CONFIG_B"},
		Files:   []source.File{{Path: "certs/a.pem", Mode: source.ModeFile, SHA256: "ff", Local: "/a.pem"}},
		Patches: []source.Patch{{Name: "a.patch", SHA256: "aa", Path: "/a.patch"}, {Name: "b.patch", SHA256: "bb"}},
	}
	ref := source.Ref{Kind: "kernel.org", Version: v, URL: "https://example.test/", SHA256: "cc", Commit: "dd", Tag: "v6.12.117"}
	p := New(s, ref, plan.Toolchain{Name: archName, CC: c.CC, LD: c.LD, Packages: []string{"gcc=14", "make=4"}, Programs: []plan.Program{{Path: "/usr/bin/gcc", SHA256: "ee"}}})
	p.Source.Time = 1750000000
	return p
}

// copyOf returns a deep copy of a plan.
func copyOf(t *testing.T, p plan.Plan) (q plan.Plan) {
	t.Helper()
	text, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(text, &q)
	}
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// leaves returns every text and flag of a plan that decides the result, by its path, as a
// settable value.
func leaves(v reflect.Value, at string) map[string]reflect.Value {
	found := map[string]reflect.Value{}
	add := func(more map[string]reflect.Value) {
		for name, leaf := range more {
			found[name] = leaf
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") != "-" {
				add(leaves(v.Field(i), at+"."+v.Type().Field(i).Name))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			add(leaves(v.Index(i), fmt.Sprintf("%s[%d]", at, i)))
		}
	default:
		found[at] = v
	}
	return found
}

// flip changes one leaf.
func flip(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int64:
		v.SetInt(v.Int() + 1)
	default:
		t.Fatalf("a plan has a field of kind %s, which this test cannot change", v.Kind())
	}
}

// leftOut matches what a plan tells and its hash leaves out: where the source is found, what
// follows from its content, how patches are named, and where kernels.toml has an option.
var leftOut = regexp.MustCompile(`^\.Source\.(URL|Tag|Time)$|^\.Patches\[\d+\]\.Name$|^\.Config\[\d+\]\.Places`)

// TestEveryInputChangesTheHash changes each value of a plan in turn. Nothing of one machine is
// among them: no image, no volume, no number of jobs, no folder of a user.
func TestEveryInputChangesTheHash(t *testing.T) {
	p := samplePlan(t)
	names := leaves(reflect.ValueOf(&p).Elem(), "")
	if len(names) < 100 {
		t.Fatalf("only %d inputs found", len(names))
	}
	hashes, kept := map[string]string{p.Hash(): "the plan itself"}, 0
	for name := range names {
		q := copyOf(t, p)
		flip(t, leaves(reflect.ValueOf(&q).Elem(), "")[name])
		if leftOut.MatchString(name) {
			if kept++; q.Hash() != p.Hash() {
				t.Errorf("%s changed, and with it the hash", name)
			}
			continue
		}
		if other, taken := hashes[q.Hash()]; taken {
			t.Errorf("%s changed: same hash as %s", name, other)
		}
		hashes[q.Hash()] = name
		if diff := Differences(p, q); len(diff) == 0 || diff[0] == "" {
			t.Errorf("%s changed: no difference is reported", name)
		}
	}
	if kept != 6 {
		t.Errorf("%d values are left out of the hash, want 6", kept)
	}
	t.Logf("%d inputs, each changes the hash", len(names)-kept)
}

// TestSecondKey is the same for plans that ask for one configuration in different ways, and
// differs with every other input.
func TestSecondKey(t *testing.T) {
	p := samplePlan(t)
	key := p.Key("final")
	for name, tc := range map[string]struct {
		change func(*plan.Plan)
		same   bool
	}{
		"name":         {func(p *plan.Plan) { p.Name = "other" }, true},
		"fragment":     {func(p *plan.Plan) { p.Config = p.Config[:1] }, true},
		"configuring":  {func(p *plan.Plan) { p.Steps[0].Argv = []string{"true"} }, true},
		"allow":        {func(p *plan.Plan) { p.Allow = nil }, true},
		"where":        {func(p *plan.Plan) { p.Source.URL = "/home/else" }, true},
		"source":       {func(p *plan.Plan) { p.Source.SHA256 = "x" }, false},
		"patch":        {func(p *plan.Plan) { p.Patches = p.Patches[:1] }, false},
		"file":         {func(p *plan.Plan) { p.Files[0].SHA256 = "x" }, false},
		"package":      {func(p *plan.Plan) { p.Toolchain.Packages[0] = "gcc=15" }, false},
		"compiler":     {func(p *plan.Plan) { p.Toolchain.Programs[0].SHA256 = "x" }, false},
		"environment":  {func(p *plan.Plan) { p.Env[0] = "PATH=/bin" }, false},
		"compile":      {func(p *plan.Plan) { p.Steps[len(p.Steps)-1].Argv = []string{"true"} }, false},
		"architecture": {func(p *plan.Plan) { p.Arch = "arm64" }, false},
	} {
		q := copyOf(t, p)
		tc.change(&q)
		if got := q.Key("final") == key; got != tc.same {
			t.Errorf("%s changed: the same key: %v, want %v", name, got, tc.same)
		}
	}
	if p.Key("another") == key {
		t.Error("another configuration has the same key")
	}
}

// TestRandomPlansHaveDistinctHashes makes pairs of plans that differ in a few fields or in
// none, also by text that moves from one field to another.
func TestRandomPlansHaveDistinctHashes(t *testing.T) {
	base := samplePlan(t)
	random := rand.New(rand.NewPCG(1, 2))
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range leaves(reflect.ValueOf(&base).Elem(), "") {
			if !yield(name) {
				return
			}
		}
	})
	change := func(p plan.Plan) plan.Plan {
		q := copyOf(t, p)
		for range random.IntN(3) {
			all := leaves(reflect.ValueOf(&q).Elem(), "")
			a, b := all[names[random.IntN(len(names))]], all[names[random.IntN(len(names))]]
			if a.Kind() == reflect.String && b.Kind() == reflect.String && a.Len() > 0 && random.IntN(2) == 0 {
				text := a.String()
				a.SetString(text[:len(text)-1])
				b.SetString(text[len(text)-1:] + b.String())
				continue
			}
			flip(t, a)
		}
		return q
	}
	same := 0
	for range 1000 {
		p, q := change(base), change(base)
		equal := reflect.DeepEqual(hashed(t, p), hashed(t, q))
		if equal != (p.Hash() == q.Hash()) {
			t.Errorf("equal: %v, hashes %s and %s:\n%s\n%s", equal, p.Hash(), q.Hash(), Text(p), Text(q))
		}
		if equal {
			same++
		}
	}
	if same == 0 || same > 500 {
		t.Errorf("%d pairs of 1000 were equal, want 1 to 500", same)
	}
}

// hashed returns a plan without what its hash leaves out.
func hashed(t *testing.T, p plan.Plan) plan.Plan {
	t.Helper()
	p = copyOf(t, p)
	for name, v := range leaves(reflect.ValueOf(&p).Elem(), "") {
		if leftOut.MatchString(name) {
			v.SetZero()
		}
	}
	return p
}

func TestDifferencesNameWhatChanged(t *testing.T) {
	old := samplePlan(t)
	for want, change := range map[string]func(*plan.Plan){
		"source: +6.12.117 from kernel.org (c0ffee":           func(p *plan.Plan) { p.Source.SHA256 = "c0ffee" },
		"patches: +c.patch (cc), -b.patch (bb)":               func(p *plan.Plan) { p.Patches[1] = plan.Patch{Name: "c.patch", SHA256: "cc"} },
		"files: +certs/a.pem 755 (ff), -certs/a.pem 644 (ff)": func(p *plan.Plan) { p.Files[0].Mode = source.ModeProgram },
		"configuration: +randconfig:7, -randconfig:42":        func(p *plan.Plan) { p.Config[1].Seed = "7" },
		"configuration: +CONFIG_A=m, -CONFIG_A=y":             func(p *plan.Plan) { p.Config[2].Text = "CONFIG_A=m\n" },
		"toolchain: +gcc=15, -gcc=14":                         func(p *plan.Plan) { p.Toolchain.Packages[0] = "gcc=15" },
		"toolchain: +/usr/bin/gcc (ff), -/usr/bin/gcc (ee)":   func(p *plan.Plan) { p.Toolchain.Programs[0].SHA256 = "ff" },
		"configuration: -allow CONFIG_B":                      func(p *plan.Plan) { p.Allow = nil },
		"Kiln itself: +KBUILD_BUILD_HOST=host":                func(p *plan.Plan) { p.Env[slices.Index(p.Env, "KBUILD_BUILD_HOST=kiln")] = "KBUILD_BUILD_HOST=host" },
		"Kiln itself: the commands of a build changed":        func(p *plan.Plan) { p.Mounts = append(p.Mounts, plan.Mount{Role: "r", Path: "/v"}) },
		"Kiln itself: the format of plans changed":            func(p *plan.Plan) { p.Schema = "kiln/plan/v3" },
	} {
		p := copyOf(t, old)
		change(&p)
		if got := Reason(old, p); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
