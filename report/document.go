package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"github.com/romanatrashyonok/kiln/fault"
)

// Write stores v as indented JSON at path, whole or not at all, and makes the
// folders on the way. Its errors are the surroundings' fault.
func Write(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fault.Wrap(fault.Surroundings, err)
	}
	if err := renameio.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fault.Wrap(fault.Surroundings, fmt.Errorf("write %s: %w", path, err))
	}
	return nil
}

// Read fills v from the JSON document at path. A document that is not there
// gives an error for which errors.Is(err, fs.ErrNotExist) holds.
func Read(path string, v any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
