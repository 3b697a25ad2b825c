//go:build linux

// Package outputtree keeps an output tree between builds: its state, the record of a build in
// progress, and the repair of what an interrupted build left incomplete.
package outputtree

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/romanatrashyonok/kiln/internal/fault"
	"github.com/romanatrashyonok/kiln/internal/kernel/plan"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner"
	"github.com/romanatrashyonok/kiln/internal/kernel/runner/confined"
)

// Tree is an output tree, by its folder.
type Tree string

// checkpointFile is the manifest of the last build, in the output tree: a partial one where that is
// in progress or was killed. From it the next build of the same plan knows what it can skip.
const checkpointFile = ".kiln-building.json"

// path returns the path of a file of the tree.
func (t Tree) path(name string) string { return filepath.Join(string(t), name) }

// State returns the tree's state, a zero one where it has none, it is no regular
// file or cannot be parsed.
func (t Tree) State() (runner.State, error) {
	text, err := confined.Read(string(t), runner.StateFile)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, confined.ErrNotRegular) {
		return runner.State{}, nil
	}
	return runner.ReadState(text), fault.Wrap(fault.Environment, err)
}

// SetState stores the tree's state in it.
func (t Tree) SetState(s runner.State) error { return t.write(runner.StateFile, s) }

// SetCheckpoint stores the manifest of a build, partial while that is in progress.
func (t Tree) SetCheckpoint(m plan.Manifest) error { return t.write(checkpointFile, m) }

// Checkpoint returns the manifest that the last build has left, partial where it did not succeed, or
// a zero one.
func (t Tree) Checkpoint() (m plan.Manifest) {
	text, err := confined.Read(string(t), checkpointFile)
	if err != nil || json.Unmarshal(text, &m) != nil {
		return plan.Manifest{}
	}
	return m
}

// write stores a value as a JSON file of the tree, whole or not at all.
func (t Tree) write(name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return fault.Wrap(fault.Environment, confined.Write(string(t), name, text))
}

// own reports whether a file of the tree is this package's.
func own(name string) bool {
	for _, file := range []string{runner.StateFile, checkpointFile} {
		if name == file || strings.HasPrefix(name, file+confined.Temporary) {
			return true
		}
	}
	return false
}

// Clear empties the tree.
func (t Tree) Clear() error {
	entries, err := os.ReadDir(string(t))
	if err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	for _, entry := range entries {
		if err := os.RemoveAll(t.path(entry.Name())); err != nil {
			return fault.Wrap(fault.Environment, err)
		}
	}
	return nil
}

// configFile is the configuration.
const configFile = ".config"

// ConfigFile returns the path of the configuration.
func (t Tree) ConfigFile() string { return t.path(configFile) }

// Config returns the configuration.
func (t Tree) Config() ([]byte, error) { return confined.Read(string(t), configFile) }

// SetConfig replaces the configuration.
func (t Tree) SetConfig(text []byte) error {
	return fault.Wrap(fault.Environment, confined.Write(string(t), configFile, text))
}

// HasConfig reports whether the configuration has a sha256.
func (t Tree) HasConfig(sum string) bool {
	text, err := t.Config()
	return err == nil && fmt.Sprintf("%x", sha256.Sum256(text)) == sum
}

// SHA256 returns the sha256 of a regular file, in hex.
func SHA256(file string) (string, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a fifo does not block
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", errors.Join(err, fmt.Errorf("hash %s: %w", file, confined.ErrNotRegular))
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
