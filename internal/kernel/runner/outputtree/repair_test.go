//go:build linux

package outputtree

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestRepairRemovesPartialFiles(t *testing.T) {
	tree := Tree(t.TempDir())
	for name, seconds := range map[string]float64{
		"kernel/fork.o": 100, "kernel/.fork.o.cmd": 100.5, // complete
		"kernel/exit.o": 300, "kernel/.exit.o.cmd": 100.5, // rebuilt, .cmd file not yet written
		"kernel/pid.o": 495, "kernel/.pid.o.cmd": 495.2, // a later tool may still be running
		"fs/x.ko": 100, "fs/.x.ko.cmd": 100.5, // .cmd file written before it is complete
		"vmlinux.o": 499, "include/config/auto.conf": 500, "include/generated/utsrelease.h": 500, ".config": 500,
		"arch/x86/include/generated/asm/mmzone.h": 90,
		".kiln.json": 900, checkpointFile: 900, checkpointFile + ".new-X": 900, // written when a later run begins
	} {
		file := tree.path(name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		when := time.UnixMilli(int64(seconds * 1000))
		if err := os.Chtimes(file, when, when); err != nil {
			t.Fatal(err)
		}
	}
	before, err := tree.times()
	if err != nil {
		t.Fatal(err)
	}
	n, err := tree.Repair()
	if err != nil {
		t.Fatal(err)
	}
	after, err := tree.times()
	if err != nil {
		t.Fatal(err)
	}
	var gone []string
	for name := range before {
		if _, ok := after[name]; !ok {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	if want := []string{"fs/x.ko", "kernel/.pid.o.cmd", "kernel/exit.o", "kernel/pid.o", "vmlinux.o"}; !slices.Equal(gone, want) || n != len(want) {
		t.Errorf("removed %d, %q, want %q", n, gone, want)
	}
}
