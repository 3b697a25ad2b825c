package bundle

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/site/gitinfo"
)

// shipped is a file of the site that Kiln ships.
func shipped(name string) string { return filepath.Join("..", "..", "..", "site", name) }

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
