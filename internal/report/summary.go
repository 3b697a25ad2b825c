package report

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// summary is a table of outcomes by artefact and step.
type summary struct {
	artefacts, steps []string // in the order of their first outcome
	outcome          map[[2]string]string
}

// RecordOutcome records the outcome of a step ("boot") for an artefact
// ("micro-6.12.118-arm64"), for WriteSummary.
func (c *Console) RecordOutcome(artefact, step, outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.summary
	if !slices.Contains(s.artefacts, artefact) {
		s.artefacts = append(s.artefacts, artefact)
	}
	if !slices.Contains(s.steps, step) {
		s.steps = append(s.steps, step)
	}
	if s.outcome == nil {
		s.outcome = map[[2]string]string{}
	}
	s.outcome[[2]string{artefact, step}] = outcome
}

// WriteSummary appends the table of all outcomes to a file, as Markdown, which GitHub
// Actions shows on the page of a job (its variable GITHUB_STEP_SUMMARY names the file).
// Without outcomes, nothing is written.
func (c *Console) WriteSummary(path string) error {
	c.mu.Lock()
	text := c.redact(c.summary.markdown())
	c.mu.Unlock()
	if text == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	return fault.Wrap(fault.Environment, err)
}

// markdown returns the table, "" without outcomes.
func (s summary) markdown() string {
	if len(s.artefacts) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n| | %s |\n|%s\n", strings.Join(s.steps, " | "), strings.Repeat(" --- |", len(s.steps)+1))
	for _, artefact := range s.artefacts {
		fmt.Fprintf(&b, "| %s |", cell(artefact))
		for _, step := range s.steps {
			fmt.Fprintf(&b, " %s |", cell(s.outcome[[2]string{artefact, step}]))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// cell returns a text escaped for a cell of a Markdown table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", "<br>", "<", "&lt;", ">", "&gt;").Replace(s)
}
