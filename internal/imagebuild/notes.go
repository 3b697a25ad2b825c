package imagebuild

import (
	"path/filepath"

	"github.com/romanatrashyonok/kiln/internal/report"
)

// Folder keeps notes as files of a folder, whole or not at all.
type Folder string

// Read reads a note.
func (f Folder) Read(key string, value any) bool { return report.Read(f.path(key), value) == nil }

// Write keeps a note; one that cannot be kept is found out again the next time.
func (f Folder) Write(key string, value any) { report.Write(f.path(key), value) }

func (f Folder) path(key string) string { return filepath.Join(string(f), key+".json") }
