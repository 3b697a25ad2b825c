package dev

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/toolkit"
)

// Lint runs gofmt, go vet and staticcheck, a tool of go.mod, with and without the mage tag.
func Lint(ctx context.Context, _ *toolkit.Project) error {
	out, err := exec.CommandContext(ctx, "gofmt", "-l", ".").Output()
	if err != nil {
		return fault.Wrap(fault.Environment, fmt.Errorf("run gofmt: %w", err))
	}
	if len(out) > 0 {
		return fault.New(fault.Failed, "gofmt -w .", "gofmt would change:\n%s", strings.TrimSpace(string(out)))
	}
	return newRunner().all(ctx,
		[]string{"go", "vet", "-tags", fullTag, "./..."},
		[]string{"go", "vet", "-tags", "mage", "."},
		[]string{"go", "tool", "staticcheck", "-tags", fullTag, "./..."},
		[]string{"go", "tool", "staticcheck", "-tags", "mage", "."},
	)
}
