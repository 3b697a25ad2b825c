package bundle

import (
	"os"
	"path/filepath"
	"time"

	"github.com/romanatrashyonok/kiln/internal/fault"
)

// Stage writes the build context, without the Dockerfile, into a folder.
func (b Bundle) Stage(dir string) error {
	for i, name := range confFiles {
		if err := write(filepath.Join(dir, name), b.conf.text[i], b.Created()); err != nil {
			return err
		}
	}
	for _, f := range b.files {
		name := filepath.Join(dir, "content", filepath.FromSlash(f.name))
		if err := write(name, f.body, f.time); err != nil {
			return err
		}
		if f.gzip == nil {
			continue
		}
		if err := write(name+".gz", f.gzip, f.time); err != nil {
			return err
		}
	}
	return nil
}

// write writes a file that last changed at a given time.
func write(name string, body []byte, changed time.Time) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	if err := os.WriteFile(name, body, 0o644); err != nil {
		return fault.Wrap(fault.Environment, err)
	}
	return fault.Wrap(fault.Environment, os.Chtimes(name, changed, changed))
}
