package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Write stores v as indented JSON at path, whole or not at all, and makes the
// folders on the way. Its errors are the surroundings' fault.
func Write(path string, v any) error {
	text, err := encode(v, "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	if err := renameio.WriteFile(path, text, 0o644); err != nil {
		return fault.Wrap(fault.Environment, fmt.Errorf("write %s: %w", path, err))
	}
	return nil
}

// Line writes v as JSON on one line.
func Line(v any) (string, error) {
	text, err := encode(v, "")
	return string(text), err
}

// encode writes v as JSON with an end of line. Its readers are no browsers: < and >
// stay as they are.
func encode(v any, indent string) ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	err := e.Encode(v)
	return text.Bytes(), err
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
