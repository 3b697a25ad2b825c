package imagebuild

import (
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/report"
)

// Cache keeps results between runs that are slow to compute, as the digest of a compressed
// layer. Both methods may fail silently.
type Cache interface {
	// Read reads the value of a key and reports whether there was one.
	Read(key string, value any) bool
	// Write sets the value of a key.
	Write(key string, value any)
}

// FolderCache is a Cache in a folder, with a JSON file for each key, written atomically.
type FolderCache string

// Read reads the value of a key.
func (f FolderCache) Read(key string, value any) bool { return report.Read(f.path(key), value) == nil }

// Write sets the value of a key. One that cannot be written is computed again next time.
func (f FolderCache) Write(key string, value any) { report.Write(f.path(key), value) }

func (f FolderCache) path(key string) string { return filepath.Join(string(f), key+".json") }
