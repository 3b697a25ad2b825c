package bundle

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/site/gitinfo"
)

// shipped is a file of the site that Kiln ships.
func shipped(name string) string { return filepath.Join("..", "..", "..", "site", name) }

// siteOf writes files to a content folder and reads it with the shipped configuration.
func siteOf(t *testing.T, files map[string]string) (Bundle, string, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "content")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := Read(dir, shipped("nginx.conf"))
	return b, dir, err
}

func TestFilesHaveTheTimeOfTheCommit(t *testing.T) {
	at := gitinfo.Commit{ID: "c", Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)}
	built := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	b, err := Read(shipped("content"), shipped("nginx.conf"), File{Name: "kernels/index.html", Time: built}, File{Name: "kernels/none.html"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range b.WithTimes(at).files {
		want := at.Time.Truncate(time.Second)
		if f.name == "kernels/index.html" {
			want = built
		}
		if !f.time.Equal(want) {
			t.Errorf("%s has the time %s, want %s", f.name, f.time, want)
		}
	}
	if got := b.WithTimes(at).Created(); !got.Equal(built) {
		t.Errorf("created %s, want %s", got, built)
	}
	at.Dirty = true
	for _, f := range b.WithTimes(at).files {
		if f.name == "index.html" && f.time.Equal(at.Time) {
			t.Errorf("a file with uncommitted changes has the commit's time")
		}
	}
	for _, f := range b.WithTimes(gitinfo.Commit{}).files {
		if f.time.Year() < 2020 {
			t.Errorf("without git %s has the time %s", f.name, f.time)
		}
	}
}
