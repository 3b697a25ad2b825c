package fault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
)

func TestCode(t *testing.T) {
	usage := New(Usage, "", "port: expected a number")
	for _, tc := range []struct {
		name string
		err  error
		want int
	}{
		{"nil", nil, 0},
		{"no class is Failed", errors.New("no"), 1},
		{"usage", usage, 2},
		{"wrapped usage", fmt.Errorf("read site.toml: %w", usage), 2},
		{"first class stays", Wrap(Environment, fmt.Errorf("x: %w", usage)), 2},
		{"environment wins", errors.Join(usage, New(Environment, "", "no engine")), 3},
		{"signal wins", errors.Join(New(Interrupted, "", "SIGINT"), New(Environment, "", "no engine"), syscall.ENOSPC), 130},
		{"deadline", fmt.Errorf("x: %w", context.DeadlineExceeded), 3},
		{"full disk", New(Failed, "", "write: %w", &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}), 3},
	} {
		if got := Code(tc.err); got != tc.want {
			t.Errorf("%s: Code = %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestFixIsOnItsOwnLine(t *testing.T) {
	err := New(Environment, "go tool mage setup", "connect to the engine: %w", os.ErrNotExist)
	want := "connect to the engine: file does not exist\n  fix: go tool mage setup"
	if err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if !errors.Is(err, os.ErrNotExist) {
		t.Error("the cause is lost")
	}
}
