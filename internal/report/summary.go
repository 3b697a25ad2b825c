package report

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// summary is a table of what became of each ware in each step.
type summary struct {
	wares, steps []string // in the order in which they were first told of
	outcome      map[[2]string]string
}

// RecordOutcome takes down what became of a ware ("micro-6.12.118-arm64") in a step ("boot").
func (c *Console) RecordOutcome(ware, step, outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.summary
	if !slices.Contains(s.wares, ware) {
		s.wares = append(s.wares, ware)
	}
	if !slices.Contains(s.steps, step) {
		s.steps = append(s.steps, step)
	}
	if s.outcome == nil {
		s.outcome = map[[2]string]string{}
	}
	s.outcome[[2]string{ware, step}] = outcome
}

// WriteSummary adds the table of all that was told of to a file, as Markdown: what
// GitHub Actions shows on the page of a job (its variable GITHUB_STEP_SUMMARY names
// the file). Where nothing was told of, nothing is written.
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

func (s summary) markdown() string {
	if len(s.wares) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n| | %s |\n|%s\n", strings.Join(s.steps, " | "), strings.Repeat(" --- |", len(s.steps)+1))
	for _, ware := range s.wares {
		fmt.Fprintf(&b, "| %s |", cell(ware))
		for _, step := range s.steps {
			fmt.Fprintf(&b, " %s |", cell(s.outcome[[2]string{ware, step}]))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// cell makes a text fit into a table.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", "<br>", "<", "&lt;", ">", "&gt;").Replace(s)
}
