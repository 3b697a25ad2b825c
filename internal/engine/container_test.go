package engine

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

func TestOutputAndExitCode(t *testing.T) {
	c := testContainer(t, realEngine(t), Spec{Offline: true})
	out, err := c.Output(t.Context(), Command{Argv: []string{"sh", "-c", "id -u; echo oops >&2; exit 7"}, User: "1000:1000"})
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Code != 7 || !strings.Contains(err.Error(), "oops") || out != "1000\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestExecReportsWhyACommandDidNotStart(t *testing.T) {
	c := testContainer(t, realEngine(t), Spec{Offline: true})
	err := c.Exec(t.Context(), Command{Argv: []string{"/no/such/program"}})
	var exit *ExitError
	if !errors.As(err, &exit) || !strings.Contains(err.Error(), "no such file or directory") {
		t.Errorf("got %v, want the engine's reason", err)
	}
}

func TestExecInput(t *testing.T) {
	c := testContainer(t, realEngine(t), Spec{Offline: true})
	big := strings.Repeat("kiln\n", 1<<20)
	out, err := c.Output(t.Context(), Command{Argv: []string{"wc", "-c"}, Stdin: strings.NewReader(big)})
	if err != nil || strings.TrimSpace(out) != fmt.Sprint(len(big)) {
		t.Errorf("wc -c: got %q, %v, want %d", out, err, len(big))
	}
	out, err = c.Output(t.Context(), Command{Argv: []string{"head", "-n", "1"}, Stdin: strings.NewReader(big)})
	if err != nil || out != "kiln\n" {
		t.Errorf("a command that reads only one line: got %q, %v", out, err)
	}
	broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(os.ErrClosed))
	if err := c.Exec(t.Context(), Command{Argv: []string{"cat"}, Stdin: broken}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("an input that fails: got %v, want its error", err)
	}
}

func TestVolumeRemovalWaitsForContainer(t *testing.T) {
	e := realEngine(t)
	const volume = "kiln-test-background"
	if err := e.Volumes().Create(t.Context(), volume, "test", nil); err != nil {
		t.Fatal(err)
	}
	c := testContainer(t, e, Spec{Mounts: []Mount{{Volume: volume, Path: "/data"}}})
	c.RemoveInBackground()
	if err := e.Volumes().Remove(t.Context(), volume); err != nil {
		t.Errorf("remove the volume after RemoveInBackground: %v", err)
	}
}

func TestOfflineContainerHasNoNetwork(t *testing.T) {
	c := testContainer(t, realEngine(t), Spec{Offline: true})
	out, err := c.Output(t.Context(), Command{Argv: []string{"ls", "/sys/class/net"}})
	if err != nil || out != "lo\n" {
		t.Errorf("got interfaces %q, %v", out, err)
	}
}

func TestCancelledExecEndsTheContainer(t *testing.T) {
	e := realEngine(t)
	c := testContainer(t, e, Spec{})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	start := time.Now()
	err := c.Exec(ctx, Command{Argv: []string{"sleep", "60"}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if spent := time.Since(start); spent > 5*time.Second {
		t.Errorf("took %s", spent)
	}
	if state, err := c.State(t.Context()); err == nil && state.Running {
		t.Error("the container is still running")
	}
}

func TestPutThenGet(t *testing.T) {
	c := testContainer(t, realEngine(t), Spec{})
	body := strings.Repeat("kiln ", 100_000)
	err := c.Put(t.Context(), "/tmp", File{Name: "dir", Mode: os.ModeDir | 0o755},
		File{Name: "dir/с пробелом", Mode: 0o644, Size: int64(len(body)), Body: strings.NewReader(body)})
	if err != nil {
		t.Fatal(err)
	}
	dest := t.TempDir()
	if err := c.Get(t.Context(), "/tmp/dir", dest); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dest, "dir", "с пробелом"))
	if err != nil || string(got) != body {
		t.Errorf("got %d bytes, %v, want %d", len(got), err, len(body))
	}
}

func TestGetRefusesLinks(t *testing.T) {
	c := testContainer(t, realEngine(t), Spec{})
	if _, err := c.Output(t.Context(), Command{Argv: []string{"sh", "-c", "mkdir /tmp/d && ln -s /etc/passwd /tmp/d/link"}}); err != nil {
		t.Fatal(err)
	}
	if err := c.Get(t.Context(), "/tmp/d", t.TempDir()); fault.Code(err) != int(fault.Failed) {
		t.Errorf("got %v, want an error", err)
	}
}

func TestUnpackRefusesUnsafeEntries(t *testing.T) {
	for name, head := range map[string]tar.Header{
		"parent":    {Name: "../evil", Typeflag: tar.TypeReg, Size: 1},
		"deep":      {Name: "a/../../evil", Typeflag: tar.TypeReg, Size: 1},
		"absolute":  {Name: "/evil", Typeflag: tar.TypeReg, Size: 1},
		"backslash": {Name: `..\evil`, Typeflag: tar.TypeReg, Size: 1},
		"symlink":   {Name: "evil", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"},
		"hard link": {Name: "evil", Typeflag: tar.TypeLink, Linkname: "../evil"},
		"device":    {Name: "evil", Typeflag: tar.TypeChar},
	} {
		t.Run(name, func(t *testing.T) {
			var archive bytes.Buffer
			w := tar.NewWriter(&archive)
			if err := w.WriteHeader(&head); err != nil {
				t.Fatal(err)
			}
			w.Write(make([]byte, head.Size))
			w.Close()
			parent := t.TempDir()
			dest := filepath.Join(parent, "dest")
			if err := os.Mkdir(dest, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := unpack(&archive, dest); err == nil {
				t.Error("no error")
			}
			if left, _ := filepath.Glob(filepath.Join(parent, "*")); len(left) != 1 {
				t.Errorf("files outside of dest: %v", left)
			}
		})
	}
}

func TestHardenedContainer(t *testing.T) {
	c := testContainer(t, realEngine(t), Spec{Hardened: true, Memory: 64 << 20, PIDs: 16})
	if _, err := c.Output(t.Context(), Command{Argv: []string{"touch", "/var/x"}}); err == nil {
		t.Error("the root is writable")
	}
	if _, err := c.Output(t.Context(), Command{Argv: []string{"touch", "/tmp/x"}}); err != nil {
		t.Errorf("/tmp is not writable: %v", err)
	}
	status, err := c.Output(t.Context(), Command{Argv: []string{"cat", "/proc/1/status"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"CapEff:\t0000000000000000", "NoNewPrivs:\t1"} {
		if !strings.Contains(status, want) {
			t.Errorf("/proc/1/status lacks %q", want)
		}
	}
}

func TestProcesses(t *testing.T) {
	c := testContainer(t, realEngine(t), Spec{User: "1000:1000"})
	for name, list := range map[string]func() ([]Process, error){
		"by the engine": func() ([]Process, error) { return c.Processes(t.Context()) },
		"from inside":   func() ([]Process, error) { return processesInside(t.Context(), c, nil) },
	} {
		found := false
		processes, err := list()
		for _, p := range processes {
			found = found || p.UID == "1000" && strings.Contains(p.Command, "sleep")
		}
		if err != nil || !found {
			t.Errorf("%s: got %v, %v", name, processes, err)
		}
	}
}
