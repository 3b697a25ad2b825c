package buildlog

import (
	"encoding/json"
	"io"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/report"
)

func TestLogOfClassicBuilder(t *testing.T) {
	l := New(report.New(io.Discard, io.Discard, "").Progress("build"))
	l.Text("Step 1/2 : FROM scratch\n")
	l.Trace(json.RawMessage(`"not a status"`)) // ignored
	l.Text("Step 2/2 : COPY . /\n")
	if got, want := l.Close(), "Step 1/2 : FROM scratch\nStep 2/2 : COPY . /"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
