//go:build unix

package builder

import (
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/spec"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// terminal is a pseudo terminal, and what was drawn on it.
type terminal struct {
	keyboard, screen *os.File // the user's end, and the program's
	mu               sync.Mutex
	drawn            strings.Builder
}

func openTerminal(t *testing.T, columns, rows uint16) *terminal {
	t.Helper()
	keyboard, screen, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keyboard.Close(); screen.Close() })
	if err := pty.Setsize(keyboard, &pty.Winsize{Cols: columns, Rows: rows}); err != nil {
		t.Fatal(err)
	}
	term := &terminal{keyboard: keyboard, screen: screen}
	go io.Copy(term, keyboard)
	return term
}

// Write records what is drawn.
func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.drawn.Write(p)
}

func (t *terminal) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.drawn.String()
}

// typeAfter types keys once a text is drawn.
func (t *terminal) typeAfter(ctx context.Context, text, keys string) {
	for !strings.Contains(t.text(), text) && ctx.Err() == nil {
		time.Sleep(50 * time.Millisecond)
	}
	io.WriteString(t.keyboard, keys)
}

// TestMenuconfigOnATerminal runs the real menuconfig.
func TestMenuconfigOnATerminal(t *testing.T) {
	cache := t.TempDir()
	for _, tc := range []struct {
		name, term    string
		columns, rows uint16
		keys          string
		code          int
		err, log      string
	}{
		{"Ctrl-C", "xterm-256color", 100, 30, "\x03", int(fault.Interrupted), "interrupted", ""},
		{"a type that the image does not know", "xterm-ghostty", 80, 19, "\x1b\x1b", 0, "", `no description of terminal "xterm-ghostty": using xterm-256color`},
		{"a small window", "xterm", 79, 30, "", int(fault.Usage), "at least 80 columns and 19 lines, the terminal has 79 and 30", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var log strings.Builder
			b := newBuilder(t, report.New(t.Output(), io.MultiWriter(&log, t.Output()), ""), shippedDir, cache)
			b.Local.Term = tc.term
			screen := openTerminal(t, tc.columns, tc.rows)
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			go screen.typeAfter(ctx, "Kernel Configuration", tc.keys)
			edit, err := b.Menuconfig(ctx, microSpec(t), t.TempDir(), screen.screen, screen.screen)
			if fault.Code(err) != tc.code || err != nil && !strings.Contains(err.Error(), tc.err) || len(edit.Options) > 0 {
				t.Errorf("exit code %d, %v, saved %q\n%s", fault.Code(err), err, edit.Options, screen.text())
			}
			if n := strings.Count(log.String(), "no description of terminal"); !strings.Contains(log.String(), tc.log) || n > 1 || n == 1 && tc.log == "" {
				t.Errorf("the log is\n%s", &log)
			}
		})
	}
}

// TestShellWithoutATerminal leaves nothing that looks like an interrupted build.
func TestShellWithoutATerminal(t *testing.T) {
	var log strings.Builder
	b := newBuilder(t, report.New(t.Output(), io.MultiWriter(&log, t.Output()), ""), "testdata", t.TempDir())
	s := oneSpec(t, "testdata", spec.Table{Name: "shut", Version: "6.12", Arch: []string{"amd64"}, Source: []string{"./tree"}, Config: []string{"tinyconfig", "CONFIG_SHUT=y"}})
	startFromScratch(t, b, s)
	in, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := b.Shell(t.Context(), s, in, os.Stdout); fault.Code(err) != int(fault.Usage) {
		t.Errorf("a shell without a terminal: %v", err)
	}
	if _, err := b.Build(t.Context(), s); err != nil || strings.Contains(log.String(), "interrupted") {
		t.Errorf("%v, the log is\n%s", err, &log)
	}
}
