package server

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// shownLines is how much of a container's log is printed; all of it is in a file.
const shownLines = 10

// Diagnostics returns the folder that diagnostics are in, as "dist/failure/".
func (r Runner) Diagnostics() string {
	return filepath.Join(r.Dist, "failure") + string(filepath.Separator)
}

// RemoveDiagnostics removes those of an earlier failure.
func (r Runner) RemoveDiagnostics() { os.RemoveAll(r.Diagnostics()) }

// CollectDiagnostics writes what is known of a container whose site failed into one folder:
// its log, the engine's description, the configuration that the server has read, and the
// exchanges of the failed checks. It prints the end of the log.
func (r Runner) CollectDiagnostics(ctx context.Context, ctr *engine.Container, exchanges []suite.Exchange) {
	r.RemoveDiagnostics()
	if err := os.MkdirAll(r.Diagnostics(), 0o755); err != nil {
		r.Console.Logf("diagnostics cannot be written: %v", err)
		return
	}
	log, err := ctr.Logs(ctx)
	r.write("container.log", log, err)
	r.printEnd(log)
	inspected, err := ctr.Inspect(ctx)
	r.write("inspect.json", inspected, err)
	configuration, err := ctr.Output(ctx, engine.Command{Argv: []string{"nginx", "-T", "-c", "/etc/nginx/kiln.conf", "-e", "/dev/stderr"}})
	r.write("nginx-T.txt", configuration, err)
	var text strings.Builder
	for _, e := range exchanges {
		text.WriteString(string(e) + "\n" + strings.Repeat("-", 72) + "\n")
	}
	r.write("exchanges.txt", text.String(), nil)
	r.Console.Logf("diagnostics: %s", r.Diagnostics())
}

// write writes one file of the diagnostics, and at its end the error of getting it.
func (r Runner) write(name, text string, err error) {
	if err != nil {
		text += "\n(" + err.Error() + ")\n"
	}
	if err := os.WriteFile(filepath.Join(r.Diagnostics(), name), []byte(text), 0o644); err != nil {
		r.Console.Logf("diagnostics cannot be written: %v", err)
	}
}

// printEnd prints the last lines of a container's log.
func (r Runner) printEnd(log string) {
	lines := strings.Split(strings.TrimRight(log, "\n"), "\n")
	for _, line := range lines[max(0, len(lines)-shownLines):] {
		r.Console.Logf("container: %s", line)
	}
}
