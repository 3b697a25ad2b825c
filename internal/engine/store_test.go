package engine

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/romanatrashyonok/kiln/internal/imagebuild"
)

// TestImageBuildMatchesTheEngine builds a Dockerfile with the engine and with imagebuild, and
// compares the configurations and the files of the two images.
func TestImageBuildMatchesTheEngine(t *testing.T) {
	e, dir := realEngine(t), t.TempDir()
	const text = `ARG BASE
FROM ${BASE}
ARG REVISION=""
LABEL rev="${REVISION}" two=2
ENV GREETING="hello $PATH"
COPY page.html /srv/site/
COPY page.html other /etc/
WORKDIR /srv
USER 101:101
EXPOSE 8080 9000/udp
VOLUME /data
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=10s --timeout=2s --retries=3 CMD true || false
ENTRYPOINT ["sleep"]
CMD ["600"]
`
	for name, text := range map[string]string{"Dockerfile": text, "page.html": "<p>", "other": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	root := scratchImage(t, e)
	built, err := e.Build(t.Context(), Build{Kind: "test", Context: dir, Tags: []string{"kiln/test:built"}, Args: map[string]string{"BASE": root, "REVISION": "abc"}}, console(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.RemoveImage(context.Background(), built) })
	loaded := loadBuilt(t, e, dir, root)
	if a, b := configOf(t, e, built), configOf(t, e, loaded); a != b {
		t.Errorf("engine     %s\nimagebuild %s", a, b)
	}
	const list = "stat -c '%A %u:%g %s %n' /etc /etc/page.html /etc/other /srv /srv/site /srv/site/page.html && cat /srv/site/page.html"
	var seen [2]string
	for n, id := range []string{built, loaded} {
		c, err := e.Run(t.Context(), Spec{Image: id, Kind: "test", Offline: true, Command: []string{"600"}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Remove()
		if seen[n], err = c.Output(t.Context(), Command{Argv: []string{"sh", "-c", list}}); err != nil {
			t.Fatal(err)
		}
	}
	if seen[0] != seen[1] {
		t.Errorf("engine\n%s\nimagebuild\n%s", seen[0], seen[1])
	}
}

// loadBuilt builds a folder with a Dockerfile by imagebuild, on an image of the engine, and
// loads the result.
func loadBuilt(t *testing.T, e *Client, dir, root string) string {
	t.Helper()
	dockerfile, err := imagebuild.ReadDockerfile(filepath.Join(dir, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	base, done, err := e.ImageBase(t.Context(), root, imagebuild.FolderCache(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	image, err := dockerfile.Image(base, imagebuild.Input{
		Context: os.DirFS(dir), Args: map[string]string{"REVISION": "abc"}, Labels: map[string]string{Label: "test"}, Created: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	id, err := e.Load(t.Context(), image, len(base.Layers), "kiln/test:imagebuild")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.RemoveImage(context.Background(), id) })
	return id
}

// configOf returns how the engine runs an image, as JSON.
func configOf(t *testing.T, e *Client, id string) string {
	t.Helper()
	info, err := e.api.ImageInspect(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(info.Config)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(string(text), `"ArgsEscaped":true,`, "", 1) // only used on Windows
}
