package imagebuild

import (
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/report"
)

// FolderCache keeps notes as files of a folder, whole or not at all.
type FolderCache string

// Read reads a note.
func (f FolderCache) Read(key string, value any) bool { return report.Read(f.path(key), value) == nil }

// Write keeps a note; one that cannot be kept is found out again the next time.
func (f FolderCache) Write(key string, value any) { report.Write(f.path(key), value) }

func (f FolderCache) path(key string) string { return filepath.Join(string(f), key+".json") }
