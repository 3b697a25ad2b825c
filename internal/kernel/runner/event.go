package runner

import (
	"github.com/romanatrashyonok/kiln/internal/kernel/diagnose"
	"github.com/romanatrashyonok/kiln/internal/kernel/kconfig"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
)

// Event is what a run prints: a line of JSON. Exactly one of its fields is set.
type Event struct {
	Note          string                 `json:"note,omitempty"`
	Warning       string                 `json:"warning,omitempty"`
	Begin         *Begin                 `json:"begin,omitempty"`
	Made          *Made                  `json:"made,omitempty"`
	End           *plan.StepRecord       `json:"end,omitempty"`
	Configuration *kconfig.Configuration `json:"configuration,omitempty"`
	Finding       *diagnose.Finding      `json:"finding,omitempty"` // a warning that the last result did not have
	Failure       *Failure               `json:"failure,omitempty"`
	Done          *Done                  `json:"done,omitempty"`
}

// Begin is the begin of a step.
type Begin struct {
	Step  string     `json:"step"`
	Phase plan.Phase `json:"phase"`
	Argv  []string   `json:"argv"`
	Total int64      `json:"total,omitempty"` // about how many files it will make; 0 if unknown
}

// Made is a file that the current step reports as made, and how many those are so far.
type Made struct {
	N    int64  `json:"n"`
	File string `json:"file"`
}

// Done is the last event of a run that succeeded.
type Done struct {
	Lines int64  `json:"lines"`         // that make prints in a build from nothing
	Key   string `json:"key,omitempty"` // the result's second key, see plan.Plan.Key
	Found bool   `json:"found"`         // the key is one of Job.Results: nothing was compiled
	// Env is the environment of commands beside a run that stopped where Job.Until says.
	Env []string `json:"env,omitempty"`
}

// Failure is the last event of a run that failed. With neither Text nor Step it is about the
// Configuration that was printed before: see its method Err.
type Failure struct {
	Class int      `json:"class"`           // exit code, see package fault
	Cause string   `json:"cause,omitempty"` // see package fault
	Text  string   `json:"text,omitempty"`  // of an error that is not a step's, or of one that is more than the step's
	Fix   string   `json:"fix,omitempty"`
	Step  string   `json:"step,omitempty"` // that failed
	Exit  int      `json:"exit,omitempty"` // its exit code
	Argv  []string `json:"argv,omitempty"`
	// Target is a target of the configuration that the source does not have, and Known those that
	// it has.
	Target string   `json:"target,omitempty"`
	Known  []string `json:"known,omitempty"`
	// File is a file that the value of an option names and that a command did not find.
	File  *kconfig.FileRef  `json:"file,omitempty"`
	Found *diagnose.Failure `json:"found,omitempty"` // what the step complained of
}
