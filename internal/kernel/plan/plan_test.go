package plan

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/kernel/arch"
	"github.com/romanatrashyonok/kiln/internal/kernel/release"
	"github.com/romanatrashyonok/kiln/internal/kernel/source"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
)

// samplePlan is a plan with a value in every field.
func samplePlan(t *testing.T) Plan {
	t.Helper()
	return planFor(t, "micro", "amd64", arch.GCC, spec.Item{Target: "tinyconfig"}, spec.Item{Target: "randconfig", Seed: "42"}, spec.Item{Fragment: "a.config", Text: "CONFIG_A=y\n"})
}

// planFor returns the plan of a kernel with two patches.
func planFor(t *testing.T, name, archName, compiler string, config ...spec.Item) Plan {
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
		Name: name, Arch: a, Compiler: c, Config: config,
		Files:   []source.File{{Path: "certs/a.pem", Mode: source.ModeFile, SHA256: "ff", Local: "/a.pem"}},
		Patches: []source.Patch{{Name: "a.patch", SHA256: "aa", Path: "/a.patch"}, {Name: "b.patch", SHA256: "bb"}},
	}
	ref := source.Ref{Kind: "kernel.org", Version: v, URL: "https://example.test/", SHA256: "cc", Commit: "dd", Tag: "v6.12.117"}
	return New(s, ref, Toolchain{Image: "sha256:ee", Packages: []string{"gcc", "make"}, From: "registry"})
}

// copyOf returns a deep copy of a plan.
func copyOf(t *testing.T, p Plan) (q Plan) {
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
		if v.Type() == reflect.TypeFor[release.Version]() {
			return map[string]reflect.Value{at: v}
		}
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
	case reflect.Struct:
		other, err := release.Parse("6.12.118")
		if err != nil {
			t.Fatal(err)
		}
		v.Set(reflect.ValueOf(other))
	default:
		t.Fatalf("a plan has a field of kind %s, which this test cannot change", v.Kind())
	}
}

func TestEveryInputChangesTheHash(t *testing.T) {
	p := samplePlan(t)
	names := leaves(reflect.ValueOf(&p).Elem(), "")
	if len(names) < 60 {
		t.Fatalf("only %d inputs found", len(names))
	}
	hashes := map[string]string{p.Hash(): "the plan itself"}
	for name := range names {
		q := copyOf(t, p)
		flip(t, leaves(reflect.ValueOf(&q).Elem(), "")[name])
		if other, taken := hashes[q.Hash()]; taken {
			t.Errorf("%s changed: same hash as %s", name, other)
		}
		hashes[q.Hash()] = name
		if diff := q.Differences(p); len(diff) == 0 || diff[0] == "" {
			t.Errorf("%s changed: no difference is reported", name)
		}
	}
	t.Logf("%d inputs, each changes the hash", len(names))
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
	change := func(p Plan) Plan {
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
		equal := reflect.DeepEqual(copyOf(t, p), copyOf(t, q))
		if equal != (p.Hash() == q.Hash()) {
			t.Errorf("equal: %v, hashes %s and %s:\n%s\n%s", equal, p.Hash(), q.Hash(), p, q)
		}
		if equal {
			same++
		}
	}
	if same == 0 || same > 500 {
		t.Errorf("%d pairs of 1000 were equal, want 1 to 500", same)
	}
}

func TestDifferencesNameWhatChanged(t *testing.T) {
	old := samplePlan(t)
	for want, change := range map[string]func(*Plan){
		"source: +6.12.117 from kernel.org (c0ffee":           func(p *Plan) { p.Source.SHA256 = "c0ffee" },
		"patches: +c.patch (cc), -b.patch (bb)":               func(p *Plan) { p.Patches[1] = source.Patch{Name: "c.patch", SHA256: "cc"} },
		"files: +certs/a.pem 755 (ff), -certs/a.pem 644 (ff)": func(p *Plan) { p.Files[0].Mode = source.ModeProgram },
		"configuration: +randconfig:7, -randconfig:42":        func(p *Plan) { p.Config[1].Seed = "7" },
		"configuration: +CONFIG_A=m, -CONFIG_A=y":             func(p *Plan) { p.Config[2].Text = "CONFIG_A=m\n" },
		"toolchain: +image sha256:ff, -image sha256:":         func(p *Plan) { p.Toolchain.Image = "sha256:ff" },
		"Kiln itself: +KBUILD_BUILD_HOST=host":                func(p *Plan) { p.Env[slices.Index(p.Env, "KBUILD_BUILD_HOST=kiln")] = "KBUILD_BUILD_HOST=host" },
		"Kiln itself: the format of plans changed":            func(p *Plan) { p.Mounts = append(p.Mounts, Mount{Volume: "v", Path: "/v"}) },
	} {
		p := copyOf(t, old)
		change(&p)
		if got := strings.Join(p.Differences(old), "; "); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
