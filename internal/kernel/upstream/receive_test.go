package upstream

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/report"
)

// TestUnwritableFileIsNoNetworkProblem receives a body into a file that cannot be written.
func TestUnwritableFileIsNoNetworkProblem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "part")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := &Client{Console: report.New(t.Output(), t.Output(), "")}
	_, err = c.receive(f, &http.Response{Body: io.NopCloser(strings.NewReader("text")), ContentLength: 4}, "https://host.invalid/part", 0)
	if fault.Code(err) != int(fault.Environment) || fault.CauseOf(err) == fault.Network {
		t.Errorf("got %v, cause %s", err, fault.CauseOf(err))
	}
}
