package kconfig

import (
	"fmt"
	"strings"
)

// Kind is what became of a requested option.
type Kind string

// The kinds of verdict. All except Kept are errors unless the option is allowed to differ.
const (
	Kept      Kind = "kept"
	Changed   Kind = "changed"
	Dropped   Kind = "dropped"
	Unknown   Kind = "unknown here"
	Gone      Kind = "gone or renamed"
	Choice    Kind = "lost to a choice"
	OtherArch Kind = "not on this architecture"
)

// Verdict is what became of a requested option, and why.
type Verdict struct {
	Option
	Got     string   `json:"got"` // its value in the final configuration; "n" if absent
	Kind    Kind     `json:"verdict"`
	Allowed bool     `json:"allowed"` // whether kernels.toml allows it to differ
	Why     []string `json:"why"`     // causes, nearest first; empty for a kept option
	Needs   []string `json:"needs"`   // lines of a fragment that lead to the requested value; empty if unknown
}

// Kept reports whether the option has the requested value.
func (v Verdict) Kept() bool { return v.Kind == Kept }

// Lost reports whether the option differs without being allowed to.
func (v Verdict) Lost() bool { return !v.Kept() && !v.Allowed }

// String returns the verdict in one line, and below it the causes and the fix.
func (v Verdict) String() string {
	lines := []string{fmt.Sprintf("%s: %s: asked %s, got %s: %s", v.Where, v.Name, v.Value, v.Got, v.Kind)}
	for _, why := range v.Why {
		lines = append(lines, "    "+why)
	}
	if len(v.Needs) > 0 {
		lines = append(lines, "    fix: "+strings.Join(v.Needs, ", "))
	}
	return strings.Join(lines, "\n")
}

// Answer is the result of explain.py for a lost option.
type Answer struct {
	Kind    Kind     `json:"kind"`
	Why     []string `json:"why"`
	Needs   []string `json:"needs"`
	Derived bool     `json:"derived"` // the option has no prompt: nobody can ask for it
}

// Compare returns a verdict for each requested option by the final configuration: Kept,
// Changed or Dropped; Explain refines them. Of an option that was requested twice it compares
// the last one.
func Compare(asked, final []Option, allow []string) []Verdict {
	values := Values(final)
	allowed := map[string]bool{}
	for _, name := range allow {
		allowed[WithPrefix(name)] = true
	}
	last := map[string]int{}
	for i, o := range asked {
		last[o.Name] = i
	}
	var verdicts []Verdict
	for i, o := range asked {
		if last[o.Name] == i {
			verdicts = append(verdicts, compare(o, values, allowed[o.Name]))
		}
	}
	return verdicts
}

func compare(o Option, values map[string]string, allowed bool) Verdict {
	v := Verdict{Option: o, Got: "n", Kind: Changed, Allowed: allowed, Why: []string{}, Needs: []string{}}
	if got, known := values[o.Name]; known {
		v.Got = got
	}
	switch {
	case sameValue(v.Value, v.Got):
		v.Kind = Kept
	case v.Got == "n":
		v.Kind = Dropped
	}
	return v
}

// NotKept returns the input of explain.py: the requested values of the options that were
// not kept.
func NotKept(verdicts []Verdict) map[string]string {
	asked := map[string]string{}
	for _, v := range verdicts {
		if !v.Kept() {
			asked[v.Name] = v.Value
		}
	}
	return asked
}

// Explain adds the answers of explain.py to the verdicts, and returns them. Of a complete
// .config it leaves out what nobody asked for: values that the kernel derives, and options of
// the other version that it was made for, which it returns apart.
func Explain(verdicts []Verdict, answers map[string]Answer) (asked, foreign []Verdict) {
	for _, v := range verdicts {
		a, ok := answers[v.Name]
		if !ok || v.Kept() {
			asked = append(asked, v)
			continue
		}
		v.Kind, v.Why, v.Needs = a.Kind, a.Why, a.Needs
		switch {
		case v.Complete && a.Derived:
		case v.Complete && (a.Kind == Gone || a.Kind == Unknown):
			foreign = append(foreign, v)
		default:
			asked = append(asked, v)
		}
	}
	return asked, foreign
}
