package record

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

func TestWhyAsText(t *testing.T) {
	dir := t.TempDir()
	folder, m := kernelIn(t, dir, "micro", "6.12.5")
	verified(t, folder, m, m.Plan, m.SumOf("bzImage"))
	plain, _ := kernelIn(t, dir, "plain", "6.12.5")
	write(t, filepath.Join(plain, "bzImage"), "a different image")
	list, err := Why(dir, "")
	if err != nil || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	golden(t, "verified.golden", list[0].String())
	golden(t, "damaged.golden", list[1].String())
	if err := list[0].Err(); err != nil {
		t.Errorf("intact: %v", err)
	}
	if err := list[1].Err(); fault.Code(err) != int(fault.Failed) || !strings.Contains(err.Error(), plain) {
		t.Errorf("damaged: %v", err)
	}
}

// golden compares text with a file in testdata, or rewrites the file with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		write(t, path, got)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (rewrite it with -update):\n%s", path, got)
	}
}

func TestWhySelectsByName(t *testing.T) {
	dir := t.TempDir()
	kernelIn(t, dir, "micro", "6.12.5")
	kernelIn(t, dir, "micro", "6.18.1")
	kernelIn(t, dir, "micro2", "6.12.5")
	for name, want := range map[string]int{"": 3, "micro": 2, "micro-6.12.5": 1, "micro-6.12.5-amd64": 1, "micro2": 1} {
		if list, err := Why(dir, name); err != nil || len(list) != want {
			t.Errorf("%q: %d kernels, want %d, %v", name, len(list), want, err)
		}
	}
	if _, err := Why(dir, "mic"); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "micro2-6.12.5-amd64") {
		t.Errorf("a part of a name: %v", err)
	}
	if _, err := Why(filepath.Join(dir, "none"), "micro"); fault.Code(err) != int(fault.Usage) || !strings.Contains(err.Error(), "none has none") {
		t.Errorf("no folder: %v", err)
	}
}
