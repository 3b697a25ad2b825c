//go:build unix

package dev

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// TestCancelledCommandLeavesNoProcess cancels a command that ignores SIGINT, as does the
// process that it has started.
func TestCancelledCommandLeavesNoProcess(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "sh", "-c", "trap '' INT; sleep 300 & echo $!; wait")
	var out bytes.Buffer
	cmd.Stdout = &out
	time.AfterFunc(500*time.Millisecond, cancel)
	start := time.Now()
	err := (&runner{}).run(ctx, cmd)
	if !errors.Is(err, context.Canceled) || time.Since(start) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
	var child int
	if _, err := fmt.Sscan(out.String(), &child); err != nil {
		t.Fatal(err)
	}
	for range 50 { // until it is gone
		state, _ := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(child)).Output()
		if len(state) == 0 || state[0] == 'Z' { // a zombie: it has ended
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("process %d still runs", child)
}
