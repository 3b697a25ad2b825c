package site

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/romanatrashyonok/kiln/internal/engine"
	"github.com/romanatrashyonok/kiln/internal/site/suite"
)

// diagnosticsFolder is where all that is known of a failure lies, for whoever reads the error.
const diagnosticsFolder = "dist/failure/"

// shownLines is how much of a container's log is shown; the rest stands in a file.
const shownLines = 10

// collectDiagnostics keeps all that is known of a container whose site failed in one folder of dist:
// its log, what the engine says of it, the configuration that the server has read, and
// what was said. The log's end is shown.
func (s Site) collectDiagnostics(ctx context.Context, ctr *engine.Container, said []suite.Exchange) {
	folder := filepath.Join(s.Dist, filepath.Base(diagnosticsFolder))
	os.RemoveAll(folder)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		s.Console.Logf("what is known of the failure cannot be kept: %v", err)
		return
	}
	keep := func(name, text string, err error) {
		if err != nil {
			text += "\n(" + err.Error() + ")\n"
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			s.Console.Logf("what is known of the failure cannot be kept: %v", err)
		}
	}
	log, err := ctr.Logs(ctx)
	keep("container.log", log, err)
	lines := strings.Split(strings.TrimRight(log, "\n"), "\n")
	for _, line := range lines[max(0, len(lines)-shownLines):] {
		s.Console.Logf("container: %s", line)
	}
	inspected, err := ctr.Inspect(ctx)
	keep("inspect.json", inspected, err)
	configuration, err := ctr.Output(ctx, engine.Command{Argv: []string{"nginx", "-T", "-c", "/etc/nginx/kiln.conf", "-e", "/dev/stderr"}})
	keep("nginx-T.txt", configuration, err)
	var exchanges strings.Builder
	for _, e := range said {
		exchanges.WriteString(string(e) + "\n" + strings.Repeat("-", 72) + "\n")
	}
	keep("exchanges.txt", exchanges.String(), nil)
	s.Console.Logf("what is known of the failure: %s", folder)
}
