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

// Write stores v as indented JSON at path, whole or not at all, and creates the folders of
// path. Errors of the file system have the class fault.Environment.
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

// Line returns v as JSON on one line, with its end.
func Line(v any) (string, error) {
	text, err := encode(v, "")
	return string(text), err
}

// encode returns v as JSON with an end of line. < and > are not escaped, since no browser
// reads it.
func encode(v any, indent string) ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	err := e.Encode(v)
	return text.Bytes(), err
}

// Read reads the JSON document at path into v, a pointer. The error for a missing document is
// fs.ErrNotExist.
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
