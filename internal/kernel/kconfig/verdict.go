package kconfig

import (
	"fmt"
	"strings"
)

// Kind says in a word what became of an asked option.
type Kind string

// The kinds of verdict. All but Kept are faults unless they are allowed.
const (
	Kept      Kind = "kept"
	Changed   Kind = "changed"
	Dropped   Kind = "dropped"
	Unknown   Kind = "unknown here"
	Gone      Kind = "gone or renamed"
	Choice    Kind = "lost to a choice"
	OtherArch Kind = "not on this architecture"
)

// Verdict is what became of an asked option.
type Verdict struct {
	Option
	Got     string   `json:"got"` // its value in the final configuration; "n" if it is not there
	Kind    Kind     `json:"verdict"`
	Allowed bool     `json:"allowed"` // whether the kernel's table allows it to end up otherwise
	Why     []string `json:"why"`     // for one that was not kept: the cause, nearest first
	Needs   []string `json:"needs"`   // lines for a fragment that get it; empty where none are known
}

// Kept reports whether the option is as it was asked.
func (v Verdict) Kept() bool { return v.Kind == Kept }

// Lost reports whether the option is a fault.
func (v Verdict) Lost() bool { return !v.Kept() && !v.Allowed }

// String tells the verdict: a line, and below it why, and what to add.
func (v Verdict) String() string {
	lines := []string{fmt.Sprintf("%s: %s: asked %s, got %s: %s", v.Where, v.Name, v.Value, v.Got, v.Kind)}
	for _, why := range v.Why {
		lines = append(lines, "    "+why)
	}
	if len(v.Needs) > 0 {
		lines = append(lines, "    to mend it: "+strings.Join(v.Needs, ", "))
	}
	return strings.Join(lines, "\n")
}

// Answer is what explain.py found out about a lost option.
type Answer struct {
	Kind  Kind     `json:"kind"`
	Why   []string `json:"why"`
	Needs []string `json:"needs"`
}

// Compare judges each asked option by the final configuration: kept, changed or
// dropped; Explain knows more. Of an option that was asked twice only the last is
// judged.
func Compare(asked, final []Option, allow []string) []Verdict {
	values := Values(final)
	allowed := map[string]bool{}
	for _, name := range allow {
		allowed["CONFIG_"+strings.TrimPrefix(name, "CONFIG_")] = true
	}
	last := map[string]int{}
	for i, o := range asked {
		last[o.Name] = i
	}
	var verdicts []Verdict
	for i, o := range asked {
		if last[o.Name] == i {
			verdicts = append(verdicts, judge(o, values, allowed[o.Name]))
		}
	}
	return verdicts
}

func judge(o Option, values map[string]string, allowed bool) Verdict {
	v := Verdict{Option: o, Got: "n", Kind: Changed, Allowed: allowed, Why: []string{}, Needs: []string{}}
	if got, known := values[o.Name]; known {
		v.Got = got
	}
	switch v.Got {
	case v.Value:
		v.Kind = Kept
	case "n":
		v.Kind = Dropped
	}
	return v
}

// NotKept returns the question for explain.py: the values that were asked of the options
// that were not kept.
func NotKept(verdicts []Verdict) map[string]string {
	asked := map[string]string{}
	for _, v := range verdicts {
		if !v.Kept() {
			asked[v.Name] = v.Value
		}
	}
	return asked
}

// Explain puts the answers of explain.py into the verdicts.
func Explain(verdicts []Verdict, answers map[string]Answer) {
	for i := range verdicts {
		if a, ok := answers[verdicts[i].Name]; ok && !verdicts[i].Kept() {
			verdicts[i].Kind, verdicts[i].Why, verdicts[i].Needs = a.Kind, a.Why, a.Needs
		}
	}
}
